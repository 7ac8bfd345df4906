// Primaries that fail, and how many of them at a time: fail-over, limits, signatures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

using dns::RrType;
using testing::AllOf;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Mode = Primary::Mode;
using Step = ZoneFailure::Step;

TEST(SecondaryFailOver, GoesToTheNextPrimaryAtOnceAndStaysThere) {
  World world({.primaries = 3});
  world.hold(1);
  world.primaries[0].mode = Mode::refusing;
  world.start();
  EXPECT_EQ(world.status().primary, PrimaryId{1});
  EXPECT_EQ(world.status().failures, 0u);
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].step, Step::connect);
  EXPECT_EQ(failures[0].reason, "closed");
  EXPECT_EQ(failures[0].text,
            "zone z0.example from ns1 (192.0.2.1:53): connection refused; trying ns2");

  world.primaries[0].mode = Mode::serving;
  world.advance(hours{1});
  EXPECT_THAT(world.primaries[0].requests, IsEmpty());
  world.primaries[1].mode = Mode::refusing;
  world.advance(minutes{11});
  EXPECT_EQ(world.status().primary, PrimaryId{2});
  world.primaries[2].mode = Mode::refusing;
  world.advance(minutes{11});
  EXPECT_EQ(world.status().primary, PrimaryId{0});  // behind the last comes the first
}

TEST(SecondaryFailOver, BacksOffOnlyWhenEveryPrimaryFailedOnce) {
  World world({.primaries = 3});
  for (Primary& primary : world.primaries) primary.mode = Mode::refusing;
  world.start();
  EXPECT_EQ(world.connects, 3u);
  EXPECT_EQ(world.status().failures, 1u);
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(3));
  EXPECT_FALSE(world.status().primary);
}

TEST(SecondaryFailOver, ALamePrimaryIsPassedOver) {
  World world({.primaries = 2});
  world.hold(1);
  world.at(0).lame = true;
  world.start();
  EXPECT_EQ(world.status().primary, PrimaryId{1});
  EXPECT_THAT(world.take<ZoneFailure>()[0].text, HasSubstr("does not serve the zone"));
}

TEST(SecondaryFailOver, AHungPrimaryFailsAllItsZonesTogetherAndHoldsUpNobody) {
  constexpr std::size_t kZones = 3000;
  World world({.zones = kZones, .primaries = 2});
  for (std::size_t i = 0; i < kZones; ++i) {
    world.hold(1, i);
    if (i % 10 == 0) world.setPrimaries(i, {PrimaryId{1}});
  }
  world.primaries[0].mode = Mode::deaf;
  world.start();
  EXPECT_EQ(world.take<ZoneCurrent>().size(), kZones / 10);
  world.advance(seconds{5});
  EXPECT_EQ(world.take<ZoneCurrent>().size(), kZones - kZones / 10);
  EXPECT_EQ(world.connects, 3u);  // one that failed; two, an idle close apart, that did not
  const auto failures = world.take<ZoneFailure>();
  EXPECT_THAT(failures, SizeIs(kZones - kZones / 10));
  EXPECT_THAT(failures, Each(AllOf(Field(&ZoneFailure::reason, "timeout"),
                                   Field(&ZoneFailure::text, HasSubstr("no connection in 5 s")))));
}

TEST(SecondaryFailOver, APrimaryThatConnectsAndSaysNothingFailsAllItsZonesToo) {
  constexpr std::size_t kZones = 1000;
  World world({.zones = kZones, .primaries = 2});
  for (std::size_t i = 0; i < kZones; ++i) world.hold(1, i);
  world.primaries[0].mode = Mode::mute;
  world.start();
  EXPECT_THAT(world.primaries[0].requests, SizeIs(64));
  world.advance(seconds{5});
  EXPECT_EQ(world.take<ZoneCurrent>().size(), kZones);
  EXPECT_THAT(world.primaries[0].requests, SizeIs(64));
  EXPECT_EQ(world.openTo(0), 0u);
}

TEST(SecondaryFailOver, AMutePrimaryFailsItsFirstTransfersTogether) {
  World world({.zones = 1000, .primaries = 2});
  world.primaries[0].mode = Mode::mute;
  world.start();
  world.advance(seconds{15});
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 1000u);
  EXPECT_LE(world.primaries[0].requests.size(), 4u);
}

