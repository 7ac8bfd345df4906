#include "adapters/table/view.h"

#include <cstring>

namespace zonecast::table {

const Node* View::nodeAt(Ref ref) const {
  const auto* node = reinterpret_cast<const Node*>(octetsAt(ref, kNodeOctets));
  if (node == nullptr) return nullptr;
  return octetsAt(ref, kNodeOctets + node->length) != nullptr ? node : nullptr;
}

std::string_view View::nameOf(const Node& node) const {
  return {reinterpret_cast<const char*>(&node) + kNodeOctets, node.length};
}

std::string_view View::nameOf(Ref ref) const {
  const Node* node = nodeAt(ref);
  return node == nullptr ? std::string_view() : nameOf(*node);
}

const Node* View::findHashed(std::string_view name, std::uint64_t hash) const {
  const std::uint64_t count = header().slots;
  const auto* slots = reinterpret_cast<const Slot*>(base_ + kHeaderOctets);
  const Slots where(hash, header());
  std::size_t i = where.first();
  for (std::uint64_t probes = 0; probes < count; ++probes) {
    const Slot slot = loadShared(slots[i]);
    if (slot == 0) return nullptr;
    if (where.mayBe(slot)) {
      const Node* node = nodeAt(where.nodeIn(slot));
      if (node != nullptr && nameOf(*node) == name) return node;
    }
    if (++i == count) i = 0;
  }
  return nullptr;
}

template <typename Record>
const Record* View::newest(const Ref& head) const {
  const Record* record = at<Record>(loadShared(head));
  while (record != nullptr && record->commit > commit_) {
    const Record* previous = at<Record>(record->previous);
    // In a damaged file a chain may be a ring.
    if (previous != nullptr && previous->commit >= record->commit) return nullptr;
    record = previous;
  }
  return record;
}

const DomainRecord* View::domainOf(const Node& node) const {
  return newest<DomainRecord>(node.domain);
}

const VirtualDomainRecord* View::virtualDomainOf(const Node& node) const {
  return newest<VirtualDomainRecord>(node.virtual_domain);
}

std::span<const Ref> View::membersOf(const VirtualDomainRecord& record) const {
  // Once: it becomes 0 when the file is given back.
  const std::size_t count = loadShared(record.member_count);
  if (count == 0) return {};
  const auto* members = at<Ref>(record.members, (count - 1) * sizeof(Ref));
  return members == nullptr ? std::span<const Ref>() : std::span(members, count);
}

std::string_view View::memberOf(const VirtualDomainRecord& record, std::size_t k) const {
  const std::span<const Ref> members = membersOf(record);
  return k < members.size() ? nameOf(members[k]) : std::string_view();
}

View::Attributes::Attributes(const View& view, const VirtualDomainRecord& record)
    : view_(view),
      at_(reinterpret_cast<const std::byte*>(&record + 1)),
      left_(record.attribute_octets) {
  const std::size_t behind = view.octets_ - static_cast<std::size_t>(at_ - view.base_);
  if (left_ > behind) left_ = 0;
}

std::optional<Attribute> View::Attributes::next() {
  if (left_ < sizeof(AttributeRecord)) return std::nullopt;
  const auto* record = reinterpret_cast<const AttributeRecord*>(at_);
  // Once: it becomes 0 when the file is given back.
  const std::size_t value_octets = loadShared(record->octets);
  const std::size_t octets = sizeof(AttributeRecord) + unitsOf(value_octets) * kUnit;
  if (octets > left_) return std::nullopt;
  const std::byte* value = at_ + sizeof(AttributeRecord);
  at_ += octets;
  left_ -= octets;

  name_ = record->name;
  Attribute attribute{view_.nameOf(name_), Value(std::string_view())};
  std::int64_t number = 0;
  if (value_octets == sizeof(number)) std::memcpy(&number, value, sizeof(number));
  switch (record->type) {
    case ValueType::integer:
      attribute.value = number;
      return attribute;
    case ValueType::boolean:
      attribute.value = number != 0;
      return attribute;
    case ValueType::seconds:
      attribute.value = Seconds{number};
      return attribute;
    case ValueType::text:
      attribute.value = std::string_view(reinterpret_cast<const char*>(value), value_octets);
      return attribute;
  }
  return std::nullopt;
}

}  // namespace zonecast::table
