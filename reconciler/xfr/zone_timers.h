// When to ask a zone's primaries for its SOA again (RFC 1035 section 3.3.13, RFC 1912 section 2.2).
//
// After a success the next check is due in 90 to 100 % of refresh; after the first failure in a row
// in 100 to 125 % of retry, and each further failure doubles that until it reaches 80 to 100 % of
// refresh.
//
// Invariants: every interval lies within its clamps, jitter included; a failure waits at least the
// retry interval and at most the longer of retry and refresh; EXPIRE counts from the last
// successful check of the serial, changed or not, by the wall clock, since that survives a restart.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "reconciler/dns/record.h"
#include "reconciler/time.h"

namespace zonecast::xfr {

struct TimerClamps {
  std::chrono::seconds refresh_min{30}, refresh_max{86'400};
  std::chrono::seconds retry_min{10}, retry_max{3'600};
  std::chrono::seconds expire_min{3'600}, expire_max{30 * 86'400};
};

struct SoaIntervals {
  std::chrono::seconds refresh{}, retry{}, expire{};
};
SoaIntervals clamped(const dns::Soa& soa, const TimerClamps& clamps);

// Backoff for a zone that was never transferred uses retry_min as its retry and refresh_min * 10 as
// its refresh.
class ZoneTimers {
 public:
  // A zone that holds nothing is due at once.
  // `clamps` must outlive it; other ones count from the next success on.
  explicit ZoneTimers(const TimerClamps& clamps) : clamps_(&clamps) {}
  // A zone that holds a copy from disk: the first check is due at once (spread by the caller).
  void restore(const SoaIntervals& intervals, WallTime last_success);

  void succeeded(const SoaIntervals& intervals, const Now& now, std::uint32_t jitter);
  void failed(const Now& now, std::uint32_t jitter);  // jitter: any 32 random bits

  Instant nextCheck() const { return next_check_; }
  std::optional<WallTime> lastSuccess() const { return last_success_; }
  bool expired(const Now& now) const;  // never true of a zone that holds nothing
  std::uint32_t failures() const { return failures_; }

 private:
  Duration backoff(std::uint32_t failures_before, std::uint32_t jitter) const;

  const TimerClamps* clamps_;
  std::optional<SoaIntervals> intervals_;  // set exactly when last_success_ is
  std::optional<WallTime> last_success_;
  Instant next_check_{};
  std::uint32_t failures_ = 0;
};

}  // namespace zonecast::xfr
