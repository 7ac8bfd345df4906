// Port: the time. Constant within one turn of the loop.
#pragma once

#include "reconciler/time.h"

namespace zonecast::ports {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

}  // namespace zonecast::ports
