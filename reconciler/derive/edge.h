// The provider's own SIP entry points. A value; immutable once configured.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::derive {

// In the order in which they are published and printed.
enum class Transport : std::uint8_t { udp, tcp, tls, ws, wss };
inline constexpr std::array kTransports{Transport::udp, Transport::tcp, Transport::tls,
                                        Transport::ws, Transport::wss};
std::string_view toText(Transport transport);
std::optional<Transport> transportFromText(std::string_view text);

class TransportSet {
 public:
  constexpr void insert(Transport t) { bits_ |= bit(t); }
  constexpr bool contains(Transport t) const { return (bits_ & bit(t)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint8_t bits() const { return bits_; }
  static constexpr TransportSet fromBits(std::uint8_t bits) {
    TransportSet s;
    s.bits_ = bits & 0x1f;
    return s;
  }
  friend constexpr bool operator==(TransportSet, TransportSet) = default;

 private:
  static constexpr std::uint8_t bit(Transport t) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(t));
  }
  std::uint8_t bits_ = 0;
};
std::string toText(TransportSet set);  // "udp,tcp"; empty for none, and back
std::optional<TransportSet> transportSetFromText(std::string_view text);

struct EdgePort {
  Transport transport{};
  std::uint16_t port = 0;
  friend bool operator==(EdgePort, EdgePort) = default;
};

struct Prefix {  // v4 in the first 4 octets; no bit beyond `length` is set
  std::array<std::uint8_t, 16> octets{};
  std::uint8_t length = 0;  // bits
  bool v6 = false;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};
// "192.0.2.0/24", "2001:db8::1" (a whole address). Not "192.0.2.1/24": host bits are a mistake.
std::optional<Prefix> prefixFromText(std::string_view text);
std::string toText(const Prefix& prefix);

// One row of the operator's `edge:` list: these hosts and addresses listen on these ports.
struct EdgeRule {
  std::string name;  // for explain: "edge[0]"
  std::vector<dns::Name> hosts;
  std::vector<Prefix> prefixes;
  std::vector<EdgePort> ports;
  friend bool operator==(const EdgeRule&, const EdgeRule&) = default;
};

struct Edge {
  std::vector<EdgeRule> rules;

  // The rule that has this host name (or address) and this port, when there is one.
  const EdgeRule* byHost(dns::NameView host, Transport transport, std::uint16_t port) const;
  const EdgeRule* byAddress(const dns::Ipv4& address, Transport transport,
                            std::uint16_t port) const;
  const EdgeRule* byAddress(const dns::Ipv6& address, Transport transport,
                            std::uint16_t port) const;

  // Whether any rule has the port for the transport; whether any rule has a port for it.
  bool listensOn(Transport transport, std::uint16_t port) const;
  bool offers(Transport transport) const;

  friend bool operator==(const Edge&, const Edge&) = default;
};

}  // namespace zonecast::derive
