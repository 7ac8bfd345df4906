// What Redis answered. The server is another process and may answer anything: every access checks
// the type, and says nothing when it is another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hiredis/hiredis.h>

namespace zonecast::redis {

class ReplyView {
 public:
  explicit ReplyView(const redisReply* reply) : reply_(reply) {}

  bool isError() const { return is(REDIS_REPLY_ERROR); }
  bool isNil() const { return is(REDIS_REPLY_NIL); }
  bool isArray() const { return is(REDIS_REPLY_ARRAY); }

  // The text of a bulk string, a status or an error; empty for anything else.
  std::string_view text() const {
    const bool has_text = is(REDIS_REPLY_STRING) || is(REDIS_REPLY_STATUS) || is(REDIS_REPLY_ERROR);
    return has_text ? std::string_view(reply_->str, reply_->len) : std::string_view();
  }
  std::optional<std::int64_t> integer() const {
    if (!is(REDIS_REPLY_INTEGER)) return std::nullopt;
    return reply_->integer;
  }
  std::size_t size() const { return isArray() ? reply_->elements : 0; }
  // An element of an array; beyond its end, a reply that is nothing.
  ReplyView operator[](std::size_t i) const {
    return ReplyView(i < size() ? reply_->element[i] : nullptr);
  }

 private:
  bool is(int type) const { return reply_ != nullptr && reply_->type == type; }

  const redisReply* reply_;
};

class Reply {
 public:
  Reply() = default;
  explicit Reply(redisReply* owned) : reply_(owned) {}

  ReplyView view() const { return ReplyView(reply_.get()); }
  operator ReplyView() const { return view(); }  // NOLINT: a Reply is usable wherever it is read

 private:
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  std::unique_ptr<redisReply, Free> reply_;
};

// An array of names and values, as HGETALL and XINFO have it. An odd or a non-text element is
// dropped.
inline std::map<std::string, std::string, std::less<>> toMap(ReplyView reply) {
  std::map<std::string, std::string, std::less<>> map;
  for (std::size_t i = 0; i + 1 < reply.size(); i += 2) {
    map.insert_or_assign(std::string(reply[i].text()), std::string(reply[i + 1].text()));
  }
  return map;
}

}  // namespace zonecast::redis
