// What is in the store, read once and without the lease, whoever publishes meanwhile. Changes
// nothing there.
#pragma once

#include <functional>

#include "adapters/redis/opening.h"
#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/state_store.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

class Picture {
 public:
  using OnRead = std::function<void(Expected<ports::StoredState>)>;
  // `on_read` is called once, from the loop.
  Picture(uv::Loop& loop, RedisOptions options, OnRead on_read);

  void read();
  const EntriesMoved& moved() const { return moved_; }

 private:
  Task<void> readAll();
  void end(Expected<ports::StoredState> state);

  const RedisOptions options_;
  const schema::RedisKeys keys_;
  OnRead on_read_;
  EntriesMoved moved_;
  Session session_;
  uv::Timer start_timer_;
  Task<void> task_;
};

}  // namespace zonecast::redis
