// A zone's memory: cells of any size up to 65,548 octets, named by 32 bits.
//
// Invariants: a cell keeps its Ref, its place and its bounds for ever; a released cell is handed
// out again only whole, for the same size, so whoever walks the cells in order of place may go on
// after cells came or went. Memory grows by blocks: only the first one, while it is smaller than
// the others (a small zone must cost little), is ever copied; pointers from at() end with
// allocate().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace zonecast::view {

class Arena {
 public:
  using Ref = std::uint32_t;  // block in the upper 16 bits, unit of 4 octets in the lower 16
  static constexpr Ref kNone = 0;

  Arena();

  void trim();  // gives back what a small arena holds beyond what was handed out

  Ref allocate(std::size_t octets);  // aligned to 4 octets, not initialised
  void release(Ref ref, std::size_t octets);

  std::byte* at(Ref ref) { return blocks_[ref >> 16].octets.get() + (ref & 0xffff) * kUnit; }
  const std::byte* at(Ref ref) const {
    return blocks_[ref >> 16].octets.get() + (ref & 0xffff) * kUnit;
  }

  // The cells in order of place, released ones included: kNone after the last.
  Ref first() const;
  Ref next(Ref ref, std::size_t octets) const;
  // A cell that is in use must not begin with 0xffffffff.
  bool isReleased(Ref ref) const;
  std::size_t releasedOctets(Ref ref) const;  // the size of a released cell

  std::size_t octets() const { return units_ * kUnit; }           // held
  std::size_t deadOctets() const { return dead_units_ * kUnit; }  // of these, without use now

 private:
  static constexpr std::size_t kUnit = 4;
  static constexpr std::size_t kBlockUnits = 0x10000;  // 256 KiB
  static constexpr std::size_t kFirstBlockUnits = 64;

  struct Block {
    std::unique_ptr<std::byte[]> octets;
    std::size_t capacity = 0, used = 0;  // units
  };
  // What stands in a cell while it is free.
  struct Released {
    std::uint32_t mark;
    Ref next;  // of the same size
    std::uint32_t units;
  };

  static std::size_t unitsFor(std::size_t octets);
  const Released& released(Ref ref) const;
  void makeRoom(std::size_t units);
  void growFirstBlock(std::size_t units_at_least);
  void resizeFirstBlock(std::size_t capacity);

  std::vector<Block> blocks_;
  std::vector<Ref> free_;  // by units: the first released cell of that size
  std::size_t units_ = 0, dead_units_ = 0;
};

}  // namespace zonecast::view
