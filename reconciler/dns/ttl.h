// Time to live (RFC 2181 section 8): 0 to 2^31 - 1 seconds; with the top bit set it means zero.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace zonecast::dns {

class Ttl {
 public:
  constexpr Ttl() = default;
  constexpr explicit Ttl(std::uint32_t wire) : seconds_(wire > 0x7fffffffu ? 0 : wire) {}
  constexpr std::uint32_t seconds() const { return seconds_; }
  friend constexpr auto operator<=>(Ttl, Ttl) = default;

 private:
  std::uint32_t seconds_ = 0;
};

}  // namespace zonecast::dns
