// A time to come, as an operator writes it.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/plan/retirement.h"
#include "reconciler/time.h"

namespace zonecast {

// "2026-12-24" (when that day begins), "2026-12-24T18:00:00Z", or a span from now on: "45s", "30m",
// "2h", "3d". It must be to come, and within ten years. The error says what is expected.
tl::expected<plan::Deadline, std::string> untilFromText(std::string_view text, WallTime now);

std::string untilText(plan::Deadline until);  // "2026-12-24T18:00:00Z"

}  // namespace zonecast
