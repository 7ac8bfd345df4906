#include "adapters/redis/picture.h"

#include <utility>

#include "adapters/redis/read_back.h"

namespace zonecast::redis {

Picture::Picture(uv::Loop& loop, RedisOptions options, OnRead on_read)
    : options_(std::move(options)),
      keys_(options_.deployment),
      on_read_(std::move(on_read)),
      session_(loop, options_, [this](std::string why) { end(tl::unexpected(std::move(why))); }),
      start_timer_(
          loop,
          [this] {
            task_ = readAll();
            task_.start();
          },
          uv::Callback::store) {}

void Picture::read() {
  start_timer_.after(Duration::zero());
}

Task<void> Picture::readAll() {
  co_await session_.connect();
  const Place place{session_, options_, keys_, &moved_};
  const Outcome authenticated = co_await authenticate(place);
  if (!authenticated) co_return end(tl::unexpected(authenticated.error()));
  end(co_await lookAt(place));
}

void Picture::end(Expected<ports::StoredState> state) {
  if (OnRead on_read = std::exchange(on_read_, nullptr)) on_read(std::move(state));
}

}  // namespace zonecast::redis
