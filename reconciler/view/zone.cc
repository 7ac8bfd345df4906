#include "reconciler/view/zone.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "reconciler/view/zone_content.h"

namespace zonecast::view {

using dns::RrType;

namespace {
constexpr std::size_t kDeadOctetsMin = 16 << 10;  // less is not worth a thought
}

Zone::Zone(dns::Name apex, ZoneLimits limits)
    : content_(std::make_unique<ZoneContent>(std::move(apex), limits)) {}
Zone::~Zone() = default;
Zone::Zone(Zone&&) noexcept = default;
Zone& Zone::operator=(Zone&&) noexcept = default;

tl::expected<void, Refusal> Zone::add(const dns::RecordView& record) {
  assert(content_->build_path && "a finished zone is changed by apply()");
  return content_->findOrAdd(record.owner, *content_->build_path, nullptr)
      .and_then([&](NodeRef node) { return content_->add(node, record, DuplicateTtl::lower); })
      .map([](const Edit&) {});
}

tl::expected<void, Refusal> Zone::finish() {
  if (content_->soaRecord() == kNone) {
    return tl::unexpected(Refusal{fmt::format("{} has no SOA", apex().toText())});
  }
  content_->build_path.reset();
  content_->readSoa();
  content_->names.trim();
  content_->records.trim();
  return {};
}

dns::NameView Zone::apex() const {
  return content_->names.apexName();
}
dns::Serial Zone::serial() const {
  return content_->serial;
}
dns::Soa Zone::soa() const {
  return content_->soa();
}

dns::Ttl Zone::negativeTtl() const {
  return content_->negative_ttl;
}

bool Zone::hasRecordsAt(dns::NameView name) const {
  const NameTree& names = content_->names;
  NodeRef ref = names.apex();
  for (std::size_t labels = apex().labelCount(); labels < name.labelCount() && ref != kNone;) {
    ref = names.child(ref, name.suffix(++labels).firstLabel());
  }
  return ref != kNone && names.node(ref).records != kNone;
}

std::size_t Zone::recordCount() const {
  return content_->record_count;
}

std::size_t Zone::octets() const {
  return sizeof(ZoneContent) + content_->names.octets() + content_->records.octets();
}

std::size_t Zone::deadOctets() const {
  return content_->names.deadOctets() + content_->records.deadOctets();
}

bool Zone::isSparse() const {
  const std::size_t dead = deadOctets();
  return dead > kDeadOctetsMin && dead > (octets() - dead) / 2;
}

namespace {

Zone::OwnerTypes ownerTypes(const NameTree& names, NodeRef ref) {
  const std::uint8_t types = names.node(ref).types;
  return {.naptr = (types & kHasNaptr) != 0,
          .srv = (types & kHasSrv) != 0,
          .txt = (types & kHasTxt) != 0,
          .address = (types & kHasAddress) != 0,
          .cut = (types & kHasNs) != 0 && ref != names.apex(),
          .dname = (types & kHasDname) != 0,
          .wildcard = names.isWildcard(ref)};
}

// Where a visit of records goes on: a node, and how many of its records were visited.
struct RecordCursor {
  NodeRef node;
  std::uint32_t visited;

  static RecordCursor from(std::uint64_t cursor, NodeRef start) {
    const auto node = static_cast<NodeRef>(cursor >> 32);
    return {node == kNone ? start : node, static_cast<std::uint32_t>(cursor)};
  }
  std::uint64_t pack() const { return std::uint64_t{node} << 32 | visited; }
};

// Visits at most `records_max` records of one owner after `skip`; returns how many it visited.
std::size_t visitChain(const ZoneContent& zone, NodeRef node, std::size_t skip,
                       std::size_t records_max, Zone::RecordVisitor visit) {
  NameBuffer buffer;
  const dns::NameView owner = zone.names.name(node, buffer);
  std::size_t visited = 0;
  for (RecordRef ref = zone.names.node(node).records; ref != kNone && visited < records_max;) {
    const Record& record = zone.records.record(ref);
    const bool kept = zone.keeps(record.type);
    const std::size_t count = kept ? 1 : record.value;
    const std::size_t skipped = std::min(skip, count);
    const std::size_t now = std::min(count - skipped, records_max - visited);
    for (std::size_t i = 0; i < now; ++i) {
      visit({.owner = owner,
             .type = record.type,
             .ttl = dns::Ttl(kept ? record.value : 0),
             .rdata = zone.records.rdata(ref)});
    }
    skip -= skipped;
    visited += now;
    ref = record.next;
  }
  return visited;
}

}  // namespace

std::optional<std::uint64_t> Zone::visitOwners(std::uint64_t cursor, std::size_t names_max,
                                               OwnerVisitor visit) const {
  const NameTree& names = content_->names;
  NodeRef ref = names.firstFrom(cursor == 0 ? names.start() : static_cast<NodeRef>(cursor));
  for (; ref != kNone && names_max > 0; --names_max) {
    NameBuffer buffer;
    if (names.node(ref).records != kNone) {
      visit(names.name(ref, buffer), ownerTypes(names, ref));
    }
    ref = names.firstFrom(names.following(ref));
  }
  if (ref == kNone) return std::nullopt;
  return ref;
}

std::optional<std::uint64_t> Zone::visitRecords(std::uint64_t cursor, std::size_t records_max,
                                                RecordVisitor visit) const {
  const NameTree& names = content_->names;
  auto at = RecordCursor::from(cursor, names.start());
  while (true) {
    const std::size_t visited = visitChain(*content_, at.node, at.visited, records_max, visit);
    at.visited += static_cast<std::uint32_t>(visited);
    records_max -= visited;
    if (records_max == 0) return at.pack();
    at = {names.firstFrom(names.following(at.node)), 0};
    if (at.node == kNone) return std::nullopt;
  }
}

}  // namespace zonecast::view
