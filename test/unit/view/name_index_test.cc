#include "reconciler/view/name_index.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace zonecast::view {
namespace {

Arena::Ref find(const NameIndex& index, std::uint32_t hash, Arena::Ref ref) {
  return index.find(hash, [ref](Arena::Ref candidate) { return candidate == ref; });
}

// Hashes of 5 bits, so that they collide and the searches run into each other and around the end.
TEST(NameIndex, EveryEntryIsFoundWhateverCameAndWent) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    NameIndex index;
    std::map<Arena::Ref, std::uint32_t> model;
    for (Arena::Ref ref = 1; ref < 100; ++ref) {
      const std::uint32_t hash = random() % 32;
      index.insert(hash, ref);
      model.emplace(ref, hash);
      if (random() % 3 == 0) {
        const auto gone = std::next(model.begin(), static_cast<int>(random() % model.size()));
        index.erase(gone->second, gone->first);
        EXPECT_EQ(find(index, gone->second, gone->first), Arena::kNone);
        model.erase(gone);
      }
      for (const auto& [entry, its_hash] : model) ASSERT_EQ(find(index, its_hash, entry), entry);
    }
  }
}

TEST(NameIndex, EntriesSurviveItsDivision) {
  NameIndex index;
  std::mt19937 random(1);
  std::map<Arena::Ref, std::uint32_t> model;
  for (Arena::Ref ref = 1; ref < 6'000; ++ref) {
    model[ref] = static_cast<std::uint32_t>(random());
    index.insert(model[ref], ref);
  }
  for (const auto& [ref, hash] : model) ASSERT_EQ(find(index, hash, ref), ref);
}

TEST(NameIndex, AnEmptyOneTakesNextToNothing) {
  EXPECT_LT(NameIndex().octets(), 100u);
}

}  // namespace
}  // namespace zonecast::view
