// One transferred zone in memory, answering as an authoritative server would.
//
// Kept: the RRsets of the types `dns::isKept` names, and for every other type how many records of it
// an owner has. All of it lives in one arena with a sharded hash index, about 75 octets a record.
// A zone is built from a full transfer and changed by deltas; each whole or not at all: a failed
// apply() leaves the zone as it was.
//
// Invariants: exactly one SOA, at the apex; empty non-terminals exist as nodes without RRsets and go
// when the last name below them goes; no single call grows more than one shard of the index.
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

// The RRset that answered: canonical RDATA in the zone's arena.
struct RrsetView {
  std::vector<std::span<const std::uint8_t>> rdatas;  // (an inlined vector; order is stable between changes)
  dns::Ttl ttl;  // the lowest of its records (RFC 2181 section 5.2)
};

// What a zone says to one question, one step: CNAME and DNAME are reported, not followed.
struct ZoneAnswer {
  enum class Kind : std::uint8_t {
    data,
    nodata,     // the name exists (perhaps as an empty non-terminal) without that type
    nxdomain,
    cname,      // `target` says where to go on
    dname,      // likewise, already substituted (RFC 6672 section 3.2)
    tooLong,    // a DNAME substitution that exceeds 255 octets (YXDOMAIN)
    delegated,  // at or below a zone cut: another zone's matter; occluded data is never seen
  } kind{};
  RrsetView rrset;             // data; for cname and dname the CNAME or DNAME record itself
  dns::Name target;            // cname, dname
  dns::NameView source;        // the owner that matched: the question's, a wildcard's, a cut's, a DNAME's
};

// Names whose answers may have changed between two versions of a zone.
struct ZoneChange {
  // Owners whose own RRsets changed (added, removed, other RDATA; TTL alone does not count).
  std::vector<dns::Name> owners;
  // Names below and at which *any* answer may have changed though no record there did: a cut, a DNAME
  // or a wildcard's parent that came or went; a name that came or went under a wildcard's parent.
  std::vector<dns::Name> subtrees;
};

struct DeltaRecord {
  dns::Name owner;
  dns::RrType type{};
  dns::Ttl ttl;
  std::vector<std::uint8_t> rdata;  // canonical
};
struct Delta {  // one difference sequence of an IXFR (RFC 1995 section 4)
  dns::Serial from, to;
  std::vector<DeltaRecord> removed, added;
};

class Zone {
 public:
  explicit Zone(dns::Name apex, ZoneLimits limits = {});
  ~Zone();
  Zone(Zone&&) noexcept;
  Zone& operator=(Zone&&) noexcept;

  // -- building from a full transfer: any number of add(), then finish() ------------------------
  // A record that stands twice is kept once (RFC 2181 section 5).
  tl::expected<void, std::string> add(const dns::RecordView& record);
  // Fails without exactly one SOA at the apex. A finished zone is changed by apply() alone.
  tl::expected<void, std::string> finish();

  // Applies a chain of deltas. On failure (wrong starting serial, a removal of what is not there, a
  // limit) nothing has changed. Time is proportional to the deltas.
  tl::expected<ZoneChange, std::string> apply(std::span<const Delta> chain);

  dns::NameView apex() const;
  dns::Serial serial() const;
  dns::Soa soa() const;

  ZoneAnswer lookup(dns::NameView name, dns::RrType type) const;  // name is at or under the apex

  std::size_t recordCount() const;
  std::size_t octets() const;  // memory held

  // Visits at most `owners_max` owner names from `cursor` on (0 at first) with the set of types each
  // has; returns the next cursor, or nothing at the end. Order is that of the index.
  struct OwnerTypes {
    bool naptr = false, srv = false, txt = false, address = false, cut = false, dname = false, wildcard = false;
  };
  template <typename Visitor>  // void(dns::NameView owner, OwnerTypes types)
  std::optional<std::uint64_t> visitOwners(std::uint64_t cursor, std::size_t owners_max, Visitor&& visit) const;

  // Every kept record, and each record of other types as one with empty RDATA, in pieces as above:
  // what add() takes to build the same zone again.
  template <typename Visitor>  // void(const dns::RecordView&)
  std::optional<std::uint64_t> visitRecords(std::uint64_t cursor, std::size_t records_max, Visitor&& visit) const;
};

// Compares two versions of a zone in pieces, so that no call takes long: call advance() until it
// returns the result. Both zones must stay unchanged meanwhile.
class ZoneComparison {
 public:
  ZoneComparison(const Zone& before, const Zone& after);
  std::optional<ZoneChange> advance(std::size_t owners_max);
};

}  // namespace zonecast::view
