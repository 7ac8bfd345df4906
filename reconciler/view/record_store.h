// The records of a zone: one chain to each node, in ascending order of type and RDATA.
//
// The order makes a zone's answers independent of the history by which it came to its content, and
// lets two zones be compared in step. Of a type that is not kept, a chain has one record without
// RDATA, which says how many the owner has.
// Invariants: no record stands in a chain twice; `types` of a node tells what is in its chain.
#pragma once

#include <compare>
#include <cstdint>
#include <span>

#include "reconciler/dns/record.h"
#include "reconciler/view/arena.h"
#include "reconciler/view/name_tree.h"

namespace zonecast::view {

using Rdata = std::span<const std::uint8_t>;

struct Record {
  RecordRef next = kNone;
  std::uint32_t value = 0;  // the TTL; of a type that is not kept, how many there are
  dns::RrType type{};
  std::uint16_t length = 0;
  // the RDATA's octets follow
};

class RecordStore {
 public:
  // A new record, in no chain yet.
  RecordRef create(dns::RrType type, std::uint32_t value, Rdata rdata);
  void release(RecordRef ref);

  Record& record(RecordRef ref) { return *reinterpret_cast<Record*>(arena_.at(ref)); }
  const Record& record(RecordRef ref) const {
    return *reinterpret_cast<const Record*>(arena_.at(ref));
  }
  Rdata rdata(RecordRef ref) const;

  RecordRef find(const Node& node, dns::RrType type, Rdata rdata) const;  // kNone: not there
  RecordRef firstOf(const Node& node, dns::RrType type) const;            // of the RRset
  RecordRef nextOf(RecordRef ref) const;                                  // within the RRset
  std::size_t rrsetSize(const Node& node, dns::RrType type) const;

  void link(Node& node, RecordRef ref);
  void unlink(Node& node, RecordRef ref);

  void trim() { arena_.trim(); }
  std::size_t octets() const { return arena_.octets(); }
  std::size_t deadOctets() const { return arena_.deadOctets(); }

 private:
  RecordRef* placeOf(Node& node, RecordRef ref);

  Arena arena_;
};

// By type, then RDATA as in RFC 4034 section 6.3.
std::strong_ordering compareRecords(dns::RrType a, Rdata a_rdata, dns::RrType b, Rdata b_rdata);

}  // namespace zonecast::view
