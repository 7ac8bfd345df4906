#include "reconciler/view/arena.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace zonecast::view {

namespace {
constexpr std::uint32_t kReleasedMark = 0xffffffff;
}

Arena::Arena() {
  blocks_.push_back({.octets = nullptr, .capacity = 0, .used = 1});  // so that no cell is kNone
}

std::size_t Arena::unitsFor(std::size_t octets) {
  return (std::max(octets, sizeof(Released)) + kUnit - 1) / kUnit;
}

Arena::Ref Arena::allocate(std::size_t octets) {
  const std::size_t units = unitsFor(octets);
  if (units < free_.size() && free_[units] != kNone) {
    const Ref ref = free_[units];
    free_[units] = released(ref).next;
    dead_units_ -= units;
    return ref;
  }
  makeRoom(units);
  Block& block = blocks_.back();
  const Ref ref = static_cast<Ref>((blocks_.size() - 1) << 16 | block.used);
  block.used += units;
  return ref;
}

void Arena::release(Ref ref, std::size_t octets) {
  const std::size_t units = unitsFor(octets);
  if (free_.size() <= units) free_.resize(units + 1, kNone);
  new (at(ref))
      Released{.mark = kReleasedMark, .next = free_[units], .units = std::uint32_t(units)};
  free_[units] = ref;
  dead_units_ += units;
}

Arena::Ref Arena::first() const {
  return blocks_.front().used > 1 ? 1 : kNone;
}

Arena::Ref Arena::next(Ref ref, std::size_t octets) const {
  const std::size_t block = ref >> 16;
  const std::size_t unit = (ref & 0xffff) + unitsFor(octets);
  if (unit < blocks_[block].used) return static_cast<Ref>(block << 16 | unit);
  return block + 1 < blocks_.size() ? static_cast<Ref>((block + 1) << 16) : kNone;
}

bool Arena::isReleased(Ref ref) const {
  std::uint32_t mark;
  std::memcpy(&mark, at(ref), sizeof mark);
  return mark == kReleasedMark;
}

std::size_t Arena::releasedOctets(Ref ref) const {
  return released(ref).units * kUnit;
}

const Arena::Released& Arena::released(Ref ref) const {
  assert(isReleased(ref));
  return *reinterpret_cast<const Released*>(at(ref));
}

void Arena::makeRoom(std::size_t units) {
  const Block& last = blocks_.back();
  if (last.used + units <= last.capacity) return;
  if (blocks_.size() == 1 && last.used + units <= kBlockUnits) {
    growFirstBlock(last.used + units);
    return;
  }
  assert(units <= kBlockUnits && blocks_.size() < 0x10000);
  dead_units_ += last.capacity - last.used;
  units_ += kBlockUnits;
  blocks_.push_back({.octets = std::make_unique_for_overwrite<std::byte[]>(kBlockUnits * kUnit),
                     .capacity = kBlockUnits,
                     .used = 0});
}

void Arena::growFirstBlock(std::size_t units_at_least) {
  std::size_t capacity = std::max(blocks_.front().capacity, kFirstBlockUnits);
  while (capacity < units_at_least) capacity *= 2;
  resizeFirstBlock(std::min(capacity, kBlockUnits));
}

void Arena::trim() {
  if (blocks_.size() == 1 && blocks_.front().octets) resizeFirstBlock(blocks_.front().used);
}

void Arena::resizeFirstBlock(std::size_t capacity) {
  Block& first = blocks_.front();
  auto octets = std::make_unique_for_overwrite<std::byte[]>(capacity * kUnit);
  if (first.octets) std::memcpy(octets.get(), first.octets.get(), first.used * kUnit);
  first.octets = std::move(octets);
  units_ += capacity - first.capacity;
  first.capacity = capacity;
}

}  // namespace zonecast::view
