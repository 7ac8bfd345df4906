// The token by which the owner of a domain shows that the operator knows it: the tag `token=` of
// its `_sipvhost` record (schema/TXT.md). It is bound to the domain, so that it is of no use for
// another one, and needs no list: who has the key can tell.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "reconciler/derive/domain.h"

namespace zonecast::discovery {

inline constexpr std::size_t kTokenKeyOctetsMin = 16;

// 128 bits of HMAC-SHA256 (RFC 2104 section 5), as 32 lower-case hexadecimal digits.
std::string tokenFor(const derive::Domain& domain, std::span<const std::uint8_t> key);

// In a time that tells nothing of the right one.
bool tokenMatches(const derive::Domain& domain, std::span<const std::uint8_t> key,
                  std::string_view given);

}  // namespace zonecast::discovery
