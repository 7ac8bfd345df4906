// The store of a daemon that publishes nothing (`publish: shadow`): ports::StateStore over what
// Redis holds when it is opened.
//
//   closed --open()--> reading --read, as it stands--> open --publish(), rebase()--> open
//                       ^   |
//                       |   |fails
//                       '---' backoff
//
// Invariants: Redis is read alone, without a lease, and with commands that write nothing. Once it
// was read, nothing is asked of Redis any more, so it is never lost, and what is published goes on
// from there in memory, whoever publishes in Redis meanwhile. Its positions are of a lineage that
// no store has, so that none of them is ever taken for one that was published. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "adapters/redis/options.h"
#include "adapters/redis/picture.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/state_store.h"

namespace zonecast::redis {

// What the lineage is called of what nobody published.
inline constexpr std::string_view kShadowLineage = "shadow";

class ShadowStore final : public ports::StateStore {
 public:
  ShadowStore(uv::Loop& loop, RedisOptions options);

  // Before open(); it must outlive the store.
  void reportTo(ports::StateStoreListener& listener) { listener_ = &listener; }

  // Other options, for the same deployment. What was read stays, wherever Redis is afterwards.
  void adopt(RedisOptions options);

  // While everything is read.
  std::optional<EntriesMoved> moved() const {
    return picture_ ? std::optional(picture_->moved()) : std::nullopt;
  }

  void open(plan::Term term_known, const std::optional<plan::Position>& known) override;
  void publish(ports::Publication publication, const plan::Table& after) override;
  void rebase(const std::optional<plan::Position>& expected, plan::Position next,
              const plan::Table& table) override;

 private:
  void read();
  void onRead(tl::expected<ports::StoredState, std::string> state);
  void tryAgainLater();
  void take(plan::Version version);
  void report();

  uv::Loop& loop_;
  RedisOptions options_;
  ports::StateStoreListener* listener_ = nullptr;
  plan::Term term_{};
  std::string last_trouble_;  // each is told once
  Duration backoff_;
  std::minstd_rand random_;
  bool is_reading_ = false;
  // What is to be reported.
  std::optional<ports::StoredState> opened_;
  std::optional<plan::Position> published_;
  uv::Timer read_timer_;
  uv::Soon report_soon_;
  std::unique_ptr<Picture> picture_;  // while it is read
};

}  // namespace zonecast::redis
