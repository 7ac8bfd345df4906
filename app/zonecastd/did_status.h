// What is known of a DID, as a message. Pure.
#pragma once

#include <cstddef>

#include "reconciler/loop/status.h"
#include "schema/control.pb.h"

namespace zonecast {

// With so many of its domains at most, in order.
v1::DidReport toMessage(const loop::DidReport& report, std::size_t domains_max);

}  // namespace zonecast
