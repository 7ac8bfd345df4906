#include "reconciler/view/name_index.h"

#include <algorithm>
#include <utility>

namespace zonecast::view {

namespace {
constexpr std::size_t kShards = 256;
constexpr std::size_t kInOneShard = 4096;
constexpr std::size_t kSlotsAtFirst = 8;
}  // namespace

void NameIndex::insert(std::uint32_t hash, Ref ref) {
  shardFor(hash).insert({ref, hash});
  if (shards_.size() == 1 && shards_.front().size > kInOneShard) divide();
}

// Closes the gap with those behind it that may stand there, so that no search ends too early.
void NameIndex::erase(std::uint32_t hash, Ref ref) {
  Shard& shard = shardFor(hash);
  std::size_t gap = shard.home(hash);
  while (shard.slots[gap].ref != ref) gap = shard.after(gap);
  const std::size_t mask = shard.slots.size() - 1;
  for (std::size_t at = shard.after(gap); shard.slots[at].ref != Arena::kNone;
       at = shard.after(at)) {
    const std::size_t home = shard.home(shard.slots[at].hash);
    if (((at - home) & mask) < ((at - gap) & mask)) continue;  // the gap is before its home
    shard.slots[gap] = shard.slots[at];
    gap = at;
  }
  shard.slots[gap] = {};
  --shard.size;
}

std::size_t NameIndex::octets() const {
  std::size_t octets = shards_.capacity() * sizeof(Shard);
  for (const Shard& shard : shards_) octets += shard.slots.capacity() * sizeof(Slot);
  return octets;
}

void NameIndex::divide() {
  const std::vector<Shard> whole = std::exchange(shards_, std::vector<Shard>(kShards));
  for (const Slot& slot : whole.front().slots) {
    if (slot.ref != Arena::kNone) shardFor(slot.hash).insert(slot);
  }
}

void NameIndex::Shard::insert(Slot slot) {
  if ((size + 1) * 8 > slots.size() * 7) grow();
  place(slot);
  ++size;
}

void NameIndex::Shard::place(Slot slot) {
  std::size_t at = home(slot.hash);
  while (slots[at].ref != Arena::kNone) at = after(at);
  slots[at] = slot;
}

void NameIndex::Shard::grow() {
  const std::vector<Slot> old =
      std::exchange(slots, std::vector<Slot>(std::max(slots.size() * 2, kSlotsAtFirst)));
  for (const Slot& slot : old) {
    if (slot.ref != Arena::kNone) place(slot);
  }
}

}  // namespace zonecast::view
