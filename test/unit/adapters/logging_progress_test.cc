#include <gtest/gtest.h>

#include "adapters/logging/progress.h"

namespace zonecast::logging {
namespace {

using std::chrono::seconds;

constexpr Instant kBegun{seconds{1000}};

TEST(Progress, ShortWorkSaysNothing) {
  Progress progress;
  EXPECT_FALSE(progress.admits(1, kBegun));
  EXPECT_FALSE(progress.admits(2, kBegun + seconds{4}));
}

TEST(Progress, LongWorkIsToldOfEveryFewSeconds) {
  Progress progress;
  std::uint64_t told = 0;
  for (std::uint64_t second = 0; second < 30; ++second) {
    if (progress.admits(second + 1, kBegun + seconds{second})) ++told;
  }
  EXPECT_EQ(told, 5u);
}

TEST(Progress, WhatStandsStillIsNotToldAgain) {
  Progress progress;
  progress.admits(1, kBegun);
  EXPECT_TRUE(progress.admits(7, kBegun + seconds{5}));
  EXPECT_FALSE(progress.admits(7, kBegun + seconds{60}));
  EXPECT_TRUE(progress.admits(8, kBegun + seconds{61}));
}

}  // namespace
}  // namespace zonecast::logging
