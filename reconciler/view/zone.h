// One transferred zone in memory, answering as an authoritative server would.
//
// Kept: the RRsets of the types `dns::isKept` names, and for every other type how many records of it
// an owner has. All of it lives in one arena with a sharded hash index, about 75 octets a record.
// A zone is built from a full transfer or changed by deltas; both whole or not at all: build() and
// apply() leave the zone as it was when they fail.
//
// Invariants: exactly one SOA, at the apex; empty non-terminals exist as nodes without RRsets and go
// when the last name below them goes; no callback of the index costs more than a shard's growth.
// What a lookup returns is valid until the zone changes. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::view {

struct ZoneLimits {
  std::uint32_t records_per_rrset_max = 100;
};

// The records of one owner and type, in arena order.
class Rrset;  // iterable: each element is a std::span<const std::uint8_t> of canonical RDATA

// What a zone says to one question, one step: CNAME and DNAME are reported, not followed.
struct ZoneAnswer {
  enum class Kind : std::uint8_t {
    data,
    nodata,     // the name exists (perhaps as an empty non-terminal) without that type
    nxdomain,
    cname,      // `target` says where to go on
    dname,      // likewise, already substituted (RFC 6672); nothing in it when that would not fit
    delegated,  // at or below a zone cut: another zone's matter (occluded data is never seen)
  } kind{};
  // for data: the records and their lowest TTL (RFC 2181 section 5.2)
  // owner: the name that matched: the question's, a wildcard's, a cut's, or a DNAME's
};

}  // namespace zonecast::view
