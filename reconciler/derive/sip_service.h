// How each SIP transport is written in DNS: the one table behind every rule that differs by
// transport.
//   NAPTR services: RFC 3263 section 4.1; SIP+D2W, SIPS+D2W: RFC 7118
//   SRV names:      RFC 3263 section 4.1
//   default ports:  RFC 3261 section 19.1.2; for WebSocket RFC 6455 section 3
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reconciler/derive/edge.h"
#include "reconciler/dns/name.h"

namespace zonecast::derive {

struct SipService {
  Transport transport{};
  std::string_view naptr;              // "SIP+D2U"
  std::string_view service, protocol;  // "_sip", "_udp"
  std::uint16_t default_port = 0;
};

const SipService& sipService(Transport transport);

// The transport that a NAPTR's service field names, compared without case (RFC 3403 section 4.1);
// nothing for other applications.
std::optional<Transport> transportOfNaptr(std::string_view services);

// `_sip._udp.example.com`; nothing when it would exceed 255 octets: such a name cannot exist.
std::optional<dns::Name> srvOwner(Transport transport, dns::NameView domain);

}  // namespace zonecast::derive
