#include "reconciler/view/zone_content.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace zonecast::view {

using dns::RecordView;
using dns::RrType;

namespace {

std::string describe(const RecordView& record) {
  return fmt::format("{} {}", record.owner.toText(), dns::toText(record.type));
}

// What is parsed later must have been well-formed when it came in.
bool isReadable(const RecordView& record) {
  switch (record.type) {
    case RrType::soa:
      return dns::parseSoa(record.rdata).has_value();
    case RrType::cname:
    case RrType::dname:
    case RrType::ptr:
      return dns::parseSingleName(record.rdata).has_value();
    default:
      return record.rdata.size() <= 0xffff;
  }
}

}  // namespace

// Of the types that are not kept.
std::size_t ZoneContent::countedTypes(const Node& node) const {
  std::size_t count = 0;
  for (RecordRef ref = node.records; ref != kNone; ref = records.record(ref).next) {
    if (!keeps(records.record(ref).type)) ++count;
  }
  return count;
}

tl::expected<NodeRef, Refusal> ZoneContent::findOrAdd(dns::NameView owner, TreePath& path,
                                                      std::vector<NodeRef>* added) {
  if (!owner.isAtOrUnder(names.apexName())) {
    return tl::unexpected(Refusal{
        fmt::format("{} is outside the zone {}", owner.toText(), names.apexName().toText())});
  }
  return path.findOrAdd(names, Labels(owner, names.apexName()), added);
}

tl::expected<Edit, Refusal> ZoneContent::add(NodeRef node, const RecordView& record,
                                             DuplicateTtl duplicate) {
  if (auto why = objection(node, record)) return tl::unexpected(Refusal{*std::move(why)});
  if (record_count >= limits.records_max) {
    return tl::unexpected(
        Refusal{fmt::format("the zone has more than {} records (limits.zone_records_max)",
                            limits.records_max),
                true});
  }
  const bool kept = keeps(record.type);
  const Rdata rdata = storedRdata(record);
  if (const RecordRef there = records.find(names.node(node), record.type, rdata); there != kNone) {
    const std::uint32_t now = records.record(there).value;
    if (!kept) return revalue(node, there, now + 1);
    const std::uint32_t ttl = record.ttl.seconds();
    return revalue(node, there, duplicate == DuplicateTtl::lower ? std::min(now, ttl) : ttl);
  }
  if (auto why = limitReached(node, record)) return tl::unexpected(Refusal{*std::move(why), true});
  const RecordRef ref = records.create(record.type, kept ? record.ttl.seconds() : 1, rdata);
  Node& owner = names.node(node);
  const Edit edit{Edit::Kind::added, owner.types, node, ref, 0};
  records.link(owner, ref);
  ++record_count;
  return edit;
}

tl::expected<Edit, Refusal> ZoneContent::remove(NodeRef node, const RecordView& record) {
  Node& owner = names.node(node);
  const RecordRef ref = records.find(owner, record.type, storedRdata(record));
  if (ref == kNone) {
    return tl::unexpected(Refusal{describe(record) + " is to be removed and is not there"});
  }
  const std::uint32_t value = records.record(ref).value;
  if (!keeps(record.type) && value > 1) return revalue(node, ref, value - 1);
  const Edit edit{Edit::Kind::removed, owner.types, node, ref, 0};
  records.unlink(owner, ref);
  --record_count;
  return edit;
}

Edit ZoneContent::revalue(NodeRef node, RecordRef ref, std::uint32_t value) {
  Record& record = records.record(ref);
  if (record.value == value) return {};
  const Edit edit{Edit::Kind::revalued, names.node(node).types, node, ref, record.value};
  if (!keeps(record.type)) record_count += std::size_t{value} - record.value;
  record.value = value;
  return edit;
}

void ZoneContent::takeBack(const Edit& edit) {
  switch (edit.kind) {
    case Edit::Kind::none:
      break;
    case Edit::Kind::added:
      records.unlink(names.node(edit.node), edit.record);
      records.release(edit.record);
      --record_count;
      break;
    case Edit::Kind::removed:
      records.link(names.node(edit.node), edit.record);
      ++record_count;
      break;
    case Edit::Kind::revalued:
      revalue(edit.node, edit.record, edit.value_before);
      break;
  }
}

std::optional<std::string> ZoneContent::objection(NodeRef node, const RecordView& record) const {
  if (record.rrclass != dns::RrClass::in) return describe(record) + " is not of class IN";
  if (keeps(record.type) && !isReadable(record)) return describe(record) + " is malformed";
  if (record.type != RrType::soa) return std::nullopt;
  if (node != names.apex()) return describe(record) + " is not at the apex";
  const RecordRef soa = soaRecord();
  if (soa != kNone && !std::ranges::equal(records.rdata(soa), record.rdata)) {
    return describe(record) + " is a second one";
  }
  return std::nullopt;
}

std::optional<std::string> ZoneContent::limitReached(NodeRef node, const RecordView& record) const {
  if (names.arenaOctets() + records.octets() > limits.octets_max) {
    return fmt::format("the zone needs more than {} octets of memory (limits.zone_octets_max)",
                       limits.octets_max);
  }
  const Node& owner = names.node(node);
  if (!keeps(record.type)) {
    if (countedTypes(owner) < limits.types_per_owner_max) return std::nullopt;
    return fmt::format("{} has more than {} types that are not kept (limits.owner_types_max)",
                       record.owner.toText(), limits.types_per_owner_max);
  }
  if (records.rrsetSize(owner, record.type) < limits.records_per_rrset_max) return std::nullopt;
  return fmt::format("{} has more than {} records (limits.rrset_records_max)", describe(record),
                     limits.records_per_rrset_max);
}

dns::Soa ZoneContent::soa() const {
  const auto soa = dns::parseSoa(records.rdata(soaRecord()));
  assert(soa.has_value());
  return *soa;
}

void ZoneContent::readSoa() {
  const dns::Soa soa = this->soa();
  serial = soa.serial;
  negative_ttl = std::min(dns::Ttl(records.record(soaRecord()).value), dns::Ttl(soa.minimum_s));
}

}  // namespace zonecast::view
