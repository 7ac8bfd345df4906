#include "test/bench/ldns_reader.h"

#include <ldns/ldns.h>

namespace zonecast {

std::optional<std::size_t> readByLdns(std::span<const std::uint8_t> message) {
  ldns_pkt* packet = nullptr;
  if (ldns_wire2pkt(&packet, message.data(), message.size()) != LDNS_STATUS_OK) return std::nullopt;
  const std::size_t records = ldns_pkt_ancount(packet);
  ldns_pkt_free(packet);
  return records;
}

}  // namespace zonecast
