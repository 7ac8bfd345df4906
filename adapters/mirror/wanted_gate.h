// Which of the domains that workers ask about go on to Redis: hosts, each once in a while, and no
// more at a time than the publisher should be asked. Workers are not to be trusted with more.
//
// Invariant: it remembers at most recent_max domains. Time comes in; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_set.h>
#include <tl/expected.hpp>

#include "reconciler/time.h"

namespace zonecast::mirror {

struct WantedLimits {
  double rate = 100;    // domains a second
  double burst = 1000;  // and so many at once
  std::size_t recent_max = 10'000;
  Duration recent_for = std::chrono::seconds(10);  // until a domain is asked about again
};

class WantedGate {
 public:
  explicit WantedGate(WantedLimits limits) : limits_(limits), allowance_(limits.burst) {}

  enum class Refusal { malformed, recent, tooMany };
  // The domain, as Redis has it.
  tl::expected<std::string, Refusal> admit(std::string_view datagram, Instant now);

 private:
  void forgetOld(Instant now);
  bool mayPass(Instant now);

  const WantedLimits limits_;
  double allowance_;
  Instant refilled_{};
  absl::flat_hash_set<std::string> recent_;
  std::deque<std::pair<Instant, std::string>> order_;
};

}  // namespace zonecast::mirror
