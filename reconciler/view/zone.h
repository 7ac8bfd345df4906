// One transferred zone in memory, answering as an authoritative server would.
//
// Kept: the RRsets of the types `dns::isKept` names, in a catalog zone those of PTR too, and for
// every other type how many records of it an owner has. All of it lives in arenas with a sharded
// hash index, about 75 octets a record. A zone is built from a full transfer and changed by deltas;
// each whole or not at all: a failed apply() leaves the zone as it was.
//
// Invariants: exactly one SOA, at the apex; empty non-terminals exist as nodes without RRsets and
// go when the last name below them goes; no add() grows more than one shard of the index. Answers
// depend on the records alone, not on the order in which they came.
// What a lookup returns is valid until the zone changes. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::view {

class TreePath;

struct ZoneLimits {
  bool keeps_pointers = false;                // PTR, too: in a catalog zone
  std::uint32_t records_per_rrset_max = 100;  // of the types that are kept
  std::uint32_t types_per_owner_max = 256;    // of those that are not
  std::uint64_t records_max = 2'000'000;
  std::uint64_t octets_max = 512ull << 20;  // of memory
};

// Why a record, a whole zone or a delta is not taken.
struct Refusal {
  std::string text;
  bool is_limit = false;  // an option allows no more, and the text names it
};

// The RRset that answered: canonical RDATA in the zone's arena, in ascending order (RFC 4034
// section 6.3). Of a type that is not kept there is none to show.
struct RrsetView {
  absl::InlinedVector<std::span<const std::uint8_t>, 4> rdatas;
  dns::Ttl ttl;  // the lowest of its records (RFC 2181 section 5.2)
};

// What a zone says to one question, one step: CNAME and DNAME are reported, not followed.
struct ZoneAnswer {
  enum class Kind : std::uint8_t {
    data,
    nodata,  // the name exists (perhaps as an empty non-terminal) without that type
    nxdomain,
    cname,      // `target` says where to go on
    dname,      // likewise, already substituted (RFC 6672 section 3.2)
    tooLong,    // a DNAME substitution that exceeds 255 octets (YXDOMAIN)
    delegated,  // at or below a zone cut: another zone's matter; occluded data is never seen
  } kind{};
  RrsetView rrset;   // data; for cname and dname the CNAME or DNAME record itself
  dns::Name target;  // cname, dname
  dns::Name source;  // the owner that matched: the question's, a wildcard's, a cut's, a
                     // DNAME's; nxdomain: the closest encloser (RFC 4592 section 3.3.1)
};

// Names whose answers may have changed between two versions of a zone: in no particular order, each
// owner once. The SOA is left aside: every version has its own.
struct ZoneChange {
  // Owners whose own RRsets changed (added, removed, other RDATA; TTL alone does not count; of a
  // type that is not kept, whether there is any), and empty non-terminals that came or went.
  std::vector<dns::Name> owners;
  // Names below and at which *any* answer may have changed though no record there did: a cut, a
  // DNAME or a wildcard's parent that came, went or changed; the topmost name that came or went
  // beside a wildcard.
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

class ZoneContent;

class Zone {
 public:
  explicit Zone(dns::Name apex, ZoneLimits limits = {});
  ~Zone();
  Zone(Zone&&) noexcept;
  Zone& operator=(Zone&&) noexcept;

  // -- building from a full transfer: any number of add(), then finish()
  // A record that stands twice is kept once (RFC 2181 section 5). After a failure the zone is of no
  // use any more.
  tl::expected<void, Refusal> add(const dns::RecordView& record);
  // Fails without exactly one SOA at the apex. A finished zone is changed by apply() alone, and
  // what follows is for finished zones.
  tl::expected<void, Refusal> finish();

  // Applies a chain of deltas. On failure (wrong starting serial, a removal of what is not there, a
  // limit) nothing has changed. Time is proportional to the deltas. RFC 1995 does not forbid to add
  // what is there already: such a record gives it its TTL.
  tl::expected<ZoneChange, Refusal> apply(std::span<const Delta> chain);

  dns::NameView apex() const;
  dns::Serial serial() const;
  dns::Soa soa() const;
  dns::Ttl negativeTtl() const;  // RFC 2308 section 5

  // `name` is at or under the apex.
  ZoneAnswer lookup(dns::NameView name, dns::RrType type) const;
  // The same, beginning where the last question came to; `path` is of this zone as it is now.
  ZoneAnswer lookup(dns::NameView name, dns::RrType type, TreePath& path) const;
  TreePath pathFromApex() const;
  // Occluded or not; `name` is at or under the apex.
  bool hasRecordsAt(dns::NameView name) const;

  std::size_t recordCount() const;
  std::size_t octets() const;  // memory held
  // Memory that changes have left behind and that only records of the same size can use again.
  std::size_t deadOctets() const;
  // So much of it that the zone had better be built again, by visitRecords().
  bool isSparse() const;

  // Visits owner names from `cursor` on (0 at first), at most `names_max` names together with empty
  // non-terminals, with the set of types each has, occluded or not; returns the next cursor, or
  // nothing at the end. A cursor stays good over apply(): what was there all the time is visited
  // once.
  struct OwnerTypes {
    bool naptr = false, srv = false, txt = false, address = false, cut = false, dname = false,
         wildcard = false;
  };
  using OwnerVisitor = absl::FunctionRef<void(dns::NameView owner, OwnerTypes types)>;
  std::optional<std::uint64_t> visitOwners(std::uint64_t cursor, std::size_t names_max,
                                           OwnerVisitor visit) const;

  // Every kept record, and each record of other types as one with empty RDATA and TTL 0, in pieces
  // as above: what add() takes to build the same zone again. The zone must stay unchanged
  // meanwhile.
  using RecordVisitor = absl::FunctionRef<void(const dns::RecordView&)>;
  std::optional<std::uint64_t> visitRecords(std::uint64_t cursor, std::size_t records_max,
                                            RecordVisitor visit) const;

 private:
  friend class ZoneComparison;
  std::unique_ptr<ZoneContent> content_;
};

// Compares two versions of a zone in pieces, so that no call takes long: call advance() until it
// returns the result. Both zones must stay unchanged meanwhile.
class ZoneComparison {
 public:
  ZoneComparison(const Zone& before, const Zone& after);
  ~ZoneComparison();
  ZoneComparison(ZoneComparison&&) noexcept;
  ZoneComparison& operator=(ZoneComparison&&) noexcept;

  std::optional<ZoneChange> advance(std::size_t names_max);

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

}  // namespace zonecast::view
