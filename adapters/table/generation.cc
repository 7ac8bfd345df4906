#include "adapters/table/generation.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace zonecast::table {
namespace {

constexpr std::size_t textOctets(std::size_t name) {
  return unitsOf(kNodeOctets + name) * kUnit;
}
constexpr std::size_t nameOctets(std::size_t name) {
  return inLines(textOctets(name) + sizeof(DomainRecord));
}

std::string_view textOf(const Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text == nullptr ? std::string_view() : *text;
}

std::size_t valueOctets(const Value& value) {
  return std::holds_alternative<std::string_view>(value) ? textOf(value).size()
                                                         : sizeof(std::int64_t);
}

std::size_t attributeOctets(const Attribute& attribute) {
  return sizeof(AttributeRecord) + unitsOf(valueOctets(attribute.value)) * kUnit;
}

std::size_t attributeOctets(std::span<const Attribute> attributes) {
  std::size_t octets = 0;
  for (const Attribute& attribute : attributes) octets += attributeOctets(attribute);
  return octets;
}

std::pair<ValueType, std::int64_t> typeAndNumber(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return {ValueType::integer, *integer};
  if (const auto* boolean = std::get_if<bool>(&value))
    return {ValueType::boolean, *boolean ? 1 : 0};
  if (const auto* seconds = std::get_if<Seconds>(&value))
    return {ValueType::seconds, seconds->count};
  return {ValueType::text, 0};
}

bool isOurs(DomainKind kind) {
  return kind == DomainKind::hosted || kind == DomainKind::retiring;
}

DomainKind kindBefore(const DomainRecord* record) {
  return record == nullptr ? DomainKind::removed : record->kind;
}

}  // namespace

bool Generation::canGoOn(const Mapping& mapping) {
  const Header& header = mapping.header();
  const std::uint64_t begin = (kHeaderOctets + indexOctets(header.slots)) / kUnit;
  const std::uint64_t end = header.octets / kUnit;
  const std::uint64_t commit = header.committed >> 32, ref = header.committed & UINT32_MAX;
  const std::uint64_t units = unitsOf(sizeof(CommitRecord));
  const bool is_possible = header.free_from >= begin && header.free_from % (kLine / kUnit) == 0 &&
                           header.free_from <= header.free_until && header.free_until <= end;
  if (!is_possible) return false;
  // Each commit has a record of its own.
  return commit > 0 && commit * units <= end - header.free_until && ref >= header.free_until &&
         ref + units <= end;
}

Generation::Generation(std::shared_ptr<Mapping> mapping) : mapping_(std::move(mapping)) {
  Header& header = mapping_->header();
  commit_ = static_cast<Commit>(header.committed >> 32);
  free_from_ = header.free_from;
  free_until_ = header.free_until;
  takeBackUncommitted();
  if (const CommitRecord* record = newest().commitRecord(static_cast<Ref>(header.committed))) {
    counts_ = {record->domains, record->virtual_domains, record->foreign};
  }
  committed_counts_ = counts_;
}

Generation::Generation(std::shared_ptr<Mapping> mapping, const Beginning& beginning)
    : mapping_(std::move(mapping)) {
  Header& header = *new (mapping_->base()) Header();
  header.magic = kMagic;
  header.format = kFormat;
  header.header_octets = kHeaderOctets;
  header.octets = mapping_->octets();
  header.generation = beginning.number;
  header.first_commit = beginning.first_commit;
  header.seed = beginning.seed;
  header.slots = std::max<std::size_t>(beginning.names + beginning.names / 2, 64);
  header.ref_bits = static_cast<std::uint64_t>(std::bit_width(header.octets / kUnit));
  header.boot = bootId();
  header.checksum = checksumOf(header);
  header.free_from = free_from_ = (kHeaderOctets + indexOctets(header.slots)) / kUnit;
  header.free_until = free_until_ = header.octets / kUnit;
}

std::size_t Generation::octetsFor(std::size_t names, std::size_t arena_octets) {
  const std::size_t slots = std::max<std::size_t>(names + names / 2, 64);
  return kHeaderOctets + indexOctets(slots) + unitsOf(arena_octets) * kUnit;
}

View Generation::committed() const {
  return View(mapping_->base(), mapping_->octets(), commit_);
}

// The writer before us may have been killed at any point. Its nodes may stay; that it put records
// for a commit that never was must not show when we reach the same commit.
void Generation::takeBackUncommitted() {
  const View committed = this->committed();
  for (const Slot slot : slots()) {
    if (slot == 0) continue;
    ++names_;
    const Ref ref = Slots::nodeIn(slot, mapping_->header().ref_bits);
    if (const Node* found = committed.nodeAt(ref)) {
      takeBackTo(committed.domainOf(*found), node(ref).domain);
      takeBackTo(committed.virtualDomainOf(*found), node(ref).virtual_domain);
    }
  }
}

