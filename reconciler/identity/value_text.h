// What a value may be, once, for whoever writes one: the zone owner's TXT record and the operator's
// configuration.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace zonecast::identity {

inline constexpr std::size_t kValueOctetsMax = 255;

// Why `value` (after percent-decoding) cannot be a value, to follow "the value ": at most 255
// octets of well-formed UTF-8 (RFC 3629 section 4: shortest forms, no surrogates, nothing above
// U+10FFFF) without control characters (U+0000-001F, U+007F-009F). Nothing when it can.
std::optional<std::string_view> valueFault(std::string_view value);

}  // namespace zonecast::identity
