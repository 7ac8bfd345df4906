// A second connection to Redis, for single commands beside the dialogue of the follower: a command
// that waits in Redis would hold them up. Made again whenever it is lost; what was asked on it then
// is never answered.
#pragma once

#include <random>

#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {

class SideLine {
 public:
  SideLine(uv::Loop& loop, redis::RedisOptions options);

  void start();
  bool isUp() const { return is_up_; }
  // Nothing is sent while the line is down.
  void send(const redis::Command& command, redis::Connection::Handler handler);

 private:
  redis::Task<void> connect();
  void onDown();

  const redis::RedisOptions options_;
  const schema::RedisKeys keys_;
  bool is_up_ = false;
  Duration backoff_;
  std::minstd_rand random_;
  redis::Session session_;
  uv::Timer start_timer_;
  redis::Task<void> task_;
};

}  // namespace zonecast::mirror