void Generation::takeBackTo(const void* record, Ref& head) {
  storeShared(head, record == nullptr ? 0 : refOf(record));
}

std::span<Slot> Generation::slots() {
  return {reinterpret_cast<Slot*>(mapping_->base() + kHeaderOctets), mapping_->header().slots};
}

Ref Generation::refOf(const void* place) const {
  return static_cast<Ref>((static_cast<const std::byte*>(place) - mapping_->base()) / kUnit);
}

bool Generation::hasRoom(const Extent& wanted) const {
  const Header& header = mapping_->header();
  // Beyond this, probing gets long.
  const bool index_has_room = names_ + wanted.names <= header.slots - header.slots / 8;
  return index_has_room && free_from_ + unitsOf(wanted.octets) <= free_until_;
}

bool Generation::mayTake(const Extent& most) {
  const bool may = hasRoom(most);
  if (!may) missed_ = most;
  return may;
}

Extent Generation::live() const {
  const View view = newest();
  Extent extent;
  std::vector<bool> is_counted(mapping_->octets() / kUnit);
  const auto count = [&](Ref ref, Place place) {
    const Node* found = view.nodeAt(ref);
    if (found == nullptr || is_counted[ref]) return;
    is_counted[ref] = true;
    ++extent.names;
    extent.octets += place == Place::names ? nameOctets(found->length) : textOctets(found->length);
  };
  eachNode([&](const Node& node) {
    const DomainRecord* record = view.domainOf(node);
    if (kindBefore(record) == DomainKind::removed) return true;
    count(refOf(&node), Place::names);
    if (isOurs(record->kind)) count(record->virtual_domain, Place::names);
    return true;
  });
  eachNode([&](const Node& node) {
    const VirtualDomainRecord* record = view.virtualDomainOf(node);
    if (record == nullptr || record->removed != 0) return true;
    count(refOf(&node), Place::names);
    count(record->canonical, Place::names);
    for (const Ref member : view.membersOf(*record)) count(member, Place::names);
    count(record->customer, Place::rest);
    View::Attributes attributes(view, *record);
    while (attributes.next()) count(attributes.name(), Place::rest);
    extent.octets += recordUnits(*record) * kUnit;
    return true;
  });
  return extent;
}

// Said before anything is written there: whoever goes on after us never writes it again.
Ref Generation::allocate(std::size_t octets) {
  free_until_ -= unitsOf(octets);
  assert(free_from_ <= free_until_);
  storeShared<std::uint64_t>(mapping_->header().free_until, free_until_);
  return static_cast<Ref>(free_until_);
}

Ref Generation::allocateLines(std::size_t octets) {
  const auto ref = static_cast<Ref>(free_from_);
  free_from_ += inLines(octets) / kUnit;
  assert(free_from_ <= free_until_);
  storeShared<std::uint64_t>(mapping_->header().free_from, free_from_);
  return ref;
}

Ref Generation::nodeFor(std::string_view name, Place place) {
  const std::uint64_t hash = hashOf(name, mapping_->header().seed);
  if (const Node* found = newest().findHashed(name, hash)) return refOf(found);

  const Ref ref = place == Place::names ? allocateLines(nameOctets(name.size()))
                                        : allocate(textOctets(name.size()));
  Node& made = node(ref);
  made.domain = 0;
  made.virtual_domain = 0;
  made.length = static_cast<std::uint8_t>(name.size());
  std::memcpy(reinterpret_cast<std::byte*>(&made) + kNodeOctets, name.data(), name.size());
  const auto all = slots();
  const Slots where(hash, mapping_->header());
  std::size_t i = where.first();
  while (all[i] != 0) i = i + 1 == all.size() ? 0 : i + 1;
  storeShared(all[i], where.leadingTo(ref));
  ++names_;
  return ref;
}

template <typename Record>
void Generation::lead(Ref& head, Ref record_ref) {
  auto& record = *reinterpret_cast<Record*>(place(record_ref));
  const auto* before = newest().at<Record>(head);
  record.commit = commit_ + 1;
  // Of two records for one commit only the later is ever looked at.
  record.previous = before != nullptr && before->commit == record.commit ? before->previous : head;
  touched_.push_back({&head, head});
  storeShared(head, record_ref);
}

void Generation::count(DomainKind before, DomainKind after) {
  counts_.domains +=
      static_cast<std::size_t>(isOurs(after)) - static_cast<std::size_t>(isOurs(before));
  counts_.foreign += static_cast<std::size_t>(after == DomainKind::foreign) -
                     static_cast<std::size_t>(before == DomainKind::foreign);
}