TEST(SecondaryFailOver, AFallenPrimaryIsNotTriedByEveryZoneInTurn) {
  World world({.zones = 500});
  for (std::size_t i = 0; i < 500; ++i) world.hold(1, i);
  world.primaries[0].mode = Mode::refusing;
  world.start();
  EXPECT_EQ(world.connects, 1u);
  world.advance(minutes{2});  // retry is 60 s, spread by jitter
  EXPECT_LE(world.connects, 16u);
}

TEST(SecondaryFailOver, OneUnansweredQueryFailsAloneWhileOthersAreAnswered) {
  World world({.zones = 2, .primaries = 2});
  world.hold(1, 0);
  world.hold(1, 1);
  world.primaries[0].mode = Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  world.advance(seconds{1});
  world.answer(world.primaries[0].requests[1]);
  world.advance(seconds{4});
  EXPECT_EQ(world.status(0).primary, PrimaryId{1});
  EXPECT_EQ(world.status(1).primary, PrimaryId{0});
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].step, Step::soa);
  EXPECT_THAT(failures[0].text, HasSubstr("SOA query: no answer in 5 s; trying ns2"));
}

TEST(SecondaryFailOver, OneSilentQueryOnAQuietLinkFailsAlone) {
  World world({.zones = 3, .primaries = 2});
  for (std::size_t i = 0; i < 3; ++i) world.hold(1, i);
  world.start();
  world.advance(seconds{10});
  world.primaries[0].mode = Mode::holding;
  world.notify(0, 0);
  world.advance(seconds{4});
  world.notify(0, 1);
  world.advance(seconds{1});  // 5 s without a word, but the second query has been out for one
  EXPECT_EQ(world.status(0).primary, PrimaryId{1});
  EXPECT_EQ(world.status(1).activity, ZoneActivity::checking);
  world.answer(world.primaries[0].requests.back());
  EXPECT_EQ(world.status(1).primary, PrimaryId{0});
  world.notify(0, 2);  // the link is not down
  world.answer(world.primaries[0].requests.back());
  EXPECT_EQ(world.status(2).primary, PrimaryId{0});
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(1));
}

TEST(SecondaryFailOver, ASecondSilenceInARowFellsTheLink) {
  World world({.zones = 12, .primaries = 2});
  for (std::size_t i = 0; i < 12; ++i) world.hold(1, i);
  world.start();
  world.advance(seconds{10});
  world.primaries[0].mode = Mode::mute;
  world.notify(0, 0);
  world.advance(seconds{4});
  world.notify(0, 1);
  world.advance(seconds{3});
  for (std::size_t i = 2; i < 12; ++i) world.notify(0, i);
  world.advance(seconds{3});  // the second one, asked elsewhere meanwhile, has waited for 5 s
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(world.status(i).primary, PrimaryId{1}) << i;
  EXPECT_EQ(world.openTo(0), 0u);
}

TEST(SecondaryFailOver, AServerThatSpokeBeforeIsAskedOnAnotherConnectionBeforeTheLinkFalls) {
  for (const bool recovers : {true, false}) {
    World world({.zones = 3, .primaries = 2});
    for (std::size_t i = 0; i < 3; ++i) world.hold(1, i);
    world.start();
    world.primaries[0].mode = Mode::mute;
    for (std::size_t i = 0; i < 3; ++i) world.notify(0, i);
    world.advance(seconds{4});
    if (recovers) world.primaries[0].mode = Mode::serving;
    world.advance(seconds{1});
    EXPECT_EQ(world.status(0).primary, PrimaryId{1});
    world.advance(seconds{5});
    for (std::size_t i = 1; i < 3; ++i) {
      EXPECT_EQ(world.status(i).primary, PrimaryId{recovers ? 0u : 1u}) << i;
    }
  }
}

TEST(SecondaryFailOver, ANotifyFromASharedAddressAsksAllThatAreThere) {
  const dns::Ipv4 shared{192, 0, 2, 1}, other{192, 0, 2, 9};
  World world({.primaries = 3, .endpoints = {{shared, 53}, {other, 53}, {shared, 5353}}});
  world.hold(1);
  world.start();
  world.advance(seconds{10});
  for (Primary& primary : world.primaries) primary.requests.clear();
  world.at(2).serial = 2;  // the one that spoke
  world.notify();
  EXPECT_EQ(world.status().serial, dns::Serial(2));
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 1u);
  EXPECT_EQ(world.primaries[2].count(RrType::ixfr), 1u);
  EXPECT_THAT(world.primaries[1].requests, IsEmpty());
}

