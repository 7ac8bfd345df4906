// How much a server is asked for: several primaries at one address, transfers asked for ahead, and
// connections in all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/xfr/pace.h"
#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

using dns::RrType;
using testing::IsEmpty;
using testing::SizeIs;
using Mode = Primary::Mode;

TEST(Pace, GrowsWithShortTransfersAndEndsWithALongOne) {
  Pace pace(4);
  EXPECT_EQ(pace.depth(), 1u);
  for (int i = 0; i < 10; ++i) pace.onShort();
  EXPECT_EQ(pace.depth(), 4u);
  pace.onLong();
  EXPECT_EQ(pace.depth(), 1u);
}

TEST(Pace, WhatWasTooMuchIsNotSoonTriedAgain) {
  Pace pace(16);
  for (int i = 0; i < 15; ++i) pace.onShort();
  pace.onTooMuch();
  for (int i = 0; i < 900; ++i) pace.onShort();
  EXPECT_EQ(pace.depth(), 8u);
  for (int i = 0; i < 200; ++i) pace.onShort();
  EXPECT_EQ(pace.depth(), 9u);
  for (int i = 0; i < 9; ++i) pace.onTooMuch();
  EXPECT_EQ(pace.depth(), 1u);
}

TEST(Pace, OneMeansOneAfterTheOther) {
  Pace pace(1);
  for (int i = 0; i < 5000; ++i) pace.onShort();
  EXPECT_EQ(pace.depth(), 1u);
}

// Requests without an answer; a primary that holds them keeps all that ever came.
std::vector<Request> after(const Primary& primary, std::size_t answered) {
  return {primary.requests.begin() + static_cast<std::ptrdiff_t>(answered), primary.requests.end()};
}

TEST(SecondaryPace, ShortTransfersAreAskedForAheadOnceTheFirstHaveCome) {
  World world({.zones = 500});
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.start();
  EXPECT_THAT(primary.requests, SizeIs(3));
  std::size_t answered = 0, ahead_max = 0;
  while (answered < primary.requests.size()) {
    ahead_max = std::max(ahead_max, after(primary, answered).size());
    const Request next = primary.requests[answered++];
    world.answer(next);
  }
  EXPECT_EQ(ahead_max, 3u * 16u);
  EXPECT_EQ(world.connects, 3u);
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 500u);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryPace, AnEditDoesNotWaitBehindTransfersThatWereAskedForAhead) {
  World world({.zones = 500});
  world.hold(1, 499);
  Primary& primary = world.primaries[0];
  world.at(0, 499).serial = 2;
  primary.mode = Mode::holding;
  world.start();
  for (std::size_t answered = 1; answered < 100; ++answered)
    world.answer(primary.requests[answered]);
  const std::size_t before = primary.requests.size();
  primary.mode = Mode::serving;
  world.notify(0, 499);
  for (const Request& request : after(primary, before)) EXPECT_NE(request.type, RrType::axfr);
  world.answer(primary.requests[0]);  // the check that was under way
  EXPECT_EQ(world.status(499).serial, dns::Serial(2));
}

TEST(SecondaryPace, BehindALongTransferNothingWaits) {
  World world({.zones = 60});
  Primary& primary = world.primaries[0];
  world.at(0, 20).padding = 20'000;
  world.at(0, 20).per_message = 500;
  primary.mode = Mode::holding;
  world.start();
  std::size_t answered = 0;
  while (primary.requests[answered].zone != name("z20.example")) {
    world.answer(Request(primary.requests[answered++]));
  }
  const Request long_one = primary.requests[answered];
  const auto on_its_connection = [&](const Request& each) {
    return each.connection == long_one.connection;
  };
  const auto waiting = after(primary, answered + 1);
  ASSERT_GT(std::ranges::count_if(waiting, on_its_connection), 0);
  const auto messages = primary.answer(long_one, world.now.wall);
  for (std::size_t i = 0; i < 10; ++i) world.sendMessage(long_one.connection, messages[i]);
  primary.mode = Mode::serving;
  world.run();
  for (const Request& each : waiting) {
    if (!on_its_connection(each)) world.answer(each);
  }
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 59u);  // though it still goes on
  for (std::size_t i = 10; i < messages.size(); ++i) {
    world.sendMessage(long_one.connection, messages[i]);
  }
  world.run();
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 1u);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryPace, ZonesBehindASlowOneHaveTheirOwnTimeOnceItIsTheirTurn) {
  World world({.zones = 20});
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.start();
  std::size_t answered = 0;
  for (; answered < 9; ++answered) world.answer(Request(primary.requests[answered]));
  const auto waiting = after(primary, answered);
  ASSERT_GT(waiting.size(), 6u);
  for (const Request& each : waiting) {
    world.advance(seconds{3});  // far more than 15 s for the last of each connection
    world.answer(each);
  }
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 20u);
}

TEST(SecondaryPace, AServerThatRefusesSoManyAtOnceIsAskedForFewer) {
  World world({.zones = 300});
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.start();
  std::size_t answered = 0, refusals = 0;
  while (answered < primary.requests.size()) {
    const bool too_many = after(primary, answered).size() > 10;  // as named does
    const Request next = primary.requests[answered++];
    refusals += too_many ? 1 : 0;
    primary.zones.at(next.zone.toText()).axfr =
        too_many ? dns::Rcode::servFail : dns::Rcode::noError;
    world.answer(next);
  }
  EXPECT_GT(refusals, 0u);
  EXPECT_LT(refusals, 20u);
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 300u);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryPace, AZoneThatAlwaysFailsFailsThoughOthersAreAskedForBesideIt) {
  World world({.zones = 100});
  world.at(0, 50).axfr = dns::Rcode::servFail;
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.start();
  for (std::size_t answered = 0; answered < primary.requests.size();) {
    world.answer(Request(primary.requests[answered++]));
  }
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 99u);
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(1));
}

