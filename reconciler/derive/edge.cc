#include "reconciler/derive/edge.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>  // text to address; no socket is ever opened here
#include <fmt/format.h>

namespace zonecast::derive {
namespace {

constexpr std::array<std::string_view, kTransports.size()> kTransportTexts{"udp", "tcp", "tls",
                                                                           "ws", "wss"};

constexpr std::uint8_t bitsOf(bool v6) {
  return v6 ? 128 : 32;
}

bool hasPort(const EdgeRule& rule, EdgePort port) {
  return std::find(rule.ports.begin(), rule.ports.end(), port) != rule.ports.end();
}

// Bits of the octet at `index` that a prefix of `length` bits fixes.
std::uint8_t maskAt(std::size_t index, std::uint8_t length) {
  const int fixed = std::clamp(length - static_cast<int>(8 * index), 0, 8);
  return static_cast<std::uint8_t>(0xff00u >> fixed);
}

bool covers(const Prefix& prefix, std::span<const std::uint8_t> address) {
  if (prefix.v6 != (address.size() == 16)) return false;
  for (std::size_t i = 0; 8 * i < prefix.length; ++i) {
    if (((prefix.octets[i] ^ address[i]) & maskAt(i, prefix.length)) != 0) return false;
  }
  return true;
}

bool hasHostBits(const Prefix& prefix) {
  for (std::size_t i = 0; i < prefix.octets.size(); ++i) {
    if ((prefix.octets[i] & ~maskAt(i, prefix.length)) != 0) return true;
  }
  return false;
}

bool hasHost(const EdgeRule& rule, dns::NameView host) {
  return std::find(rule.hosts.begin(), rule.hosts.end(), host) != rule.hosts.end();
}

bool hasAddress(const EdgeRule& rule, std::span<const std::uint8_t> address) {
  return std::any_of(rule.prefixes.begin(), rule.prefixes.end(),
                     [&](const Prefix& prefix) { return covers(prefix, address); });
}

const EdgeRule* findByAddress(const std::vector<EdgeRule>& rules,
                              std::span<const std::uint8_t> address, EdgePort port) {
  for (const EdgeRule& rule : rules) {
    if (hasPort(rule, port) && hasAddress(rule, address)) return &rule;
  }
  return nullptr;
}

}  // namespace

std::string_view toText(Transport transport) {
  return kTransportTexts[static_cast<std::size_t>(transport)];
}

std::optional<Transport> transportFromText(std::string_view text) {
  for (const Transport transport : kTransports) {
    if (text == toText(transport)) return transport;
  }
  return std::nullopt;
}

std::string toText(TransportSet set) {
  std::string text;
  for (const Transport transport : kTransports) {
    if (!set.contains(transport)) continue;
    if (!text.empty()) text += ',';
    text += toText(transport);
  }
  return text;
}

std::optional<TransportSet> transportSetFromText(std::string_view text) {
  TransportSet set;
  for (std::size_t start = 0; !text.empty() && start <= text.size();) {
    const std::string_view item = text.substr(start, text.find(',', start) - start);
    const auto transport = transportFromText(item);
    if (!transport) return std::nullopt;
    set.insert(*transport);
    start += item.size() + 1;
  }
  return set;
}

std::optional<Prefix> prefixFromText(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  // A NUL inside would hide from inet_pton whatever follows it.
  if (address.find('\0') != std::string::npos) return std::nullopt;

  Prefix prefix;
  prefix.v6 = address.find(':') != std::string::npos;
  prefix.length = bitsOf(prefix.v6);
  if (inet_pton(prefix.v6 ? AF_INET6 : AF_INET, address.c_str(), prefix.octets.data()) != 1) {
    return std::nullopt;
  }
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(bits.data(), bits.data() + bits.size(), prefix.length);
    if (error != std::errc() || end != bits.data() + bits.size()) return std::nullopt;
  }
  if (prefix.length > bitsOf(prefix.v6) || hasHostBits(prefix)) return std::nullopt;
  return prefix;
}

std::string toText(const Prefix& prefix) {
  const auto octets = std::span(prefix.octets).first(bitsOf(prefix.v6) / 8);
  std::string address = dns::rdataToText(prefix.v6 ? dns::RrType::aaaa : dns::RrType::a, octets);
  if (prefix.length == bitsOf(prefix.v6)) return address;
  return fmt::format("{}/{}", address, prefix.length);
}

const EdgeRule* Edge::byHost(dns::NameView host, Transport transport, std::uint16_t port) const {
  for (const EdgeRule& rule : rules) {
    if (hasPort(rule, {transport, port}) && hasHost(rule, host)) return &rule;
  }
  return nullptr;
}

const EdgeRule* Edge::byAddress(const dns::Ipv4& address, Transport transport,
                                std::uint16_t port) const {
  return findByAddress(rules, address, {transport, port});
}

const EdgeRule* Edge::byAddress(const dns::Ipv6& address, Transport transport,
                                std::uint16_t port) const {
  return findByAddress(rules, address, {transport, port});
}

bool Edge::listensOn(Transport transport, std::uint16_t port) const {
  return std::any_of(rules.begin(), rules.end(), [&](const EdgeRule& rule) {
    return hasPort(rule, {transport, port});
  });
}

bool Edge::offers(Transport transport) const {
  const auto has_transport = [&](EdgePort port) { return port.transport == transport; };
  return std::any_of(rules.begin(), rules.end(), [&](const EdgeRule& rule) {
    return std::any_of(rule.ports.begin(), rule.ports.end(), has_transport);
  });
}

}  // namespace zonecast::derive