TEST(SecondaryFailOver, WhatWaitsBehindAnAnswerThatDoesNotComeIsAskedOnAnotherConnection) {
  World world({.zones = 3});
  for (std::size_t i = 0; i < 3; ++i) world.hold(1, i);
  world.primaries[0].mode = Mode::holding;
  world.start();
  const auto requests = world.primaries[0].requests;
  ASSERT_THAT(requests, SizeIs(3));
  world.answer(requests[0]);
  world.advance(seconds{5});
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].zone, World::zone(1));
  ASSERT_THAT(world.primaries[0].requests, SizeIs(4));
  const Request again = world.primaries[0].requests[3];
  EXPECT_NE(again.connection, requests[2].connection);
  world.answer(again);
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(2));
}

// -- limits

// The zones whose AXFR is under way at one primary.
std::size_t underWay(const World& world, std::size_t zones) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < zones; ++i) {
    count += world.status(i).activity == ZoneActivity::transferring ? 1 : 0;
  }
  return count;
}

TEST(SecondaryLimits, BulkTransfersLeaveASlotOfTheirPrimaryForIxfr) {
  World world({.zones = 20});
  world.hold(1, 19);
  world.primaries[0].mode = Mode::holding;
  world.setSerial(2);
  world.start();
  EXPECT_EQ(underWay(world, 20), 3u);
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 3u);
  world.primaries[0].mode = Mode::serving;
  for (const Request& request : std::vector(world.primaries[0].requests)) {
    if (request.type == RrType::soa) world.answer(request);
  }
  EXPECT_EQ(world.status(19).serial, dns::Serial(2));  // though three bulk transfers go on
  EXPECT_EQ(underWay(world, 20), 3u);
}

TEST(SecondaryLimits, AtMostFourTransfersAtOnePrimary) {
  World world({.zones = 20});
  for (std::size_t i = 0; i < 10; ++i) world.hold(1, i);
  world.setSerial(2);
  world.primaries[0].mode = Mode::holding;
  world.start();
  for (const Request& request : std::vector(world.primaries[0].requests)) {
    if (request.type == RrType::soa) world.answer(request);
  }
  EXPECT_EQ(underWay(world, 20), 4u);
  EXPECT_EQ(world.primaries[0].count(RrType::ixfr), 1u);
}

TEST(SecondaryLimits, AtMostSixtyFourTransfersInAllAndTheSlotsGoRound) {
  constexpr std::size_t kPrimaries = 30;
  World world({.zones = kPrimaries * 10, .primaries = kPrimaries});
  for (std::size_t i = 0; i < kPrimaries * 10; ++i) {
    world.setPrimaries(i, {PrimaryId{static_cast<std::uint32_t>(i / 10)}});
  }
  for (Primary& primary : world.primaries) primary.mode = Mode::holding;
  world.start();
  EXPECT_EQ(underWay(world, kPrimaries * 10), 48u);  // a quarter is left for IXFR
  for (const Primary& primary : world.primaries) EXPECT_GE(primary.requests.size(), 1u);
  for (Primary& primary : world.primaries) {
    primary.mode = Mode::serving;
    for (const Request& request : std::vector(primary.requests)) world.answer(request);
  }
  EXPECT_EQ(world.take<ZoneTransferred>().size(), kPrimaries * 10);
}

TEST(SecondaryLimits, ASlowPrimaryKeepsItsSlotsAndNoOthers) {
  World world({.zones = 200, .primaries = 2, .limits = {.transfers_max = 8}});
  for (std::size_t i = 0; i < 200; ++i) {
    world.setPrimaries(i, {PrimaryId{static_cast<std::uint32_t>(i < 100 ? 0 : 1)}});
  }
  world.primaries[0].mode = Mode::mute;
  world.start();
  EXPECT_EQ(world.take<ZoneTransferred>().size(), 100u);
}

