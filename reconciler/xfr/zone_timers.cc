#include "reconciler/xfr/zone_timers.h"

#include <algorithm>

namespace zonecast::xfr {
namespace {

using std::chrono::seconds;

SoaIntervals clampedTo(const SoaIntervals& intervals, const TimerClamps& clamps) {
  return {
      .refresh = std::clamp(intervals.refresh, clamps.refresh_min, clamps.refresh_max),
      .retry = std::clamp(intervals.retry, clamps.retry_min, clamps.retry_max),
      .expire = std::clamp(intervals.expire, clamps.expire_min, clamps.expire_max),
  };
}

// A part of `whole`, from nothing to all of it, as 32 random bits say. The upper 16 of them are
// plenty, and keep the product within 64 bits.
Duration share(Duration whole, std::uint32_t jitter) {
  return whole * (jitter >> 16) / (1 << 16);
}

}  // namespace

SoaIntervals clamped(const dns::Soa& soa, const TimerClamps& clamps) {
  return clampedTo({seconds{soa.refresh_s}, seconds{soa.retry_s}, seconds{soa.expire_s}}, clamps);
}

void ZoneTimers::restore(const SoaIntervals& intervals, WallTime last_success) {
  intervals_ = clampedTo(intervals, *clamps_);  // the clamps may have changed since it was stored
  last_success_ = last_success;
}

void ZoneTimers::succeeded(const SoaIntervals& intervals, const Now& now, std::uint32_t jitter) {
  intervals_ = clampedTo(intervals, *clamps_);
  last_success_ = now.wall;
  failures_ = 0;
  const Duration refresh = intervals_->refresh;
  next_check_ =
      now.mono + std::max<Duration>(refresh - share(refresh / 10, jitter), clamps_->refresh_min);
}

void ZoneTimers::failed(const Now& now, std::uint32_t jitter) {
  next_check_ = now.mono + backoff(failures_, jitter);
  ++failures_;
}

Duration ZoneTimers::backoff(std::uint32_t failures_before, std::uint32_t jitter) const {
  static constexpr std::uint32_t kDoublingsMax = 16;  // 10 s become a week: past any refresh
  const Duration retry = intervals_ ? intervals_->retry : clamps_->retry_min;
  const Duration refresh = intervals_ ? intervals_->refresh : clamps_->refresh_min * 10;
  const Duration ceiling = std::max(retry, refresh);
  // Growth stops at four fifths of the ceiling, so that jitter spreads the longest waits as well.
  const Duration doubled = retry * (1 << std::min(failures_before, kDoublingsMax));
  const Duration wait = std::min(doubled, std::max(retry, ceiling * 4 / 5));
  return std::min(wait + share(wait / 4, jitter), ceiling);
}

bool ZoneTimers::expired(const Now& now) const {
  return last_success_ && *last_success_ <= now.wall - intervals_->expire;
}

}  // namespace zonecast::xfr
