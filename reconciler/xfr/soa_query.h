// Asking a primary for a zone's serial: the SOA query (RFC 1034 section 4.3.5) and its answer.
//
// Invariant: only the answer section counts, since primaries put NS and glue, and a resolver its
// referral, into the others; what was read is the SOA of the zone itself and the only one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/xfr/transfer_reader.h"
#include "reconciler/xfr/zone_timers.h"

namespace zonecast::xfr {

std::vector<std::uint8_t> encodeSoaQuery(dns::NameView zone, std::uint16_t id);

struct SoaAnswer {
  dns::Serial serial;
  SoaIntervals intervals;  // clamped
};
tl::expected<SoaAnswer, TransferFailure> readSoaAnswer(std::span<const std::uint8_t> message,
                                                       dns::NameView zone,
                                                       const TimerClamps& clamps);

}  // namespace zonecast::xfr
