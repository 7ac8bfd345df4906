// TCP between the secondary and its primaries: framing, pipelining, reuse, and the ends of it all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/xfr/message_stream.h"
#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

using dns::RrType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Mode = Primary::Mode;
using Octets = std::vector<std::uint8_t>;

std::vector<Octets> cut(MessageStream& stream, std::span<const std::uint8_t> received) {
  std::vector<Octets> messages;
  while (const auto message = stream.next(received)) {
    messages.emplace_back(message->begin(), message->end());
  }
  return messages;
}

TEST(MessageStream, CutsAtTheLengths) {
  MessageStream stream;
  const Octets received{0, 2, 7, 8, 0, 0, 0, 1, 9, 0};
  EXPECT_THAT(cut(stream, received), ElementsAre(Octets{7, 8}, Octets{}, Octets{9}));
  EXPECT_THAT(cut(stream, Octets{3, 1, 2}), IsEmpty());
  EXPECT_EQ(stream.pendingOctets(), 4u);
  EXPECT_EQ(stream.pendingId(), 0x0102);
  EXPECT_THAT(cut(stream, Octets{3, 0}), ElementsAre(Octets{1, 2, 3}));
  EXPECT_EQ(stream.pendingOctets(), 1u);
  EXPECT_FALSE(stream.pendingId());
}

TEST(MessageStream, HandsOutWholeMessagesWhereTheyLie) {
  MessageStream stream;
  const Octets received{0, 1, 9, 0, 1, 8};
  std::span<const std::uint8_t> rest(received);
  EXPECT_EQ(stream.next(rest)->data(), received.data() + 2);
  EXPECT_EQ(stream.next(rest)->data(), received.data() + 5);
  EXPECT_FALSE(stream.next(rest));
}

TEST(MessageStream, AnyDivisionOfTheOctetsMakesTheSameMessages) {
  const Octets received{0, 3, 1, 2, 3, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 1, 6};
  MessageStream whole;
  const auto expected = cut(whole, received);
  for (std::size_t a = 0; a <= received.size(); ++a) {
    for (std::size_t b = a; b <= received.size(); ++b) {
      MessageStream stream;
      const std::span<const std::uint8_t> all(received);
      auto messages = cut(stream, all.first(a));
      for (auto& each : cut(stream, all.subspan(a, b - a))) messages.push_back(each);
      for (auto& each : cut(stream, all.subspan(b))) messages.push_back(each);
      ASSERT_EQ(messages, expected) << a << ' ' << b;
    }
  }
}

TEST(SecondaryConnections, OneOctetAtATimeIsEnough) {
  World world({.zones = 5, .key = key("0123456789abcdef0123456789abcdef")});
  world.chunk = 1;
  for (std::size_t i = 0; i < 3; ++i) world.hold(1, i);
  world.setSerial(2);
  world.start();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(world.status(i).serial, dns::Serial(2));
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryConnections, AnswersInAnyOrderFindTheirZones) {
  World world({.zones = 10});
  for (std::size_t i = 0; i < 10; ++i) {
    world.hold(1, i);
    world.at(0, i).serial = i % 2 == 0 ? 1 : 2;
  }
  world.primaries[0].mode = Mode::holding;
  world.start();
  auto asked = world.primaries[0].requests;
  ASSERT_THAT(asked, SizeIs(10));
  std::set<std::uint16_t> ids;
  for (const Request& request : asked) ids.insert(request.id);
  EXPECT_THAT(ids, SizeIs(10));
  EXPECT_EQ(world.connects, 1u);
  for (auto each = asked.rbegin(); each != asked.rend(); ++each) world.answer(*each);
  EXPECT_EQ(world.take<ZoneCurrent>().size(), 5u);
  EXPECT_EQ(world.primaries[0].count(RrType::ixfr), 4u);
}

TEST(SecondaryConnections, TransfersMayBeInterleaved) {
  World world({.zones = 2});
  for (std::size_t i = 0; i < 2; ++i) {
    world.hold(1, i);
    world.at(0, i).serial = 2;
    world.at(0, i).padding = 9;
    world.at(0, i).per_message = 3;
  }
  world.primaries[0].mode = Mode::holding;
  world.start();
  for (const Request& soa : std::vector(world.primaries[0].requests)) world.answer(soa);
  ASSERT_EQ(world.primaries[0].count(RrType::ixfr), 2u);
  const Request first = world.primaries[0].requests[2], second = world.primaries[0].requests[3];
  ASSERT_EQ(first.connection, second.connection);
  const auto a = world.primaries[0].answer(first, world.now.wall);
  const auto b = world.primaries[0].answer(second, world.now.wall);
  ASSERT_GT(a.size(), 2u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    world.sendMessage(first.connection, a[i]);
    world.sendMessage(second.connection, b[i]);
  }
  world.run();
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 2u);
}

TEST(SecondaryConnections, AnAnswerThatNobodyWaitsForIsIgnored) {
  World world;
  world.hold(1);
  world.primaries[0].mode = Mode::holding;
  world.start();
  Request other = world.primaries[0].requests.at(0);
  other.id = static_cast<std::uint16_t>(other.id + 1);
  world.answer(other);
  EXPECT_EQ(world.status().activity, ZoneActivity::checking);
  world.answer(world.primaries[0].requests.at(0));
  world.answer(world.primaries[0].requests.at(0));  // twice
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
}

