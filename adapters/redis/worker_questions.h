// What workers ask, read from the stream `wanted`, and the negative answers, written to
// `answer:<domain>` (schema/REDIS.md): the real side of ports::WorkerQuestions.
//
// Reading waits in Redis, so it has a connection of its own; answers go over another one,
// pipelined.
//
//   start: at what is younger than 10 s --> read, and wait for more --+--> tell the listener --.
//             ^          ^                                            |                         |
//             |          '--------------------------------------------+-------------------------'
//             '-- another stream took its place, or the connection was lost
//
// Anybody may write there: an entry that is no question is skipped and counted. A flood is read at
// a bounded rate; what its writers cut off meanwhile (MAXLEN) is asked again. Connections that are
// lost are made again; answers that find none, or no room, are dropped and counted.
//
// Not thread-safe. Nothing is reported from inside a call.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/side_line.h"
#include "adapters/redis/stream_id.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/worker_questions.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

class RedisWorkerQuestions final : public ports::WorkerQuestions {
 public:
  // The loop must outlive it.
  RedisWorkerQuestions(uv::Loop& loop, RedisOptions options);

  // Before start(); it must outlive this.
  void reportTo(ports::WorkerQuestionsListener& listener) { listener_ = &listener; }
  void start();
  void adopt(RedisOptions options);  // of the same deployment

  void answerNotHosted(const derive::Domain& domain, Duration keep, std::string_view why) override;

  struct Counts {
    std::uint64_t asked = 0, skipped = 0;     // entries that were told, and those that are none
    std::uint64_t answered = 0, dropped = 0;  // answers that were sent, and those that were not
  };
  const Counts& counts() const { return counts_; }

 private:
  Task<void> run();
  Task<Outcome> begin();
  Task<Expected<std::size_t>> read();
  Task<Outcome> checkPlace();
  bool take(ReplyView entry);

  void onLoss();
  void tellLosses();
  void tell(std::string trouble);
  Duration nextBackoff();
  void onDown(std::string why);
  Outcome errorIn(std::string_view command, ReplyView reply) const;

  uv::Loop& loop_;
  RedisOptions options_;
  const schema::RedisKeys keys_;
  ports::WorkerQuestionsListener* listener_ = nullptr;
  Counts counts_, told_;
  std::optional<StreamId> place_;  // the last entry that was read
  std::string last_trouble_, last_answer_trouble_;
  bool was_started_ = false;
  unsigned fruitless_ = 0;  // failures since something was read
  Instant may_tell_losses_{};
  std::minstd_rand random_;
  SideLine answers_;
  Session session_;
  uv::Timer start_timer_;
  uv::Timer losses_timer_;
  Task<void> task_;
};

}  // namespace zonecast::redis
