// When long work is told of: not before kInterval of it, then every kInterval, and only if it has
// come on since. So what is short says nothing, and what stands still does not fill the log.
#pragma once

#include <cstdint>
#include <optional>

#include "reconciler/time.h"

namespace zonecast::logging {

class Progress {
 public:
  static constexpr Duration kInterval = std::chrono::seconds{5};

  // Asked as often as one likes while the work lasts; `done` is how far it is. A new one is for new
  // work.
  bool admits(std::uint64_t done, Instant now) {
    if (!told_) told_ = now;
    if (now - *told_ < kInterval || done == done_) return false;
    told_ = now;
    done_ = done;
    return true;
  }

 private:
  std::optional<Instant> told_;  // or begun
  std::uint64_t done_ = 0;
};

}  // namespace zonecast::logging
