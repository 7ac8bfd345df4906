// A clock that stands still until a test advances it.
#pragma once

#include <chrono>

#include "reconciler/ports/clock.h"

namespace zonecast::test {

class ManualClock final : public ports::Clock {
 public:
  Now now() const override { return now_; }
  void advance(Duration by) {
    now_.mono += by;
    now_.wall += by;
  }

 private:
  Now now_{Instant(std::chrono::hours(1)), WallTime(std::chrono::seconds(1'700'000'000))};
};

}  // namespace zonecast::test