TEST(SecondaryPace, AServerThatClosesAfterSoManyAnswersIsAskedAgainWithoutAFailure) {
  World world({.zones = 200});
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.start();
  std::map<ConnectionId, int> answers;
  for (std::size_t answered = 0; answered < primary.requests.size(); ++answered) {
    const Request next = primary.requests[answered];
    if (!world.peers.contains(next.connection)) continue;
    world.answer(next);
    if (++answers[next.connection] == 5 && world.peers.contains(next.connection)) {
      world.drop(next.connection);
    }
  }
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 200u);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

// -- several primaries at one server

Setup oneServer(std::size_t customers, std::size_t zones_each) {
  Setup setup{.zones = customers * zones_each, .primaries = customers};
  setup.endpoints.assign(customers, {dns::Ipv4{192, 0, 2, 1}, 53});
  return setup;
}

void giveToCustomers(World& world, std::size_t zones_each) {
  for (std::size_t i = 0; i < world.settings.zones.size(); ++i) {
    world.setPrimaries(i, {PrimaryId{static_cast<std::uint32_t>(i / zones_each)}});
  }
}

TEST(SecondaryServers, CustomersAtOneServerShareItsSlotsAndConnections) {
  World world(oneServer(10, 5));
  giveToCustomers(world, 5);
  for (std::size_t i = 0; i < 10; ++i) world.hold(1, 5 * i);
  world.primaries[0].mode = Mode::holding;
  world.start();
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 10u);
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 3u);
  EXPECT_EQ(world.openTo(0), 4u);
}

TEST(SecondaryServers, CustomersAtOneServerTakeTurns) {
  World world(oneServer(2, 50));
  giveToCustomers(world, 50);
  world.primaries[0].mode = Mode::holding;
  world.start();
  for (std::size_t answered = 0; answered < 20; ++answered) {
    world.answer(Request(world.primaries[0].requests[answered]));
  }
  std::size_t of_the_second = 0;
  for (const auto& [zone, sink] : world.commits) of_the_second += zone >= World::zone(50) ? 1 : 0;
  EXPECT_GE(of_the_second, 9u);
}

TEST(SecondaryServers, EachCustomerAsksUnderItsOwnKey) {
  World world(oneServer(2, 1));
  giveToCustomers(world, 1);
  world.settings.primaries[1].key = key("0123456789abcdef0123456789abcdef");
  world.primaries[0].key = world.settings.primaries[1].key;
  world.hold(1, 0);
  world.hold(1, 1);
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  EXPECT_THAT(world.primaries[0].requests[0].mac, IsEmpty());
  EXPECT_FALSE(world.primaries[0].requests[1].mac.empty());
  EXPECT_EQ(world.take<ZoneCurrent>().size(), 2u);
}

// -- connections in all

TEST(SecondaryConnectionsMax, QueriesWaitForAConnectionAndNobodyFails) {
  constexpr std::size_t kPrimaries = 200;
  World world({.zones = kPrimaries,
               .primaries = kPrimaries,
               .limits = {.transfers_max = 4, .connections_max = 24}});
  for (std::size_t i = 0; i < kPrimaries; ++i) {
    world.setPrimaries(i, {PrimaryId{static_cast<std::uint32_t>(i)}});
    world.hold(1, i);
    world.primaries[i].mode = Mode::holding;
  }
  world.start();
  EXPECT_EQ(world.peers.size(), 20u);
  const auto told = world.take<ConnectionsScarce>();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].connections_max, 24u);
  for (bool any = true; any;) {
    any = false;
    for (Primary& primary : world.primaries) {
      for (const Request& request : std::exchange(primary.requests, {})) {
        any = true;
        world.answer(request);
        ASSERT_LE(world.peers.size(), 24u);
      }
    }
  }
  EXPECT_EQ(world.take<ZoneCurrent>().size(), kPrimaries);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
  EXPECT_THAT(world.take<ConnectionsScarce>(), IsEmpty());  // once a minute
}

TEST(SecondaryConnectionsMax, QueriesKeepOffTheConnectionOnTrialWithoutMakingOneMore) {
  World world({.zones = 2, .limits = {.transfers_max = 4, .connections_max = 5}});
  for (std::size_t i = 0; i < 2; ++i) world.hold(1, i);
  world.start();
  Primary& primary = world.primaries[0];
  primary.mode = Mode::holding;
  world.notify(0, 0);
  world.drop(primary.requests.back().connection);  // in the race with an idle close
  const Request again = primary.requests.back();
  ASSERT_EQ(again.zone, name("z0.example"));
  world.notify(0, 1);
  EXPECT_EQ(world.openTo(0), 1u);
  world.answer(again);
  ASSERT_EQ(primary.requests.back().zone, name("z1.example"));
  EXPECT_EQ(world.openTo(0), 1u);
  world.answer(Request(primary.requests.back()));
  EXPECT_EQ(world.take<ZoneCurrent>().size(), 4u);
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryConnectionsMax, TransfersFindOneThoughQueriesHaveTakenTheirs) {
  World world({.zones = 40, .primaries = 40, .limits = {.transfers_max = 4, .connections_max = 8}});
  for (std::size_t i = 0; i < 40; ++i) {
    world.setPrimaries(i, {PrimaryId{static_cast<std::uint32_t>(i)}});
    if (i < 20) {
      world.hold(1, i);
      world.primaries[i].mode = Mode::mute;
    }
  }
  world.start();
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 20u);
  EXPECT_LE(world.peers.size(), 8u);
}

}  // namespace
}  // namespace zonecast::xfr::test
