// The host part of a SIP URI (RFC 3261 section 25.1), as it stands in a table and in `domain`: a
// name of letters, digits and hyphens, or an IP address. There is one way to write each: lower
// case, no final dot, no brackets, an IPv6 address as RFC 5952 has it.
//
// Folding comes first and judging second: what is found in a table was a host before. Nothing is
// allocated.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace zonecast::table {

class Host {
 public:
  // Folded, whatever it is; empty when it is too long or an address that is none. Allocates
  // nothing.
  explicit Host(std::string_view text);
  bool isValid() const;

  std::string_view name() const { return {octets_.data(), length_}; }

 private:
  void takeName(std::string_view text);
  void takeIpv6(std::string_view text);

  static constexpr std::size_t kOctetsMax = 253;  // RFC 1035 section 2.3.4, as text
  std::array<char, kOctetsMax> octets_;
  std::size_t length_ = 0;
  bool is_ipv6_ = false;
};

}  // namespace zonecast::table
