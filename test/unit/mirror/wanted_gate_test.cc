#include "adapters/mirror/wanted_gate.h"

#include <gtest/gtest.h>

namespace zonecast::mirror {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Refusal = WantedGate::Refusal;

constexpr Instant kStart{std::chrono::hours{1}};

TEST(WantedGate, AHostPassesOnceInAWhileHoweverItIsWritten) {
  WantedGate gate({});
  EXPECT_EQ(gate.admit("Example.com.", kStart), "example.com");
  EXPECT_EQ(gate.admit("example.com", kStart + seconds{9}), tl::unexpected(Refusal::recent));
  EXPECT_EQ(gate.admit("example.com", kStart + seconds{10}), "example.com");
}

TEST(WantedGate, WhatIsNoHostDoesNotPass) {
  WantedGate gate({});
  for (const char* text : {"", "a b", "_sip.example", "sip:a@b.example"})
    EXPECT_EQ(gate.admit(text, kStart), tl::unexpected(Refusal::malformed)) << text;
}

TEST(WantedGate, InventedNamesAreLimitedInRateAndMemory) {
  WantedGate gate({.rate = 10, .burst = 20, .recent_max = 40, .recent_for = seconds{10}});
  const auto name = [](int n) { return "n" + std::to_string(n) + ".example"; };
  int passed = 0;
  for (int n = 0; n < 1000; ++n) passed += gate.admit(name(n), kStart).has_value();
  EXPECT_EQ(passed, 20);
  EXPECT_FALSE(gate.admit("a.example", kStart + milliseconds{50}));
  EXPECT_TRUE(gate.admit("a.example", kStart + milliseconds{150})) << "and is not held against it";
  for (int n = 0; n < 1000; ++n) passed += gate.admit(name(n), kStart + seconds{9}).has_value();
  EXPECT_EQ(passed, 39) << "recent_max, with a.example";
}

}  // namespace
}  // namespace zonecast::mirror
