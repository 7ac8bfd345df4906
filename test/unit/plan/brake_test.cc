#include "reconciler/plan/brake.h"

#include <gtest/gtest.h>

namespace zonecast::plan {
namespace {

class BrakeTest : public testing::Test {
 protected:
  BrakeTest() { brake_.advanceTo(now_); }

  Party customer(std::string_view name, int domains) {
    const Party party = brake_.party(name);
    for (int i = 0; i < domains; ++i) brake_.onAppeared(party, false);
    return party;
  }
  void pend(Party party, int count) {
    for (int i = 0; i < count; ++i) brake_.pend(party);
  }
  // What was about to go has gone.
  void go(Party party, int count) {
    for (int i = 0; i < count; ++i) {
      brake_.onGone(party, true);
      brake_.unpend(party);
    }
  }
  void pass(Duration by) {
    now_ += by;
    brake_.advanceTo(now_);
  }

  BrakePolicy policy_;
  Instant now_{std::chrono::hours(5)};
  Brake brake_{policy_};
};

using namespace std::chrono_literals;

TEST_F(BrakeTest, FewMayGoHoweverLargeTheirShare) {
  const Party acme = customer("acme", 10);
  pend(acme, 10);
  EXPECT_FALSE(brake_.holds(acme));
}

TEST_F(BrakeTest, ManyAreHeldFromTheFirstOn) {
  const Party acme = customer("acme", 100);
  pend(acme, 30);
  EXPECT_FALSE(brake_.holds(acme));
  pend(acme, 1);
  EXPECT_TRUE(brake_.holds(acme));
}

TEST_F(BrakeTest, ADripIsHeldAsAFloodIs) {
  const Party acme = customer("acme", 100);
  for (int gone = 0; gone < 30; ++gone) {
    pend(acme, 1);
    ASSERT_FALSE(brake_.holds(acme)) << gone;
    go(acme, 1);
    pass(1min);
  }
  pend(acme, 1);
  EXPECT_TRUE(brake_.holds(acme));
  pass(2h);
  EXPECT_TRUE(brake_.holds(acme)) << "time alone lets nobody pass";
}

TEST_F(BrakeTest, AWindowLaterAsManyMayGoAgain) {
  const Party acme = customer("acme", 1000);
  pend(acme, 30);
  go(acme, 30);
  pass(61min);
  pend(acme, 40);
  EXPECT_FALSE(brake_.holds(acme));
}

TEST_F(BrakeTest, WhatComesBackIsHeldNoMore) {
  const Party acme = customer("acme", 20);
  pend(acme, 20);
  ASSERT_TRUE(brake_.holds(acme));
  for (int i = 0; i < 20; ++i) brake_.unpend(acme);
  EXPECT_FALSE(brake_.holds(acme));
  pend(acme, 3);
  EXPECT_FALSE(brake_.holds(acme));
}

TEST_F(BrakeTest, AMoveCountsAsARemovalDoes) {
  const Party acme = customer("acme", 40);
  for (int i = 0; i < 12; ++i) brake_.onMoved(acme);
  pend(acme, 1);
  EXPECT_TRUE(brake_.holds(acme));
}

TEST_F(BrakeTest, WhatACustomerAddedCountsForItselfAlone) {
  const Party acme = customer("acme", 40), beta = customer("beta", 1000);
  for (int i = 0; i < 10'000; ++i) brake_.onAppeared(acme, true);
  pend(acme, 20);
  pend(beta, 40);
  EXPECT_TRUE(brake_.holds(beta)) << "60 of 1040";
  EXPECT_FALSE(brake_.holds(acme));
}

TEST_F(BrakeTest, WhatAppearedAndWasLostByTheStoreMakesNobodyLarger) {
  const Party acme = customer("acme", 0);
  for (int i = 0; i < 20; ++i) brake_.onAppeared(acme, true);
  for (int i = 0; i < 20; ++i) brake_.onGone(acme, false);
  for (int i = 0; i < 20; ++i) brake_.onAppeared(acme, true);
  pend(acme, 20);
  EXPECT_TRUE(brake_.holds(acme));
}

TEST_F(BrakeTest, WhoWasReleasedBeginsAnew) {
  const Party acme = customer("acme", 40);
  pend(acme, 20);
  ASSERT_TRUE(brake_.holds(acme));
  go(acme, 20);
  brake_.release(acme);
  pend(acme, 6);
  EXPECT_FALSE(brake_.holds(acme));
}

TEST_F(BrakeTest, OverTheShareOfAllThoseWhoContributeMostAreHeld) {
  policy_.customer_percent = 100;
  const Party acme = customer("acme", 500), beta = customer("beta", 500), idle = customer("i", 40);
  pend(acme, 40);
  pend(beta, 20);
  EXPECT_TRUE(brake_.holds(acme));
  EXPECT_FALSE(brake_.holds(beta));
  EXPECT_FALSE(brake_.holds(idle));
  pend(beta, 40);
  EXPECT_TRUE(brake_.holds(beta));
}

TEST_F(BrakeTest, WhatIsHeldOfOneDoesNotHoldTheOthers) {
  const Party acme = customer("acme", 1000), beta = customer("beta", 1000);
  pend(acme, 900);
  pend(beta, 40);
  EXPECT_TRUE(brake_.holds(acme));
  EXPECT_FALSE(brake_.holds(beta));
}

}  // namespace
}  // namespace zonecast::plan