TEST(SecondaryConnections, AnAnswerToAnotherQuestionIsMalformed) {
  World world({.primaries = 2});
  world.hold(1);
  world.primaries[0].mode = Mode::holding;
  world.primaries[0].zones["other.example"] = {};
  world.start();
  Request other = world.primaries[0].requests.at(0);
  other.zone = name("other.example");
  world.answer(other);
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "malformed");
  EXPECT_THAT(failures[0].text, HasSubstr("other.example"));
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(SecondaryConnections, AStreamThatIsNotDnsIsClosed) {
  World world({.primaries = 2});
  world.hold(1);
  world.primaries[0].mode = Mode::holding;
  world.start();
  const ConnectionId connection = world.primaries[0].requests.at(0).connection;
  world.sendOctets(connection, Octets{0, 4, 'H', 'T', 'T', 'P'});
  world.run();
  EXPECT_EQ(world.openTo(0), 0u);
  EXPECT_THAT(world.take<ZoneFailure>().at(0).text, HasSubstr("a message of 4 octets; trying ns2"));
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(SecondaryConnections, IdleOnesAreClosedBeforeThePrimaryDoesIt) {
  World world({.zones = 2});
  world.hold(1, 0);
  world.start();
  EXPECT_EQ(world.openTo(0), 2u);
  world.advance(milliseconds{3'900});
  EXPECT_EQ(world.openTo(0), 2u);
  world.advance(milliseconds{200});
  EXPECT_EQ(world.openTo(0), 0u);
}

TEST(SecondaryConnections, ARequestLostInTheCloseRaceIsAskedAgainOnce) {
  World world({.zones = 2, .primaries = 2});
  for (std::size_t i = 0; i < 2; ++i) world.hold(1, i);
  world.start();
  world.primaries[0].mode = Mode::holding;
  world.notify(0, 0);
  world.notify(0, 1);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(4));
  EXPECT_EQ(world.connects, 1u);
  world.drop(world.primaries[0].requests.back().connection);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(6));
  EXPECT_EQ(world.connects, 3u);  // the one that may be to blame has a connection of its own
  EXPECT_THAT(world.take<ZoneFailure>(), IsEmpty());
  world.answer(world.primaries[0].requests[4]);
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(3));
  world.drop(world.primaries[0].requests[5].connection);
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(1));
  EXPECT_EQ(world.status(1).primary, PrimaryId{1});
}

TEST(SecondaryConnections, OneThatBreaksItsOwnConnectionTooDoesNotFellTheLinkOfTheOthers) {
  World world({.zones = 2});
  for (std::size_t i = 0; i < 2; ++i) world.hold(1, i);
  world.start();
  world.at(0, 1).serial = 2;
  world.primaries[0].mode = Mode::holding;
  world.notify(0, 0);
  world.notify(0, 1);
  world.drop(world.primaries[0].requests.back().connection);
  const auto again = world.primaries[0].requests;
  ASSERT_THAT(again, SizeIs(6));
  ASSERT_EQ(again[4].zone, name("z0.example"));
  world.drop(again[4].connection);  // before anything was heard of the server
  world.answer(again[5]);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(7));
  world.answer(Request(world.primaries[0].requests.back()));
  EXPECT_EQ(world.status(1).serial, dns::Serial(2));
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].zone, World::zone(0));
}

TEST(SecondaryConnections, TheOneThatWasDueBearsTheLossOfAConnectionAndTheOthersAreAskedAgain) {
  for (const bool garbage : {false, true}) {
    World world({.zones = 3});
    for (std::size_t i = 0; i < 3; ++i) world.hold(1, i);
    world.primaries[0].mode = Mode::holding;
    world.start();
    const auto requests = world.primaries[0].requests;
    ASSERT_THAT(requests, SizeIs(3));
    world.answer(requests[0]);
    if (garbage) {
      world.sendOctets(requests[1].connection, Octets{0, 0});
      world.run();
    } else {
      world.drop(requests[1].connection);
    }
    const auto failures = world.take<ZoneFailure>();
    ASSERT_THAT(failures, SizeIs(1));
    EXPECT_EQ(failures[0].zone, World::zone(1));
    ASSERT_THAT(world.primaries[0].requests, SizeIs(4));
    world.answer(world.primaries[0].requests[3]);
    EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(2));
  }
}

TEST(SecondaryConnections, BehindAnAnswerThatIsMalformedNothingIsReadAndTheOthersAreAskedAgain) {
  World world({.zones = 2});
  for (std::size_t i = 0; i < 2; ++i) world.hold(1, i);
  world.primaries[0].mode = Mode::holding;
  world.start();
  const auto requests = world.primaries[0].requests;
  ASSERT_THAT(requests, SizeIs(2));
  const auto answer = world.primaries[0].answer(requests[0], world.now.wall).at(0);
  Octets overlapping = framed(answer);
  overlapping[1] -= 20;
  world.sendOctets(requests[0].connection, overlapping);
  world.run();
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(1));
  ASSERT_THAT(world.primaries[0].requests, SizeIs(3));
  EXPECT_NE(world.primaries[0].requests[2].connection, requests[0].connection);
  world.answer(world.primaries[0].requests[2]);
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
}

