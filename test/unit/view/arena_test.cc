#include "reconciler/view/arena.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace zonecast::view {
namespace {

TEST(Arena, CellsKeepTheirContentWhileOthersCome) {
  Arena arena;
  std::vector<Arena::Ref> refs;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    refs.push_back(arena.allocate(12 + i % 50));
    EXPECT_NE(refs.back(), Arena::kNone);
    std::memcpy(arena.at(refs.back()), &i, sizeof i);
  }
  for (std::uint32_t i = 0; i < refs.size(); ++i) {
    std::uint32_t content;
    std::memcpy(&content, arena.at(refs[i]), sizeof content);
    ASSERT_EQ(content, i);
  }
}

TEST(Arena, AReleasedCellIsHandedOutAgainForItsSizeOnly) {
  Arena arena;
  const Arena::Ref cell = arena.allocate(20);
  arena.release(cell, 20);
  EXPECT_TRUE(arena.isReleased(cell));
  EXPECT_EQ(arena.deadOctets(), 20u);
  EXPECT_NE(arena.allocate(24), cell);
  EXPECT_NE(arena.allocate(16), cell);
  EXPECT_EQ(arena.allocate(20), cell);
  EXPECT_EQ(arena.deadOctets(), 0u);
}

TEST(Arena, AWalkMeetsEveryCellOnceInOrderOfPlace) {
  Arena arena;
  EXPECT_EQ(arena.first(), Arena::kNone);
  constexpr std::size_t kCell = 100'000;  // two of them fill most of a block
  std::vector<Arena::Ref> refs;
  for (int i = 0; i < 7; ++i) {
    refs.push_back(arena.allocate(kCell));
    std::memset(arena.at(refs.back()), 0, 4);
  }
  arena.release(refs[3], kCell);
  std::vector<Arena::Ref> met;
  for (Arena::Ref ref = arena.first(); ref != Arena::kNone;) {
    met.push_back(ref);
    ref = arena.next(ref, arena.isReleased(ref) ? arena.releasedOctets(ref) : kCell);
  }
  EXPECT_EQ(met, refs);
}

TEST(Arena, AFewCellsTakeLittle) {
  Arena arena;
  EXPECT_EQ(arena.octets(), 0u);
  arena.allocate(40);
  EXPECT_LE(arena.octets(), 256u);
}

}  // namespace
}  // namespace zonecast::view
