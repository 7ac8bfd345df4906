#include "adapters/redis/side_line.h"

#include <algorithm>
#include <utility>

#include "adapters/redis/opening.h"

namespace zonecast::redis {

SideLine::SideLine(uv::Loop& loop, RedisOptions options)
    : options_(std::move(options)),
      keys_(options_.deployment),
      backoff_(options_.backoff_min),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      session_(loop, options_, [this](const std::string&) { onDown(); }),
      start_timer_(
          loop,
          [this] {
            task_ = connect();
            task_.start();
          },
          uv::Callback::store) {}

void SideLine::start() {
  was_started_ = true;
  start_timer_.after(Duration::zero());
}

void SideLine::adopt(RedisOptions options) {
  const bool moves = !isSamePlace(options_, options);
  options_ = std::move(options);
  if (!moves || !was_started_) return;
  backoff_ = options_.backoff_min;
  onDown();
}

void SideLine::send(const Command& command, Connection::Handler handler) {
  if (is_up_) session_.send(command, std::move(handler));
}

// Why it fails is told by the dialogue beside it, which the same happens to.
Task<void> SideLine::connect() {
  session_.close();
  co_await session_.connect();
  const Outcome authenticated = co_await authenticate({session_, options_, keys_});
  if (!authenticated) co_return onDown();
  is_up_ = true;
  backoff_ = options_.backoff_min;
}

void SideLine::onDown() {
  session_.close();
  is_up_ = false;
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, backoff_.count() / 2)(random_));
  start_timer_.after(backoff_ / 2 + jitter);
  backoff_ = std::min(2 * backoff_, options_.backoff_max);
}

}  // namespace zonecast::redis
