// The host part of a SIP URI, as it stands in `domain` and as a table is asked for it: a name of
// letters, digits and hyphens, or an IP address. One way to write each: lower case, no final dot,
// no brackets, an address as inet_ntop() has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zonecast::mirror {

inline constexpr std::size_t kHostOctetsMax = 253;

// The text in that form; nothing when it is no host.
std::optional<std::string> hostFromText(std::string_view text);

}  // namespace zonecast::mirror