TEST(SecondaryLimits, ATransferThatComesTooSlowlyIsGivenUp) {
  World world({.primaries = 2});
  world.at(0).padding = 100;
  world.primaries[0].mode = Mode::holding;
  world.start();
  const Request request = world.primaries[0].requests.at(0);
  auto message = world.primaries[0].answer(request, world.now.wall).at(0);
  message.insert(message.begin(), {static_cast<std::uint8_t>(message.size() >> 8),
                                   static_cast<std::uint8_t>(message.size())});
  for (std::size_t i = 0; i < 40 && world.openTo(0) == 1; ++i) {
    world.sendOctets(request.connection, std::span(message).subspan(i, 1));
    world.advance(seconds{1});
  }
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "timeout");
  EXPECT_THAT(failures[0].text, HasSubstr("less than 1024 octets/s"));
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(SecondaryLimits, ATransferThatStopsIsGivenUp) {
  World world({.primaries = 2});
  world.at(0).padding = 100;
  world.at(0).per_message = 50;
  world.primaries[0].mode = Mode::holding;
  world.start();
  const Request request = world.primaries[0].requests.at(0);
  world.sendMessage(request.connection, world.primaries[0].answer(request, world.now.wall).at(0));
  world.advance(milliseconds{14'900});
  EXPECT_EQ(world.status().activity, ZoneActivity::transferring);
  world.advance(seconds{1});
  EXPECT_EQ(world.status().primary, PrimaryId{1});
  EXPECT_THAT(world.take<ZoneFailure>().at(0).text, HasSubstr("nothing came for 15 s"));
  EXPECT_THAT(world.commits, SizeIs(1));
}

TEST(SecondaryLimits, ATransferThatNeverEndsIsGivenUp) {
  World world({.primaries = 2});
  world.at(0).padding = 4000;
  world.at(0).per_message = 1;
  world.settings.limits.transfer_octets_per_second_min = 1;
  world.primaries[0].mode = Mode::holding;
  world.start();
  const Request request = world.primaries[0].requests.at(0);
  const auto messages = world.primaries[0].answer(request, world.now.wall);
  for (std::size_t i = 0; i < 310 && world.openTo(0) == 1; ++i) {
    world.sendMessage(request.connection, messages[i]);
    world.advance(seconds{1});
  }
  EXPECT_THAT(world.take<ZoneFailure>().at(0).text, HasSubstr("not complete in 300 s"));
}

TEST(SecondaryLimits, ATransferAboveItsZonesLimitIsRejected) {
  World world;
  ZoneSettings narrow = world.settings.zones[0];
  narrow.limits.records_max = 3;
  world.zones.replace(ZoneId{0}, narrow);
  world.at(0).padding = 10;
  world.start();
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "limit");
  EXPECT_THAT(world.commits, IsEmpty());
  EXPECT_EQ(world.openTo(0), 0u);  // more of it may come
}

// -- signatures

TEST(SecondaryTsig, SignedQueriesAndTransfersAreVerified) {
  World world({.key = key("0123456789abcdef0123456789abcdef")});
  world.hold(1);
  world.setSerial(2);
  world.start();
  for (const Request& request : world.primaries[0].requests) EXPECT_FALSE(request.mac.empty());
  EXPECT_EQ(world.status().serial, dns::Serial(2));
  world.at(0).ixfr = dns::Rcode::refused;
  world.setSerial(3);
  world.notify();
  EXPECT_EQ(world.status().serial, dns::Serial(3));
}

TEST(SecondaryTsig, AnswersUnderAnotherKeyAreRefused) {
  World world({.primaries = 2, .key = key("0123456789abcdef0123456789abcdef")});
  world.hold(1);
  world.setSerial(2);
  world.primaries[0].key = nullptr;  // it answers unsigned
  world.start();
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "tsig");
  EXPECT_EQ(failures[0].step, Step::soa);
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(SecondaryTsig, AForgedSignatureIsRefused) {
  World world({.key = key("0123456789abcdef0123456789abcdef")});
  world.primaries[0].mode = Mode::holding;
  world.start();
  const Request request = world.primaries[0].requests.at(0);
  auto message = world.primaries[0].answer(request, world.now.wall).at(0);
  message[40] ^= 1;
  world.sendMessage(request.connection, message);
  world.run();
  EXPECT_THAT(world.commits, IsEmpty());
  EXPECT_EQ(world.take<ZoneFailure>().at(0).reason, "tsig");
}

TEST(SecondaryTsig, ATransferWhoseLastMessageIsUnsignedIsRefused) {
  World world({.key = key("0123456789abcdef0123456789abcdef")});
  world.at(0).padding = 10;
  world.at(0).per_message = 7;
  world.primaries[0].sign_last = false;
  world.start();
  EXPECT_THAT(world.commits, IsEmpty());
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_THAT(failures[0].text, HasSubstr("AXFR: the last message is not signed"));
}

TEST(SecondaryTsig, AnUnsignedErrorIsToldWithItsCode) {
  World world({.key = key("0123456789abcdef0123456789abcdef")});
  world.primaries[0].key = nullptr;
  world.at(0).axfr = dns::Rcode::notAuth;  // as pdns does
  world.start();
  EXPECT_THAT(world.take<ZoneFailure>().at(0).text, HasSubstr("AXFR: NOTAUTH, TSIG: "));
}

}  // namespace
}  // namespace zonecast::xfr::test
