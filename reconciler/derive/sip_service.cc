#include "reconciler/derive/sip_service.h"

#include <array>

#include "absl/strings/match.h"

namespace zonecast::derive {
namespace {

constexpr std::array<SipService, kTransports.size()> kServices{{
    {Transport::udp, "SIP+D2U", "_sip", "_udp", 5060},
    {Transport::tcp, "SIP+D2T", "_sip", "_tcp", 5060},
    {Transport::tls, "SIPS+D2T", "_sips", "_tcp", 5061},
    {Transport::ws, "SIP+D2W", "_sip", "_ws", 80},
    {Transport::wss, "SIPS+D2W", "_sips", "_ws", 443},
}};

// Debian's absl::string_view is a type of its own.
absl::string_view abslView(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

const SipService& sipService(Transport transport) {
  return kServices[static_cast<std::size_t>(transport)];
}

std::optional<Transport> transportOfNaptr(std::string_view services) {
  for (const SipService& row : kServices) {
    if (absl::EqualsIgnoreCase(abslView(services), abslView(row.naptr))) return row.transport;
  }
  return std::nullopt;
}

std::optional<dns::Name> srvOwner(Transport transport, dns::NameView domain) {
  const SipService& row = sipService(transport);
  const auto below = dns::Name::prepend(row.protocol, domain);
  if (!below) return std::nullopt;
  auto owner = dns::Name::prepend(row.service, *below);
  if (!owner) return std::nullopt;
  return *std::move(owner);
}

}  // namespace zonecast::derive
