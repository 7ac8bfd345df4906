#include "reconciler/view/record_store.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <string_view>

namespace zonecast::view {

using dns::RrType;

namespace {

std::uint8_t bitOf(RrType type) {
  switch (type) {
    case RrType::naptr:
      return kHasNaptr;
    case RrType::srv:
      return kHasSrv;
    case RrType::txt:
      return kHasTxt;
    case RrType::a:
    case RrType::aaaa:
      return kHasAddress;
    case RrType::ns:
      return kHasNs;
    case RrType::cname:
      return kHasCname;
    case RrType::dname:
      return kHasDname;
    default:
      return 0;
  }
}

std::string_view text(Rdata rdata) {
  return {reinterpret_cast<const char*>(rdata.data()), rdata.size()};
}

}  // namespace

std::strong_ordering compareRecords(RrType a, Rdata a_rdata, RrType b, Rdata b_rdata) {
  if (a != b) return a <=> b;
  return text(a_rdata) <=> text(b_rdata);  // char_traits<char> compares as unsigned octets
}

RecordRef RecordStore::create(RrType type, std::uint32_t value, Rdata rdata) {
  assert(rdata.size() <= 0xffff);
  const RecordRef ref = arena_.allocate(sizeof(Record) + rdata.size());
  new (arena_.at(ref)) Record{.next = kNone,
                              .value = value,
                              .type = type,
                              .length = static_cast<std::uint16_t>(rdata.size())};
  std::copy(rdata.begin(), rdata.end(),
            reinterpret_cast<std::uint8_t*>(arena_.at(ref) + sizeof(Record)));
  return ref;
}

void RecordStore::release(RecordRef ref) {
  arena_.release(ref, sizeof(Record) + record(ref).length);
}

Rdata RecordStore::rdata(RecordRef ref) const {
  return {reinterpret_cast<const std::uint8_t*>(arena_.at(ref) + sizeof(Record)),
          record(ref).length};
}

RecordRef RecordStore::firstOf(const Node& node, RrType type) const {
  RecordRef ref = node.records;
  while (ref != kNone && record(ref).type < type) ref = record(ref).next;
  return ref != kNone && record(ref).type == type ? ref : kNone;
}

RecordRef RecordStore::nextOf(RecordRef ref) const {
  const RecordRef next = record(ref).next;
  return next != kNone && record(next).type == record(ref).type ? next : kNone;
}

RecordRef RecordStore::find(const Node& node, RrType type, Rdata rdata) const {
  for (RecordRef ref = firstOf(node, type); ref != kNone; ref = nextOf(ref)) {
    if (text(this->rdata(ref)) == text(rdata)) return ref;
  }
  return kNone;
}

std::size_t RecordStore::rrsetSize(const Node& node, RrType type) const {
  std::size_t size = 0;
  for (RecordRef ref = firstOf(node, type); ref != kNone; ref = nextOf(ref)) ++size;
  return size;
}

// The link that leads to `ref`, or that has to lead there.
RecordRef* RecordStore::placeOf(Node& node, RecordRef ref) {
  const RrType type = record(ref).type;
  RecordRef* link = &node.records;
  while (*link != kNone && *link != ref &&
         compareRecords(record(*link).type, rdata(*link), type, rdata(ref)) < 0) {
    link = &record(*link).next;
  }
  return link;
}

void RecordStore::link(Node& node, RecordRef ref) {
  RecordRef* link = placeOf(node, ref);
  record(ref).next = *link;
  *link = ref;
  node.types |= bitOf(record(ref).type);
}

void RecordStore::unlink(Node& node, RecordRef ref) {
  RecordRef* link = placeOf(node, ref);
  assert(*link == ref);
  *link = record(ref).next;
  node.types = 0;
  for (RecordRef left = node.records; left != kNone; left = record(left).next) {
    node.types |= bitOf(record(left).type);
  }
}

}  // namespace zonecast::view
