// ldns behind a function of its own: its header makes macros of `bool` and `false`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace zonecast {

// Parses a message as ldns does, and tells how many records its answer section has; nothing when
// ldns does not take it.
std::optional<std::size_t> readByLdns(std::span<const std::uint8_t> message);

}  // namespace zonecast
