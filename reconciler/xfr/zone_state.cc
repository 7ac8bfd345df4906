#include "reconciler/xfr/zone_state.h"

#include <chrono>
#include <utility>

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;

ZoneActivity activityOf(ZoneState::Phase phase) {
  switch (phase) {
    case ZoneState::Phase::absent:
    case ZoneState::Phase::resting:
      return ZoneActivity::waiting;
    case ZoneState::Phase::waiting:
    case ZoneState::Phase::blocked:
      return ZoneActivity::queued;
    case ZoneState::Phase::checking:
      return ZoneActivity::checking;
    case ZoneState::Phase::transferring:
      return ZoneActivity::transferring;
  }
  return ZoneActivity::waiting;
}

}  // namespace

// The next check of a resting zone, or the moment at which it expires.
Instant ZoneState::alarmAt(const Now& now) const {
  const Instant check = phase == Phase::resting ? nextCheck() : kNever;
  const auto last = timers.lastSuccess();
  if (!last || expired) return check;
  // Not at once, even if the wall clock should have been set back since.
  const Duration left = *last + intervals.expire - now.wall;
  return std::min(check, now.mono + std::max<Duration>(left, std::chrono::seconds{1}));
}

ZoneStatus ZoneState::status() const {
  ZoneStatus status;
  status.activity = activityOf(phase);
  status.serial = serial;
  status.last_success = timers.lastSuccess();
  status.next_check = nextCheck();
  status.failures = timers.failures();
  status.expired = expired;
  if (trouble) status.trouble = *trouble;
  return status;
}

void ZoneState::beginRound() {
  const auto spoke = news.first();
  const bool asked = spoke || retransfer;
  const bool owed = std::exchange(retransfer, false) || round.any_serial;
  round = Round{};
  round.urgency = asked ? Urgency::asked : serial ? Urgency::refresh : Urgency::first;
  round.axfr_only = owed || !serial;
  round.any_serial = owed;
  round.kind = round.axfr_only ? Kind::axfr : Kind::soa;
  round.position = spoke.value_or(sticky);
  second_look = kNever;
}

ZoneState::Next ZoneState::afterFailure(bool axfr_instead, std::uint32_t primaries) {
  if (axfr_instead) {
    round.axfr_only = true;
    round.kind = Kind::axfr;
    return Next::axfr;
  }
  if (++round.failed >= primaries) return Next::nothing;
  round.position = (round.position + 1) % primaries;
  round.kind = round.any_serial || !serial ? Kind::axfr : Kind::soa;
  return Next::primary;
}

}  // namespace zonecast::xfr
