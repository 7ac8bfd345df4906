// An address and a port, as a value.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "reconciler/dns/record.h"

namespace zonecast::xfr {

using Address = std::variant<dns::Ipv4, dns::Ipv6>;

// "192.0.2.1", "2001:db8::1"
tl::expected<Address, std::string> parseAddress(std::string_view text);
std::string toText(const Address& address);

// An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), as a dual-stack socket reports an IPv4
// peer, as the IPv4 address that it stands for; every other address as it is.
Address unmapped(const Address& address);

struct Endpoint {
  Address address;
  std::uint16_t port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
std::string toText(const Endpoint& endpoint);  // "192.0.2.1:53", "[2001:db8::1]:53"

}  // namespace zonecast::xfr
