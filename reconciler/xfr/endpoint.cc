#include "reconciler/xfr/endpoint.h"

#include <algorithm>
#include <array>
#include <optional>

#include <arpa/inet.h>  // text to address and back; no socket is ever opened here
#include <fmt/format.h>

namespace zonecast::xfr {
namespace {

template <typename Bytes>
std::optional<Bytes> parse(int family, const char* text) {
  Bytes bytes;
  if (inet_pton(family, text, bytes.data()) != 1) return std::nullopt;
  return bytes;
}

template <typename Bytes>
std::string format(int family, const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace

tl::expected<Address, std::string> parseAddress(std::string_view text) {
  // A NUL inside would hide from inet_pton whatever follows it.
  if (text.find('\0') == std::string_view::npos) {
    const std::string terminated(text);
    if (const auto ipv4 = parse<dns::Ipv4>(AF_INET, terminated.c_str())) return *ipv4;
    if (const auto ipv6 = parse<dns::Ipv6>(AF_INET6, terminated.c_str())) return unmapped(*ipv6);
  }
  return tl::unexpected(fmt::format("\"{}\" is neither an IPv4 nor an IPv6 address", text));
}

std::string toText(const Address& address) {
  if (const auto* ipv4 = std::get_if<dns::Ipv4>(&address)) return format(AF_INET, *ipv4);
  return format(AF_INET6, std::get<dns::Ipv6>(address));
}

Address unmapped(const Address& address) {
  static constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto* ipv6 = std::get_if<dns::Ipv6>(&address);
  if (ipv6 == nullptr || !std::equal(kPrefix.begin(), kPrefix.end(), ipv6->begin())) return address;
  dns::Ipv4 ipv4;
  std::copy(ipv6->begin() + kPrefix.size(), ipv6->end(), ipv4.begin());
  return ipv4;
}

std::string toText(const Endpoint& endpoint) {
  const std::string address = toText(endpoint.address);
  if (std::holds_alternative<dns::Ipv4>(endpoint.address)) {
    return fmt::format("{}:{}", address, endpoint.port);
  }
  return fmt::format("[{}]:{}", address, endpoint.port);
}

}  // namespace zonecast::xfr
