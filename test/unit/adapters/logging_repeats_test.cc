#include <string>

#include <gtest/gtest.h>

#include "adapters/logging/repeats.h"

namespace zonecast::logging {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kStart{hours{1}};

std::string subject(std::size_t n) {
  return "subject " + std::to_string(n);
}

TEST(Repeats, TheFirstIsAdmittedAtOnceAndThenOneAMinuteWithTheCountOfTheOthers) {
  Repeats repeats;
  ASSERT_TRUE(repeats.admit("a", kStart));
  for (int s = 1; s < 60; ++s) EXPECT_FALSE(repeats.admit("a", kStart + seconds{s}));
  const auto again = repeats.admit("a", kStart + seconds{60});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->same, 59U);
  EXPECT_EQ(again->others, 0U);
  const auto later = repeats.admit("a", kStart + seconds{120});
  ASSERT_TRUE(later);
  EXPECT_EQ(later->same, 0U) << "each is counted once";
}

TEST(Repeats, SubjectsDoNotLimitEachOther) {
  Repeats repeats;
  ASSERT_TRUE(repeats.admit("a", kStart));
  EXPECT_TRUE(repeats.admit("b", kStart));
  EXPECT_FALSE(repeats.admit("a", kStart));
}

TEST(Repeats, InventedSubjectsFloodNothingAndAreCounted) {
  Repeats repeats;
  std::size_t admitted = 0;
  for (std::size_t n = 0; n < 10'000; ++n)
    admitted += repeats.admit(subject(n), kStart).has_value();
  EXPECT_EQ(admitted, Repeats::kLinesMax);
  const auto next = repeats.admit("a", kStart + seconds{60});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->same, 0U);
  EXPECT_EQ(next->others, 10'000 - Repeats::kLinesMax);
}

TEST(Repeats, KnowsABoundedNumberOfSubjects) {
  Repeats repeats;
  for (std::size_t n = 0; n < 100'000; ++n) {
    repeats.admit(subject(n), kStart + std::chrono::milliseconds{10 * n});
    ASSERT_LE(repeats.subjects(), 3 * Repeats::kLinesMax);
  }
}

TEST(Repeats, WhatAForgottenSubjectHadToSayIsNotLost) {
  Repeats repeats;
  repeats.admit("silent", kStart);
  repeats.admit("silent", kStart + seconds{1});
  repeats.admit("silent", kStart + seconds{2});
  const auto other = repeats.admit("other", kStart + seconds{300});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->others, 2U);
  EXPECT_EQ(repeats.subjects(), 1U);
}

}  // namespace
}  // namespace zonecast::logging
