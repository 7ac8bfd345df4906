// Has Kamailio read its tables of domains again: `domain.reload` over the datagram socket of its
// module jsonrpcs.
//
// Asked for as often as one likes, it is called no more than once in `interval`, and never while an
// answer is due: a second reload within the first one would take the table away from under
// Kamailio's workers. What fails is tried again, ever more seldom, until it has succeeded once
// after it was asked for last. Nothing waits for it. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"
#include "reconciler/time.h"

namespace zonecast::kamailio {

struct DomainReloadOptions {
  std::string socket;                             // modparam("jsonrpcs", "dgram_socket", ...)
  Duration interval = std::chrono::seconds(1);    // between two calls
  Duration timeout = std::chrono::seconds(120);   // for an answer; large tables take their time
  Duration retry_max = std::chrono::seconds(30);  // between two tries that fail
  std::uint32_t first_id = 1;                     // of the calls; not to be guessed
};

class DomainReload {
 public:
  // Empty: it succeeded. Otherwise what Kamailio says, or why it says nothing.
  using Observer = std::function<void(const std::string& trouble)>;

  DomainReload(uv::Loop& loop, DomainReloadOptions options, Observer observer);
  ~DomainReload();
  DomainReload(const DomainReload&) = delete;
  DomainReload& operator=(const DomainReload&) = delete;

  void request();

 private:
  enum class State { idle, due, asking };

  void call();
  tl::expected<void, std::string> send();
  void onReadable();
  void onTimeout() { conclude("Kamailio does not answer"); }
  void conclude(const std::string& trouble);
  void close();

  uv::Loop& loop_;
  const DomainReloadOptions options_;
  const Observer observer_;
  State state_ = State::idle;
  bool is_wanted_ = false;  // since the last call was sent
  Instant not_before_{};
  Duration retry_;
  std::uint32_t id_;
  int socket_ = -1;
  uv::Handle<uv_poll_t> poll_;
  uv::Timer call_timer_;
  uv::Timer answer_timer_;
};

// What an answer of jsonrpcs says of the call with this ID.
enum class Answer { done, refused, other };
struct JudgedAnswer {
  Answer answer;
  std::string why;  // when it is refused
};
JudgedAnswer judgeAnswer(std::string_view json, std::uint32_t id);

}  // namespace zonecast::kamailio
