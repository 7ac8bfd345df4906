// Finds the nodes of a NameTree by hash: open addressing, with the hash beside each reference, so
// that a node's own memory is touched only when the hashes agree, and never to grow.
//
// Invariants: a shard is at most 7/8 full, and between the slot that an entry's hash names and the
// entry there is no empty one. There is one shard while the index is small and 256 above: growing
// one of these, the most that any call does, moves some thousand entries in an index of a million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reconciler/view/arena.h"

namespace zonecast::view {

class NameIndex {
 public:
  using Ref = Arena::Ref;

  NameIndex() : shards_(1) {}

  // The entry of that hash for which `matches(ref)`; kNone when there is none.
  template <typename Matches>
  Ref find(std::uint32_t hash, Matches matches) const {
    const Shard& shard = shardFor(hash);
    if (shard.slots.empty()) return Arena::kNone;
    for (std::size_t at = shard.home(hash);; at = shard.after(at)) {
      const Slot& slot = shard.slots[at];
      if (slot.ref == Arena::kNone) return Arena::kNone;
      if (slot.hash == hash && matches(slot.ref)) return slot.ref;
    }
  }
  void insert(std::uint32_t hash, Ref ref);  // which is not there yet
  void erase(std::uint32_t hash, Ref ref);   // which is there

  std::size_t octets() const;

 private:
  struct Slot {
    Ref ref = Arena::kNone;
    std::uint32_t hash = 0;
  };
  struct Shard {
    std::vector<Slot> slots;  // a power of two of them, or none
    std::size_t size = 0;

    std::size_t home(std::uint32_t hash) const { return hash & (slots.size() - 1); }
    std::size_t after(std::size_t at) const { return (at + 1) & (slots.size() - 1); }
    void insert(Slot slot);
    void place(Slot slot);
    void grow();
  };

  const Shard& shardFor(std::uint32_t hash) const {
    return shards_[shards_.size() == 1 ? 0 : hash >> 24];
  }
  Shard& shardFor(std::uint32_t hash) { return shards_[shards_.size() == 1 ? 0 : hash >> 24]; }
  void divide();

  std::vector<Shard> shards_;
};

}  // namespace zonecast::view
