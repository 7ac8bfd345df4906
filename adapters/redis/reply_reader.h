// Replies out of the octets that Redis sends: hiredis' parser, within bounds.
//
// hiredis makes room for an array as soon as its header has come, for as many elements as that
// announces, and waits for a text of any length. So here is counted, over a whole reply and all
// that is nested in it, what is announced and what has come: a reply beyond its limits is refused
// before anything is allocated for it.
//
// Invariants: a reply that is returned is within the limits; an error is final; beyond what has
// been fed, no more is allocated than elements_max pointers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "adapters/redis/options.h"
#include "adapters/redis/reply.h"

namespace zonecast::redis {

class ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits = {});
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view octets);
  // Nothing while the next reply has not come whole.
  tl::expected<std::optional<Reply>, std::string> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  // As hiredis' own; null when the reply is refused, which hiredis takes for a failure.
  static void* createArray(const redisReadTask* task, int elements);
  static void* createString(const redisReadTask* task, char* octets, std::size_t size);
  // Whether so many more are within the limits; if not, the reply is refused.
  bool permitElements(std::size_t more);
  bool permitOctets(std::size_t more);
  std::size_t arriving() const;

  const ReplyLimits limits_;
  std::size_t elements_ = 0, octets_ = 0;  // of the reply that is being read
  std::string refusal_;
  const redisReplyObjectFunctions* inner_ = nullptr;  // hiredis' own
  redisReplyObjectFunctions functions_{};
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace zonecast::redis
