// What a dialogue with Redis awaits: a connection, a reply, its next turn on the loop, a while.
//
// One coroutine at a time runs on a session. close() makes the session forget it, wherever it is
// suspended: it may be destroyed then, and is never resumed. Losing the connection does the same
// before it is reported. So a dialogue reads only what was answered, and never hears of a loss.
#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "adapters/redis/command.h"
#include "adapters/redis/connection.h"
#include "adapters/redis/options.h"
#include "adapters/redis/reply.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"

namespace zonecast::redis {

// Errors are one sentence for people.
template <typename T>
using Expected = tl::expected<T, std::string>;
using Outcome = Expected<void>;

// What is wrong with the answer to the command with this title; the second knows the replies of our
// Functions (schema/functions.lua) and fails for all but {'ok', ...}.
Outcome errorIn(std::string_view title, ReplyView reply);
Outcome refusalIn(std::string_view title, ReplyView reply);

class Session {
 public:
  Session(uv::Loop& loop, const RedisOptions& options, std::function<void(std::string)> on_down);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void close();

  // Beside the coroutine: its handler must not resume it.
  void send(const Command& command, Connection::Handler handler);
  std::size_t unanswered() const { return connection_.unanswered(); }

  // co_await: until Redis is connected.
  auto connect() {
    connection_.open();
    return Suspended{*this};
  }
  // co_await: lets the loop see to everything else first.
  auto pause() {
    next_turn_.schedule();
    return Suspended{*this};
  }
  // A command, and then co_await: whatever is answered, errors included. Nothing else may be
  // awaited in between.
  void request(const Command& command) {
    connection_.send(command, [this](Reply reply) {
      reply_ = std::move(reply);
      resume();
    });
  }
  auto requested() { return Answered{{*this}}; }
  // Both at once.
  auto answer(const Command& command) {
    request(command);
    return requested();
  }
  auto sleep(Duration duration) {
    alarm_.after(duration);
    return Suspended{*this};
  }

  // What is answered, unless it is an error.
  Task<Expected<Reply>> ask(Command command);
  // What one of our Functions answered, unless it is an error or a refusal.
  Task<Expected<Reply>> invoke(Command command);
  // As ask() or invoke(), whichever judges so, but several at a time: returns when there is room
  // for one more, with the first failure so far; allDone() returns when all are answered.
  using Judge = Outcome (*)(std::string_view title, ReplyView reply);
  Task<Outcome> post(Command command, Judge judge);
  Task<Outcome> allDone();

 private:
  struct Suspended {
    Session& session;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { session.suspended_ = handle; }
    void await_resume() const noexcept {}
  };
  struct Answered : Suspended {
    Reply await_resume() { return std::move(this->session.reply_); }
  };

  void resume() { std::exchange(suspended_, std::noop_coroutine()).resume(); }
  void onPosted(Outcome outcome);
  bool hasRoom() const;

  const RedisOptions& options_;
  Connection connection_;
  uv::Soon next_turn_;
  uv::Timer alarm_;
  std::coroutine_handle<> suspended_ = std::noop_coroutine();
  Reply reply_;
  std::size_t posted_ = 0;  // not yet answered
  Outcome posted_outcome_;
  bool awaits_posted_ = false;
};

// Tells when a piece of work has had its share of a turn.
class Slice {
 public:
  bool spent() const { return uv_hrtime() - begun_ > kNanoseconds; }
  void begin() { begun_ = uv_hrtime(); }

 private:
  static constexpr std::uint64_t kNanoseconds = 2'000'000;
  std::uint64_t begun_ = uv_hrtime();
};

}  // namespace zonecast::redis
