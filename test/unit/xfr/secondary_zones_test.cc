// Zones that come and go while the secondary runs.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;

ZoneId add(World& world, const std::string& zone) {
  const auto id = world.zones.add({name(zone), {PrimaryId{0}}, {}});
  world.primaries[0].zones[zone] = {};
  world.secondary->add(id, world.now);
  return id;
}
void remove(World& world, ZoneId id) {
  world.secondary->remove(id, world.now);
  world.run();
}

TEST(SecondaryZones, OneThatComesIsTransferred) {
  World world;
  world.start();
  world.commits.clear();
  const ZoneId late = add(world, "late.example");
  world.run();
  ASSERT_THAT(world.commits, SizeIs(1));
  EXPECT_EQ(world.commits[0].first, late);
  EXPECT_TRUE(world.secondary->isConfirmed(late));
  EXPECT_EQ(world.secondary->tally().confirmed, 2u);
}

TEST(SecondaryZones, OneAsksAPrimaryThatCameWithOtherSettings) {
  World world({.zones = 1, .primaries = 1});
  world.start();
  const Endpoint endpoint{parseAddress("192.0.2.99").value(), 53};
  world.settings.primaries.push_back({"late", endpoint, nullptr});
  world.primaries.emplace_back();
  world.primaries[1].zones["late.example"] = {};
  world.secondary->onSettingsChanged(world.now);
  const auto late = world.zones.add({name("late.example"), {PrimaryId{1}}, {}});
  world.secondary->add(late, world.now);
  world.run();
  EXPECT_TRUE(world.secondary->isConfirmed(late));
  EXPECT_THAT(world.primaries[1].requests, SizeIs(1));
  EXPECT_EQ(world.secondary->tally().confirmed, 2u);
}

TEST(SecondaryZones, OtherLimitsHoldAtOnce) {
  World world({.zones = 6, .limits = {.transfers_per_primary = 1, .transfers_pipelined = 1}});
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(1));
  world.settings.limits.transfers_per_primary = 4;
  world.secondary->onSettingsChanged(world.now);
  world.run();
  EXPECT_THAT(world.primaries[0].requests, SizeIs(3)) << "the last quarter is for IXFR";
}

TEST(SecondaryZones, OneThatCameBeforeTheStartIsTransferredThen) {
  World world;
  const ZoneId late = add(world, "late.example");
  world.run();
  EXPECT_THAT(world.commits, SizeIs(0));
  world.start();
  EXPECT_TRUE(world.secondary->isConfirmed(late));
}

TEST(SecondaryZones, OneThatIsGoneIsAskedAboutNoMore) {
  World world({.zones = 2});
  world.start();
  remove(world, ZoneId{0});
  EXPECT_FALSE(world.secondary->isConfirmed(ZoneId{0}));
  EXPECT_EQ(world.secondary->tally().confirmed, 1u);
  world.primaries[0].requests.clear();
  world.secondary->onNotify(ZoneId{0}, world.settings.primaries[0].endpoint.address, world.now);
  world.secondary->refresh(ZoneId{0}, world.now);
  world.secondary->retransfer(ZoneId{0}, world.now);
  world.secondary->onZoneReady(ZoneId{0}, world.now);
  world.advance(48h);
  EXPECT_FALSE(world.primaries[0].requests.empty());
  for (const Request& request : world.primaries[0].requests) {
    EXPECT_EQ(request.zone.toText(), "z1.example");
  }
}

// Whatever it was doing, its slot and its place in line are free at once.
TEST(SecondaryZones, OneThatGoesInTheMiddleOfItsTransferHoldsUpNobody) {
  World world({.zones = 3, .limits = {.transfers_per_primary = 1, .transfers_pipelined = 1}});
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(1));
  const auto asked = world.zones.find(world.primaries[0].requests[0].zone);
  world.primaries[0].mode = Primary::Mode::serving;
  remove(world, *asked);
  EXPECT_EQ(world.secondary->tally().confirmed, 2u);
  for (const auto& [id, sink] : world.commits) EXPECT_NE(id, *asked);
}

TEST(SecondaryZones, OneThatGoesWhileItIsCheckedLeavesTheOthersTheirConnection) {
  World world({.zones = 2});
  world.start();
  world.primaries[0].mode = Primary::Mode::holding;
  world.primaries[0].requests.clear();
  world.notify(0, 0);
  world.notify(0, 1);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  const std::vector<Request> asked = world.primaries[0].requests;
  world.primaries[0].mode = Primary::Mode::serving;
  remove(world, ZoneId{0});
  world.take<ZoneCurrent>();
  for (const Request& request : asked) world.answer(request);
  const auto current = world.take<ZoneCurrent>();
  ASSERT_THAT(current, SizeIs(1));
  EXPECT_EQ(current[0].name.toText(), "z1.example");
}

TEST(SecondaryZones, OneThatGoesBeforeItsConnectionIsThereIsNotAskedFor) {
  World world({.zones = 2});
  world.primaries[0].mode = Primary::Mode::deaf;
  world.start();
  remove(world, ZoneId{0});
  world.primaries[0].mode = Primary::Mode::serving;
  world.advance(10min);
  EXPECT_TRUE(world.secondary->isConfirmed(ZoneId{1}));
  for (const Request& request : world.primaries[0].requests) {
    EXPECT_EQ(request.zone.toText(), "z1.example");
  }
}

TEST(SecondaryZones, AnIdThatIsGivenAnewIsOfAnotherZone) {
  World world;
  world.start();
  remove(world, ZoneId{0});
  world.zones.remove(ZoneId{0});
  world.zones.release(ZoneId{0});
  const ZoneId other = add(world, "other.example");
  EXPECT_EQ(other, ZoneId{0});
  EXPECT_FALSE(world.secondary->isConfirmed(other));
  EXPECT_EQ(world.secondary->status(other, world.now).serial, std::nullopt);
  world.run();
  EXPECT_TRUE(world.secondary->isConfirmed(other));
  EXPECT_EQ(world.primaries[0].requests.back().zone.toText(), "other.example");
}

// Of a thousand that come and go at random, those that stay are confirmed, and no slot is lost.
TEST(SecondaryZones, ManyComeAndGo) {
  World world({.zones = 1, .limits = {.transfers_per_primary = 2, .transfers_max = 2}});
  world.start();
  std::mt19937 random(1);
  std::vector<ZoneId> here;
  for (int i = 0; i < 1000; ++i) {
    here.push_back(add(world, "n" + std::to_string(i) + ".example"));
    world.primaries[0].mode = random() % 3 == 0 ? Primary::Mode::holding : Primary::Mode::serving;
    if (random() % 2 == 0) world.run();
    if (random() % 2 == 0) world.advance(seconds{random() % 20});
    if (random() % 3 > 0) continue;
    const std::size_t which = random() % here.size();
    remove(world, here[which]);
    world.zones.remove(here[which]);
    world.zones.release(here[which]);
    here.erase(here.begin() + static_cast<std::ptrdiff_t>(which));
  }
  world.primaries[0].mode = Primary::Mode::serving;
  world.advance(24h);
  for (const ZoneId zone : here) EXPECT_TRUE(world.secondary->isConfirmed(zone));
  EXPECT_EQ(world.secondary->tally().confirmed, here.size() + 1);
  EXPECT_EQ(world.secondary->tally().in_trouble, 0u);
}

}  // namespace
}  // namespace zonecast::xfr::test
