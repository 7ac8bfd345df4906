// The table in step.h, line by line.
#include "reconciler/catalog/step.h"

#include <gtest/gtest.h>

namespace zonecast::catalog {
namespace {

using From = Present::From;

const Member kListed{{{"a", {"g"}, std::nullopt}}};

Present present(From from) {
  return {.from = from, .same_customer = true, .leaving = false, .label = "a", .groups = {"g"}};
}

TEST(Step, WhatNobodyHasIsAdded) {
  EXPECT_EQ(stepFor(std::nullopt, &kListed), Step::add);
  EXPECT_EQ(stepFor(std::nullopt, nullptr), Step::none);
}

TEST(Step, WhatIsAsListedStays) {
  EXPECT_EQ(stepFor(present(From::thisCatalog), &kListed), Step::none);
}

TEST(Step, OtherGroupsRegroup) {
  Present other = present(From::thisCatalog);
  other.groups = {};
  EXPECT_EQ(stepFor(other, &kListed), Step::regroup);
}

// RFC 9432 section 5.4
TEST(Step, AnotherLabelResets) {
  Present other = present(From::thisCatalog);
  other.label = "b";
  EXPECT_EQ(stepFor(other, &kListed), Step::reset);
  const Member twice{{{"a", {}, std::nullopt}, {"b", {"g"}, std::nullopt}}};
  EXPECT_EQ(stepFor(other, &twice), Step::none);
}

// RFC 9432 section 5.3
TEST(Step, OnlyWhatThisCatalogBroughtLeaves) {
  EXPECT_EQ(stepFor(present(From::thisCatalog), nullptr), Step::leave);
  EXPECT_EQ(stepFor(present(From::anotherCatalog), nullptr), Step::none);
  EXPECT_EQ(stepFor(present(From::elsewhere), nullptr), Step::none);
  Present leaving = present(From::thisCatalog);
  leaving.leaving = true;
  EXPECT_EQ(stepFor(leaving, nullptr), Step::none);
}

// RFC 9432 section 5.2
TEST(Step, WhatIsThereAlreadyKeepsItsName) {
  EXPECT_EQ(stepFor(present(From::anotherCatalog), &kListed), Step::clash);
  EXPECT_EQ(stepFor(present(From::elsewhere), &kListed), Step::clash);
}

// RFC 9432 section 4.3.1
TEST(Step, ChangeOfOwnershipMoves) {
  Present moving = present(From::anotherCatalog);
  moving.comes_here = true;
  EXPECT_EQ(stepFor(moving, &kListed), Step::move);
  EXPECT_EQ(stepFor(moving, nullptr), Step::none);  // the new owner does not list it yet
}

TEST(Step, NothingCrossesCustomers) {
  for (const From from : {From::anotherCatalog, From::elsewhere}) {
    for (const bool leaving : {false, true}) {
      Present others = present(from);
      others.same_customer = false;
      others.comes_here = true;
      others.leaving = leaving;
      EXPECT_EQ(stepFor(others, &kListed), Step::clash);
      EXPECT_EQ(stepFor(others, nullptr), Step::none);
    }
  }
}

TEST(Step, WhatIsLeavingComesBack) {
  for (const From from : {From::thisCatalog, From::anotherCatalog, From::elsewhere}) {
    Present leaving = present(from);
    leaving.leaving = true;
    EXPECT_EQ(stepFor(leaving, &kListed), Step::back);
  }
}

}  // namespace
}  // namespace zonecast::catalog
