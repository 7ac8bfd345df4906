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

tl::expected<Address, std::string> parseAddress(std::string_view text);  // "192.0.2.1", "2001:db8::1"
std::string toText(const Address& address);

struct Endpoint {
  Address address;
  std::uint16_t port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
std::string toText(const Endpoint& endpoint);  // "192.0.2.1:53", "[2001:db8::1]:53"

}  // namespace zonecast::xfr
