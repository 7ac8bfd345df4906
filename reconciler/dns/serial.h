// SOA serial numbers (RFC 1982, with SERIAL_BITS 32). Their order is partial: two serials exactly
// 2^31 apart are unordered, so neither is newer.
#pragma once

#include <compare>
#include <cstdint>

namespace zonecast::dns {

class Serial {
 public:
  constexpr Serial() = default;
  constexpr explicit Serial(std::uint32_t value) : value_(value) {}
  constexpr std::uint32_t value() const { return value_; }

  friend constexpr bool operator==(Serial, Serial) = default;
  // RFC 1982 section 3.2.
  friend constexpr std::partial_ordering operator<=>(Serial a, Serial b) {
    const std::uint32_t ahead = b.value_ - a.value_;
    if (ahead == 0) return std::partial_ordering::equivalent;
    if (ahead == 0x80000000u) return std::partial_ordering::unordered;
    return ahead < 0x80000000u ? std::partial_ordering::less : std::partial_ordering::greater;
  }

 private:
  std::uint32_t value_ = 0;
};

}  // namespace zonecast::dns
