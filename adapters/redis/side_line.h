// A second connection to Redis, for single commands beside a dialogue that waits in Redis, which
// would hold them up. Made again whenever it is lost; what was asked on it then is never answered.
#pragma once

#include <random>

#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

class SideLine {
 public:
  SideLine(uv::Loop& loop, RedisOptions options);

  void start();
  void adopt(RedisOptions options);  // of the same deployment
  bool isUp() const { return is_up_; }
  std::size_t unanswered() const { return session_.unanswered(); }
  // Nothing is sent while the line is down.
  void send(const Command& command, Connection::Handler handler);

 private:
  Task<void> connect();
  void onDown();

  RedisOptions options_;
  const schema::RedisKeys keys_;
  bool was_started_ = false, is_up_ = false;
  Duration backoff_;
  std::minstd_rand random_;
  Session session_;
  uv::Timer start_timer_;
  Task<void> task_;
};

}  // namespace zonecast::redis