TEST(SecondaryConnections, ATransferLostInTheCloseRaceIsAskedAgainToo) {
  World world;
  world.start();
  world.primaries[0].mode = Mode::holding;
  world.secondary->retransfer(World::zone(0), world.now);
  world.run();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  world.drop(world.primaries[0].requests[1].connection);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(3));
  world.answer(world.primaries[0].requests[2]);
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 2u);
}

TEST(SecondaryConnections, WhatWasLostGoesToANewConnectionAndNotToAnotherIdleOne) {
  World world({.zones = 3});
  world.start();
  ASSERT_EQ(world.openTo(0), 3u);
  world.primaries[0].mode = Mode::holding;
  world.secondary->retransfer(World::zone(0), world.now);
  world.run();
  world.drop(world.primaries[0].requests.back().connection);
  EXPECT_EQ(world.connects, 4u);
  world.drop(world.primaries[0].requests.back().connection);  // the new one
  EXPECT_EQ(world.connects, 4u);
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(1));
}

TEST(SecondaryConnections, ARequestLostOnAFreshConnectionFails) {
  World world({.primaries = 2});
  world.hold(1);
  world.primaries[0].mode = Mode::holding;
  world.start();
  world.drop(world.primaries[0].requests.at(0).connection);
  EXPECT_THAT(world.primaries[0].requests, SizeIs(1));
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "closed");
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(SecondaryConnections, ATransferCutOffInTheMiddleChangesNothing) {
  World world({.primaries = 2});
  world.at(0).padding = 9;
  world.at(0).per_message = 3;
  world.primaries[0].mode = Mode::holding;
  world.primaries[1].mode = Mode::refusing;
  world.start();
  const Request request = world.primaries[0].requests.at(0);
  world.sendMessage(request.connection, world.primaries[0].answer(request, world.now.wall).at(0));
  world.drop(request.connection);
  EXPECT_THAT(world.commits, IsEmpty());
  EXPECT_FALSE(world.status().serial);
  EXPECT_EQ(world.status().failures, 1u);
}

TEST(SecondaryConnections, BulkConnectionsAreUsedAgain) {
  World world({.zones = 100});
  world.start();
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 100u);
  EXPECT_EQ(world.connects, 3u);
}

TEST(SecondaryConnections, ChecksDoNotWaitBehindABulkAxfr) {
  World world({.zones = 2});
  world.hold(1, 1);
  world.primaries[0].mode = Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  EXPECT_NE(world.primaries[0].requests[0].connection, world.primaries[0].requests[1].connection);
}

TEST(SecondaryConnections, ChecksDoNotWaitBehindAnIxfrThatGrowsIntoABulkTransfer) {
  World world({.zones = 2});
  world.hold(1, 0);
  world.hold(2, 1);
  world.setSerial(2);
  world.at(0, 0).history = false;
  world.at(0, 0).padding = 20'000;
  world.at(0, 0).per_message = 500;
  world.start();
  world.advance(seconds{10});
  world.setSerial(3);
  world.primaries[0].mode = Mode::holding;
  world.primaries[0].requests.clear();
  world.notify(0, 0);
  world.answer(world.primaries[0].requests.at(0));
  const Request ixfr = world.primaries[0].requests.at(1);
  ASSERT_EQ(ixfr.type, RrType::ixfr);
  world.notify(0, 1);
  const Request waiting = world.primaries[0].requests.at(2);
  ASSERT_EQ(waiting.connection, ixfr.connection);
  const auto messages = world.primaries[0].answer(ixfr, world.now.wall);
  for (std::size_t i = 0; i < 10; ++i) world.sendMessage(ixfr.connection, messages[i]);
  world.run();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(4));
  const Request again = world.primaries[0].requests.at(3);
  EXPECT_EQ(again.zone, waiting.zone);
  EXPECT_NE(again.connection, ixfr.connection);
  world.primaries[0].mode = Mode::serving;
  world.answer(again);
  EXPECT_EQ(world.status(1).serial, dns::Serial(3));
  for (std::size_t i = 10; i < messages.size(); ++i) {
    world.sendMessage(ixfr.connection, messages[i]);
  }
  world.run();
  EXPECT_EQ(world.status(0).serial, dns::Serial(3));
  EXPECT_FALSE(world.peers.contains(ixfr.connection));  // closed when it was done
}

TEST(SecondaryConnections, EventsOfConnectionsThatAreGoneAreIgnored) {
  World world;
  world.start();
  const ConnectionId unknown{12345};
  world.secondary->onConnected(unknown, world.now);
  world.secondary->onReceived(unknown, Octets{0, 1, 2}, world.now);
  world.secondary->onClosed(unknown, "", world.now);
  EXPECT_THAT(world.secondary->takeActions(), IsEmpty());
}

}  // namespace
}  // namespace zonecast::xfr::test
