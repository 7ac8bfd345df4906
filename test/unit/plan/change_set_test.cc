#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/plan/plan.h"
#include "test/unit/plan/random_tables.h"

namespace zonecast::plan {
namespace {

const HoldRule kNoHold = [](const derive::Domain&) { return std::string(); };

ChangeSet changes(const Table& from, const Table& to) {
  return plan(from, to, kNoHold).changes;
}

template <typename Change>
void expectWellFormed(const std::vector<Change>& list) {
  for (const auto& change : list) EXPECT_NE(change.before, change.after);
  // Strictly: an equal neighbour is out of order too.
  EXPECT_TRUE(std::ranges::is_sorted(list, std::ranges::less_equal{}, &Change::key));
}

TEST(ChangeSet, MergedIsAppliedAsOneAfterTheOther) {
  RandomTables random(1);
  for (int round = 0; round < 3000; ++round) {
    const auto a = random.fresh();
    const auto b = random.edited(a);
    const auto c = random.oneIn(2) ? random.edited(b) : random.fresh();
    const auto merged = merge(changes(a, b), changes(b, c));
    auto table = a;
    apply(merged, table);
    ASSERT_EQ(table, c);
    expectWellFormed(merged.domains);
    expectWellFormed(merged.virtual_domains);
    EXPECT_EQ(merged.domains, changes(a, c).domains);
    EXPECT_EQ(merged.virtual_domains, changes(a, c).virtual_domains);
  }
}

TEST(ChangeSet, ThereAndBackAgainIsEmpty) {
  RandomTables random(2);
  for (int round = 0; round < 1000; ++round) {
    const auto a = random.fresh();
    const auto b = random.edited(a);
    EXPECT_TRUE(merge(changes(a, b), changes(b, a)).empty());
  }
}

TEST(ChangeSet, MergeIsAssociative) {
  RandomTables random(3);
  for (int round = 0; round < 500; ++round) {
    const auto a = random.fresh(), b = random.edited(a), c = random.edited(b), d = random.edited(c);
    const auto x = changes(a, b), y = changes(b, c), z = changes(c, d);
    const auto left = merge(merge(x, y), z), right = merge(x, merge(y, z));
    EXPECT_EQ(left.domains, right.domains);
    EXPECT_EQ(left.virtual_domains, right.virtual_domains);
  }
}

TEST(ChangeSet, MergeKeepsTheCausesInOrder) {
  ChangeSet earlier, later;
  earlier.causes = {{"one", std::nullopt}, {"two", std::nullopt}};
  later.causes = {{"three", Instant{}}};
  const auto merged = merge(earlier, later);
  ASSERT_EQ(merged.causes.size(), 3u);
  EXPECT_EQ(merged.causes[0].text, "one");
  EXPECT_EQ(merged.causes[1].text, "two");
  EXPECT_EQ(merged.causes[2].text, "three");
  EXPECT_TRUE(merged.causes[2].noticed);
  EXPECT_TRUE(merged.empty());
}

TEST(ChangeSet, CountsItsChanges) {
  RandomTables random(4);
  const auto table = random.fresh();
  const auto all = changes(Table{}, table);
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(all.size(), table.domains.size() + table.virtual_domains.size());
}

}  // namespace
}  // namespace zonecast::plan
