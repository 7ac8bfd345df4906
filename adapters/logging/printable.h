// Text that others chose, made fit for a terminal: zone owners' values end up on operators'
// screens.
#pragma once

#include <string>
#include <string_view>

namespace zonecast::logging {

// What is not printable ASCII as \DDD, as in a zone file, also where it is UTF-8: a right-to-left
// override or a control sequence is fit for no terminal, and columns stay straight. `--json` has
// the text itself.
std::string printable(std::string_view text);

}  // namespace zonecast::logging