Generation::Put Generation::putDomainRecord(Ref node_ref, DomainRecord record) {
  const DomainRecord* before = newest().domainOf(node(node_ref));
  const DomainKind kind = kindBefore(before);
  const auto replaced = isOurs(kind) ? std::optional(before->sum_or_until) : std::nullopt;
  count(kind, record.kind);
  Ref ref = node_ref + static_cast<Ref>(textOctets(node(node_ref).length) / kUnit);
  const bool has_room = node_ref < free_from_ && newest().at<DomainRecord>(ref)->commit == 0;
  if (!has_room) ref = allocate(sizeof(DomainRecord));
  std::memcpy(place(ref), &record, sizeof(record));
  lead<DomainRecord>(node(node_ref).domain, ref);
  return {true, replaced};
}

Generation::Put Generation::putDomain(const DomainRow& row) {
  const std::size_t octets =
      nameOctets(row.name.size()) + nameOctets(row.did.size()) + sizeof(DomainRecord);
  if (!mayTake({2, octets})) return {false};
  DomainRecord record{};
  record.virtual_domain = nodeFor(row.did, Place::names);
  record.kind = row.state == State::hosted ? DomainKind::hosted : DomainKind::retiring;
  record.transports = row.transports;
  record.role = static_cast<std::uint8_t>(row.role);
  record.sum_or_until = row.sum;
  return putDomainRecord(nodeFor(row.name, Place::names), record);
}

Generation::Put Generation::putForeign(std::string_view name, std::int64_t until) {
  if (!mayTake({1, nameOctets(name.size()) + sizeof(DomainRecord)})) return {false};
  const Ref node_ref = nodeFor(name, Place::names);
  if (isOurs(kindBefore(newest().domainOf(node(node_ref))))) return {};
  DomainRecord record{};
  record.kind = DomainKind::foreign;
  record.sum_or_until = static_cast<std::uint64_t>(until);
  return putDomainRecord(node_ref, record);
}

Generation::Put Generation::removeDomain(std::string_view name) {
  const Node* found = newest().find(name);
  const DomainRecord* before = found == nullptr ? nullptr : newest().domainOf(*found);
  if (kindBefore(before) == DomainKind::removed) return {};
  if (!mayTake({0, sizeof(DomainRecord)})) return {false};
  return putDomainRecord(refOf(found), DomainRecord{});
}

std::size_t Generation::recordUnits(const VirtualDomainRecord& record) {
  return unitsOf(sizeof(VirtualDomainRecord) + record.attribute_octets) +
         unitsOf(record.member_count * sizeof(Ref));
}

// The members of the record before, when they are the same: a change of an attribute costs nothing
// for each of ten thousand domains.
Ref Generation::membersFor(const VirtualDomainRow& row, const VirtualDomainRecord* before) {
  if (row.domains.empty()) return 0;
  std::vector<Ref> members;
  members.reserve(row.domains.size());
  for (const std::string_view name : row.domains) members.push_back(nodeFor(name, Place::names));
  if (before != nullptr && before->member_count == members.size()) {
    const auto* old = newest().at<Ref>(before->members, (members.size() - 1) * sizeof(Ref));
    if (old != nullptr && std::equal(members.begin(), members.end(), old)) return before->members;
  }
  const Ref ref = allocate(members.size() * sizeof(Ref));
  std::memcpy(place(ref), members.data(), members.size() * sizeof(Ref));
  return ref;
}

// Most virtual domains have the attributes of the one before.
void Generation::findAttributeNames(std::span<const Attribute> attributes) {
  attribute_names_.resize(attributes.size());
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const bool is_same = newest().nameOf(attribute_names_[i]) == attributes[i].name;
    if (!is_same || attribute_names_[i] == 0) {
      attribute_names_[i] = nodeFor(attributes[i].name, Place::rest);
    }
  }
}

std::byte* Generation::writeAttribute(std::byte* at, const Attribute& attribute, Ref name) {
  const auto [type, number] = typeAndNumber(attribute.value);
  const std::size_t octets = valueOctets(attribute.value);
  AttributeRecord record{};
  record.name = name;
  record.type = type;
  record.octets = static_cast<std::uint16_t>(octets);
  std::memcpy(at, &record, sizeof(record));
  const std::string_view text = textOf(attribute.value);
  const void* value = type == ValueType::text ? static_cast<const void*>(text.data()) : &number;
  if (octets > 0) std::memcpy(at + sizeof(record), value, octets);
  return at + sizeof(record) + unitsOf(octets) * kUnit;
}

