#include "adapters/redis/shadow_store.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace zonecast::redis {

ShadowStore::ShadowStore(uv::Loop& loop, RedisOptions options)
    : loop_(loop),
      options_(std::move(options)),
      backoff_(options_.backoff_min),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      read_timer_(
          loop, [this] { read(); }, uv::Callback::store),
      report_soon_(
          loop, [this] { report(); }, uv::Callback::store) {}

void ShadowStore::adopt(RedisOptions options) {
  const bool moves = !isSamePlace(options_, options);
  options_ = std::move(options);
  if (!moves || !is_reading_) return;
  backoff_ = options_.backoff_min;
  read_timer_.after(Duration::zero());
}

void ShadowStore::open(plan::Term term_known, const std::optional<plan::Position>&) {
  term_ = term_known;
  is_reading_ = true;
  read_timer_.after(Duration::zero());
}

void ShadowStore::read() {
  picture_ = std::make_unique<Picture>(
      loop_, options_,
      [this](tl::expected<ports::StoredState, std::string> state) { onRead(std::move(state)); });
  picture_->read();
}

// The picture goes later: it is what calls.
void ShadowStore::onRead(tl::expected<ports::StoredState, std::string> state) {
  if (!state) {
    if (state.error() != last_trouble_) listener_->onStoreTrouble(state.error());
    last_trouble_ = std::move(state.error());
    return tryAgainLater();
  }
  is_reading_ = false;
  last_trouble_.clear();
  backoff_ = options_.backoff_min;
  opened_ = std::move(*state);
  opened_->term = term_;
  report_soon_.schedule();
}

void ShadowStore::tryAgainLater() {
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, backoff_.count() / 2)(random_));
  read_timer_.after(backoff_ / 2 + jitter);
  backoff_ = std::min(2 * backoff_, options_.backoff_max);
}

void ShadowStore::publish(ports::Publication publication, const plan::Table&) {
  take(publication.version);
}

void ShadowStore::rebase(const std::optional<plan::Position>&, plan::Position next,
                         const plan::Table&) {
  take(next.version);
}

void ShadowStore::take(plan::Version version) {
  assert(!is_reading_ && !opened_ && !published_);
  published_ = {plan::Lineage{std::string(kShadowLineage)}, version, {}};
  report_soon_.schedule();
}

void ShadowStore::report() {
  picture_.reset();
  if (opened_) return listener_->onStoreOpened(*std::exchange(opened_, std::nullopt), false);
  listener_->onPublished(*std::exchange(published_, std::nullopt));
}

}  // namespace zonecast::redis
