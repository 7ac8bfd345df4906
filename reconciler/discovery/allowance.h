// What is left of a quota: a bucket of tokens that refills, kept as the moment at which it is full
// again. Time never goes back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "reconciler/discovery/settings.h"
#include "reconciler/time.h"

namespace zonecast::discovery {

class Allowance {
 public:
  Allowance() = default;  // a full one
  // Of `quota.burst` tokens, so many are there.
  static Allowance holding(const Quota& quota, std::uint32_t tokens, Instant now) {
    return Allowance(now + (quota.burst - tokens) * interval(quota));
  }

  // Whether there is a token beside `kept` others.
  bool hasToken(const Quota& quota, std::uint32_t kept, Instant now) const {
    return missing(now) + interval(quota) <= (quota.burst - kept) * interval(quota);
  }
  bool holdsMoreThan(const Quota& quota, std::uint32_t tokens, Instant now) const {
    return missing(now) < (quota.burst - tokens) * interval(quota);
  }
  bool isFull(Instant now) const { return full_at_ <= now; }
  void take(const Quota& quota, Instant now) {
    full_at_ = std::max(full_at_, now) + interval(quota);
  }

 private:
  explicit Allowance(Instant full_at) : full_at_(full_at) {}
  // Until one token more is there; rounded up, so that the rate is never exceeded.
  static Duration interval(const Quota& quota) {
    return Duration((1'000'000 + quota.rate - 1) / quota.rate);
  }
  Duration missing(Instant now) const { return std::max(full_at_ - now, Duration::zero()); }

  Instant full_at_{};
};

}  // namespace zonecast::discovery