Extent Generation::wantedFor(const VirtualDomainRow& row, bool only_new) const {
  Extent wanted{0, sizeof(VirtualDomainRecord) + attributeOctets(row.attributes) +
                       unitsOf(row.domains.size() * sizeof(Ref)) * kUnit};
  const View view = newest();
  const auto count = [&](std::string_view name) {
    if (only_new && view.find(name) != nullptr) return;
    ++wanted.names;
    wanted.octets += nameOctets(name.size());
  };
  count(row.did);
  count(row.customer);
  count(row.canonical);
  for (const std::string_view name : row.domains) count(name);
  for (const Attribute& attribute : row.attributes) count(attribute.name);
  return wanted;
}

Generation::Put Generation::putVirtualDomain(const VirtualDomainRow& row) {
  // Names are looked for only where it matters: most that it mentions are there already, and there
  // may be ten thousand.
  if (!mayTake(wantedFor(row, false)) && !hasRoom(wantedFor(row, true))) return {false};

  // All names before the record, which is one piece with its attributes.
  findAttributeNames(row.attributes);
  VirtualDomainRecord record{};
  const Ref node_ref = nodeFor(row.did, Place::names);
  record.canonical = nodeFor(row.canonical, Place::names);
  record.customer = nodeFor(row.customer, Place::rest);
  const VirtualDomainRecord* before = newest().virtualDomainOf(node(node_ref));
  record.members = membersFor(row, before);
  record.member_count = static_cast<std::uint32_t>(row.domains.size());
  record.attribute_octets = static_cast<std::uint32_t>(attributeOctets(row.attributes));
  record.attribute_count = static_cast<std::uint16_t>(row.attributes.size());
  record.sum = row.sum;
  const bool is_new = before == nullptr || before->removed != 0;
  const auto replaced = is_new ? std::nullopt : std::optional(before->sum);
  counts_.virtual_domains += is_new ? 1 : 0;

  const Ref ref = allocate(sizeof(record) + record.attribute_octets);
  std::memcpy(place(ref), &record, sizeof(record));
  std::byte* at = place(ref) + sizeof(record);
  for (std::size_t i = 0; i < row.attributes.size(); ++i) {
    at = writeAttribute(at, row.attributes[i], attribute_names_[i]);
  }
  lead<VirtualDomainRecord>(node(node_ref).virtual_domain, ref);
  return {true, replaced};
}

Generation::Put Generation::removeVirtualDomain(std::string_view did) {
  const Node* found = newest().find(did);
  const VirtualDomainRecord* before = found == nullptr ? nullptr : newest().virtualDomainOf(*found);
  if (before == nullptr || before->removed != 0) return {};
  if (!mayTake({0, sizeof(VirtualDomainRecord)})) return {false};
  const std::uint64_t replaced = before->sum;
  VirtualDomainRecord record{};
  record.removed = 1;
  --counts_.virtual_domains;
  const Ref ref = allocate(sizeof(record));
  std::memcpy(place(ref), &record, sizeof(record));
  lead<VirtualDomainRecord>(node(refOf(found)).virtual_domain, ref);
  return {true, replaced};
}

bool Generation::show(const Position& position) {
  if (!mayTake({0, sizeof(CommitRecord)})) return false;
  CommitRecord record{};
  record.term = position.term;
  record.version = position.version;
  record.content = position.content;
  record.domains = static_cast<std::uint32_t>(counts_.domains);
  record.virtual_domains = static_cast<std::uint32_t>(counts_.virtual_domains);
  record.foreign = static_cast<std::uint32_t>(counts_.foreign);
  record.lineage_octets =
      static_cast<std::uint32_t>(std::min(position.lineage.size(), record.lineage.size()));
  std::memcpy(record.lineage.data(), position.lineage.data(), record.lineage_octets);
  std::memcpy(record.chain.data(), position.chain.data(),
              std::min(position.chain.size(), record.chain.size()));
  const Ref ref = allocate(sizeof(record));
  std::memcpy(place(ref), &record, sizeof(record));
  ++commit_;
  shown_before_ = mapping_->header().committed;
  storeShared<std::uint64_t>(mapping_->header().committed, std::uint64_t{commit_} << 32 | ref);
  return true;
}

void Generation::hide() {
  --commit_;
  storeShared<std::uint64_t>(mapping_->header().committed, shown_before_);
}

void Generation::settle() {
  touched_.clear();
  committed_counts_ = counts_;
}

void Generation::abandon() {
  for (auto it = touched_.rbegin(); it != touched_.rend(); ++it) storeShared(*it->head, it->before);
  touched_.clear();
  counts_ = committed_counts_;
}

}  // namespace zonecast::table
