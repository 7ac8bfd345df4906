// What a Zone holds, and the steps by which it changes: each is checked before it is taken, and can
// be taken back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/record.h"
#include "reconciler/view/name_tree.h"
#include "reconciler/view/record_store.h"
#include "reconciler/view/tree_path.h"
#include "reconciler/view/zone.h"

namespace zonecast::view {

// One step: what became of one record of a node.
struct Edit {
  enum class Kind : std::uint8_t {
    none,      // a duplicate: nothing changed
    added,     // linked
    removed,   // unlinked, and not released before the change is whole
    revalued,  // another TTL, or another count of a type that is not kept
  } kind = Kind::none;
  std::uint8_t types_before = 0;  // of the node
  NodeRef node = kNone;
  RecordRef record = kNone;
  std::uint32_t value_before = 0;
};

// Two records of the same RDATA with differing TTLs: RFC 2181 section 5.2 takes the lower one where
// both stand in a zone; in a delta the later one is what the zone says now.
enum class DuplicateTtl : std::uint8_t { lower, later };

class ZoneContent {
 public:
  ZoneContent(dns::Name apex, const ZoneLimits& zone_limits)
      : limits(zone_limits), names(std::move(apex)), build_path(new TreePath(names.apex())) {}

  // The node of a name, which is added with what leads to it where it is missing.
  tl::expected<NodeRef, Refusal> findOrAdd(dns::NameView owner, TreePath& path,
                                           std::vector<NodeRef>* added);
  tl::expected<Edit, Refusal> add(NodeRef node, const dns::RecordView& record,
                                  DuplicateTtl duplicate);
  tl::expected<Edit, Refusal> remove(NodeRef node, const dns::RecordView& record);
  void takeBack(const Edit& edit);

  RecordRef soaRecord() const {
    return records.firstOf(names.node(names.apex()), dns::RrType::soa);
  }
  // Whether the RDATA of a type stands here, or only how many records there are.
  bool keeps(dns::RrType type) const {
    return dns::isKept(type) || (limits.keeps_pointers && type == dns::RrType::ptr);
  }
  dns::Soa soa() const;
  void readSoa();  // after every change that is whole

  ZoneLimits limits;
  NameTree names;
  RecordStore records;
  std::size_t record_count = 0;
  // What the SOA says, since every answer tells it.
  dns::Serial serial;
  dns::Ttl negative_ttl;                 // RFC 2308 section 5
  std::unique_ptr<TreePath> build_path;  // until the zone is finished

 private:
  Rdata storedRdata(const dns::RecordView& record) const {
    return keeps(record.type) ? record.rdata : Rdata{};
  }
  std::size_t countedTypes(const Node& node) const;
  std::optional<std::string> objection(NodeRef node, const dns::RecordView& record) const;
  std::optional<std::string> limitReached(NodeRef node, const dns::RecordView& record) const;
  Edit revalue(NodeRef node, RecordRef record, std::uint32_t value);
};

}  // namespace zonecast::view
