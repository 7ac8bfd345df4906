// Time, as the core knows it: values that it is given, never a clock that it reads.
//
// Invariants: within one turn of the loop there is one Now. Durations and monotonic instants drive
// timers; wall-clock time is for TSIG (RFC 8945 section 5.2.3) and for what must survive a restart.
#pragma once

#include <chrono>
#include <cstdint>

namespace zonecast {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::sys_time<Duration>;
// What is published, and kept for long, is in whole seconds.
using WallSecond = std::chrono::sys_time<std::chrono::duration<std::uint32_t>>;

struct Now {
  Instant mono;
  WallTime wall;
};

}  // namespace zonecast
