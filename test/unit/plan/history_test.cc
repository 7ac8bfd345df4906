#include "reconciler/plan/history.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace zonecast::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr HistoryPolicy kPolicy{.per_domain = 3, .days = 10};

DomainEntry entryOf(std::string_view did, State state = State::hosted) {
  return {.did = *identity::Did::fromText(did), .state = state, .transports = {}};
}

Deadline day(std::uint32_t days) {
  return Deadline{Deadline::duration(days * 86'400)};
}

HistoryEntry change(std::uint64_t version, std::optional<DomainEntry> before,
                    std::optional<DomainEntry> after, std::uint32_t at_day = 100) {
  return {.version = Version{version},
          .time = day(at_day),
          .before = std::move(before),
          .after = std::move(after)};
}

std::vector<std::uint64_t> versionsOf(const DomainHistory& history) {
  std::vector<std::uint64_t> versions;
  for (const HistoryEntry& entry : history.entries) {
    versions.push_back(static_cast<std::uint64_t>(entry.version));
  }
  return versions;
}

std::string didAt(const DomainHistory& history, std::uint64_t version) {
  const StateAt state = stateAt(history, Version{version});
  if (!state.is_known) return "?";
  return state.entry ? std::string(state.entry->did.text()) : "none";
}

TEST(History, EveryChangeHasAName) {
  const auto hosted = entryOf("a"), retiring = entryOf("a", State::retiring), other = entryOf("b");
  DomainEntry backup = hosted;
  backup.role = derive::Role::backup;
  EXPECT_EQ(whatHappened(change(1, {}, hosted), true), "hosted");
  EXPECT_EQ(whatHappened(change(1, {}, hosted), false), "returned");
  EXPECT_EQ(whatHappened(change(1, hosted, other), false), "moved");
  EXPECT_EQ(whatHappened(change(1, hosted, retiring), false), "retired");
  EXPECT_EQ(whatHappened(change(1, retiring, hosted), false), "returned");
  EXPECT_EQ(whatHappened(change(1, hosted, backup), false), "changed");
  EXPECT_EQ(whatHappened(change(1, retiring, {}), false), "removed");
}

TEST(History, TellsWhatWasPublishedAtAVersion) {
  DomainHistory history;
  append(history, change(5, {}, entryOf("a")), kPolicy);
  append(history, change(8, entryOf("a"), entryOf("b")), kPolicy);
  append(history, change(9, entryOf("b"), {}), kPolicy);
  EXPECT_EQ(didAt(history, 4), "none");
  EXPECT_EQ(didAt(history, 5), "a");
  EXPECT_EQ(didAt(history, 7), "a");
  EXPECT_EQ(didAt(history, 8), "b");
  EXPECT_EQ(didAt(history, 9), "none");
  EXPECT_EQ(didAt(history, 99), "none");
}

TEST(History, OfMoreThanThePolicyAllowsTheOldestGo) {
  DomainHistory history;
  for (std::uint64_t version = 1; version <= 3; ++version) {
    EXPECT_EQ(append(history, change(version, {}, entryOf("a")), kPolicy), std::nullopt);
  }
  EXPECT_FALSE(history.is_cut);
  EXPECT_EQ(append(history, change(4, {}, entryOf("a")), kPolicy), Version{1});
  EXPECT_THAT(versionsOf(history), ElementsAre(2, 3, 4));
  EXPECT_TRUE(history.is_cut);
  EXPECT_EQ(didAt(history, 1), "?");
  EXPECT_EQ(didAt(history, 2), "a");
}

TEST(History, WhatIsOlderThanItsDaysGoes) {
  DomainHistory history;
  append(history, change(1, {}, entryOf("a"), 100), kPolicy);
  append(history, change(2, entryOf("a"), {}, 101), kPolicy);
  EXPECT_EQ(dropOld(history, day(110), kPolicy), std::nullopt);
  EXPECT_EQ(dropOld(history, day(111), kPolicy), Version{1});
  EXPECT_EQ(dropOld(history, day(112), kPolicy), Version{2});
  EXPECT_THAT(versionsOf(history), IsEmpty());
}

TEST(History, TheChangeThatADomainIsPublishedByStays) {
  DomainHistory history;
  append(history, change(1, {}, entryOf("a"), 100), kPolicy);
  EXPECT_EQ(dropOld(history, day(5000), kPolicy), std::nullopt);
  EXPECT_THAT(versionsOf(history), ElementsAre(1));
}

TEST(History, AClockThatWentBackDropsNothing) {
  DomainHistory history;
  append(history, change(1, {}, entryOf("a"), 100), kPolicy);
  append(history, change(2, entryOf("a"), {}, 5), kPolicy);
  EXPECT_THAT(versionsOf(history), ElementsAre(1, 2));
}

TEST(History, AVersionThatIsWrittenAgainStandsOnce) {
  DomainHistory history;
  append(history, change(1, {}, entryOf("a")), kPolicy);
  append(history, change(2, entryOf("a"), entryOf("b")), kPolicy);
  append(history, change(2, entryOf("a"), entryOf("b")), kPolicy);
  EXPECT_THAT(versionsOf(history), ElementsAre(1, 2));
}

}  // namespace
}  // namespace zonecast::plan
