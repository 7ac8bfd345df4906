// Keeps a replica at what Redis has: loads, then follows the log (schema/REDIS.md, "Following
// everything, as the mirror does").
//
// Steps, each of which says which one is next:
//
//             .-- the log leads on --.
//             v                      |
//   compare --+--> follow -----------+--> compare, at least once a second
//     ^ |     |
//     | |     '--> load: another lineage or history, or the log does not lead on --> compare
//     | '--------> wait: Redis has nothing better than what is shown, for now
//     '------------'
//
// Whatever happens, what is shown stays until something whole is there to take its place. A
// connection that is lost is made again; the replica's own position says where to go on. Loads that
// lead to nothing, and waits, are ever farther apart, up to options.redis.backoff_max.
//
// Not thread-safe. Nothing is reported from inside a call.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "adapters/mirror/listener.h"
#include "adapters/mirror/loading.h"
#include "adapters/mirror/log_reader.h"
#include "adapters/mirror/published.h"
#include "adapters/mirror/replica.h"
#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {

class Follower {
 public:
  // All of them must outlive it.
  Follower(uv::Loop& loop, redis::RedisOptions options, Replica& replica, Listener& listener);

  void start();

  // Why what is shown may not be the newest; empty: it was, a second ago.
  const std::string& trouble() const { return trouble_; }
  // While everything is read.
  const std::optional<Loading>& loading() const { return loading_; }

 private:
  enum class Step { follow, compare, load, wait, reconnect };
  struct Course {
    Step next;
    std::string why;
  };
  template <typename T>
  using Task = redis::Task<T>;

  Task<void> run();
  Task<Course> take(Step step, std::string why);
  Task<Course> compare();
  Task<Course> catchUp(const Published published, std::int64_t asked);
  Task<Course> follow();
  Task<Course> load();
  Task<redis::Outcome> scanAll();
  using TakeField = Replica::Outcome (Replica::*)(std::string_view, std::string_view);
  Task<redis::Outcome> scan(std::string key, TakeField take);
  Task<redis::Outcome> readUnknownAttributes();
  Task<Course> replay(table::Position& position);
  Task<Course> readEntries(redis::ReplyView entries);

  Task<redis::Expected<redis::Meta>> readMeta();
  Task<redis::Expected<std::size_t>> countNames();
  Task<redis::Expected<bool>> isCutOff();
  redis::Command logAfterPosition() const;

  std::optional<std::string> objectionTo(const Published& published) const;
  Course show(const LogVersion& version);
  void confirm(std::int64_t asked);
  void tell(std::string trouble);
  Serving serving() const;
  Duration nextBackoff();
  void onDown(std::string why);

  uv::Loop& loop_;
  const redis::RedisOptions options_;
  const schema::RedisKeys keys_;
  Replica& replica_;
  Listener& listener_;
  LogReader log_;
  std::string trouble_ = "nothing was read yet";
  std::optional<Loading> loading_;
  bool is_current_ = false;  // as far as is known
  unsigned fruitless_ = 0;   // loads, waits and connections since the log was read
  Instant compared_{};
  std::minstd_rand random_;
  redis::Session session_;
  uv::Timer start_timer_;
  redis::Task<void> task_;
};

}  // namespace zonecast::mirror
