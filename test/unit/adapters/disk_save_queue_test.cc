// What waits for the disk, and what takes the place of what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/disk/save_queue.h"
#include "test/unit/adapters/disk_testing.h"

namespace zonecast::disk {
namespace {

using testing::SizeIs;

constexpr std::size_t kAll = 1'000'000;

SaveZone whole(const std::string& zone, std::uint32_t serial) {
  return {.zone = zone, .records = octetsOf("content"), .number = 0, .copy = copyAt(serial)};
}
SaveDelta delta(const std::string& zone, std::uint32_t from) {
  return {.zone = zone, .chain = {deltaBetween(from, from + 1)}, .copy = copyAt(from + 1)};
}
SaveTimers timers(const std::string& zone, std::uint32_t serial, std::int64_t checked) {
  return {.zone = zone, .copy = copyAt(serial, checked)};
}

TEST(SaveQueue, OfAZonesTimersTheLastOnesWait) {
  SaveQueue queue;
  for (std::int64_t checked = 0; checked < 1000; ++checked) {
    queue.add(timers("a", 1, checked));
    queue.add(timers("b", 1, checked));
  }
  const auto saves = queue.take(kAll, kAll);
  ASSERT_THAT(saves, SizeIs(2));
  EXPECT_EQ(std::get<SaveTimers>(saves[0]).copy.last_success, WallTime{Duration{999}});
  EXPECT_EQ(queue.octets(), 0u);
}

TEST(SaveQueue, TimersGoWithTheContentThatTheyAreAbout) {
  SaveQueue queue;
  queue.add(whole("a", 1));
  queue.add(timers("a", 1, 5));
  queue.add(delta("a", 1));
  queue.add(timers("a", 2, 7));
  queue.add(timers("a", 1, 6));  // of a version that is no longer the last one
  const auto saves = queue.take(kAll, kAll);
  ASSERT_THAT(saves, SizeIs(3));
  EXPECT_EQ(std::get<SaveZone>(saves[0]).copy.last_success, WallTime{Duration{5}});
  EXPECT_EQ(std::get<SaveDelta>(saves[1]).copy.last_success, WallTime{Duration{7}});
  EXPECT_EQ(std::get<SaveTimers>(saves[2]).copy.last_success, WallTime{Duration{6}});
}

TEST(SaveQueue, ContentIsNeverPassedOver) {
  SaveQueue queue;
  queue.add(whole("a", 1));
  queue.add(delta("a", 1));
  queue.add(delta("a", 2));
  queue.add(RemoveZone{"a"});
  queue.add(whole("a", 1));
  EXPECT_THAT(queue.take(kAll, kAll), SizeIs(5));
}

TEST(SaveQueue, AMissedZoneIsMissedOnceAndTakesNoTimers) {
  SaveQueue queue;
  for (int i = 0; i < 100; ++i) {
    queue.add(SaveMissed{"a"});
    queue.add(timers("a", 1, i));
  }
  EXPECT_EQ(queue.size(), 1u);
}

TEST(SaveQueue, OfThePublishersPositionsTheLastOneWaits) {
  SaveQueue queue;
  for (std::uint64_t term = 1; term <= 50; ++term) {
    queue.add(SavePublisher{{.term = plan::Term{term}, .position = std::nullopt}});
    queue.add(whole(std::to_string(term), 1));
  }
  EXPECT_EQ(queue.size(), 51u);
  EXPECT_EQ(std::get<SavePublisher>(queue.take(1, kAll)[0]).publisher.term, plan::Term{50});
  queue.add(SavePublisher{});
  EXPECT_EQ(queue.size(), 51u);
}

TEST(SaveQueue, WhatWasTakenTakesNothingMore) {
  SaveQueue queue;
  queue.add(timers("a", 1, 1));
  queue.add(timers("b", 1, 1));
  EXPECT_THAT(queue.take(1, kAll), SizeIs(1));
  queue.add(timers("a", 1, 2));
  queue.add(timers("b", 1, 2));
  EXPECT_EQ(queue.size(), 2u);
}

}  // namespace
}  // namespace zonecast::disk
