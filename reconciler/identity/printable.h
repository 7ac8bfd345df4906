// Octets that others chose, made fit for a terminal, a log and a page: warnings quote zone data.
#pragma once

#include <string>
#include <string_view>

namespace zonecast::identity {

inline constexpr std::size_t kQuotedOctetsMax = 64;

// In double quotes; what is not printable ASCII as \DDD, the way `dig` prints a TXT (RFC 1035
// section 5.1), also where it is UTF-8: a right-to-left override is fit for no terminal. After
// kQuotedOctetsMax octets "..." stands for the rest.
std::string quoted(std::string_view text);

}  // namespace zonecast::identity
