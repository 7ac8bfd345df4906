// The life of a zone: transfers, checks, NOTIFY, timers, readiness.
#include "reconciler/xfr/secondary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

using dns::RrType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Step = ZoneFailure::Step;

TEST(Secondary, AZoneOfWhichNothingIsHeldIsTransferredWithoutACheck) {
  World world;
  world.start();
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 0u);
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);
  const auto transferred = world.take<ZoneTransferred>();
  ASSERT_THAT(transferred, SizeIs(1));
  EXPECT_EQ(transferred[0].shape, TransferShape::axfr);
  EXPECT_FALSE(transferred[0].from);
  EXPECT_EQ(transferred[0].to, dns::Serial(1));
  ASSERT_THAT(world.commits, SizeIs(1));
  EXPECT_EQ(world.commits[0].second.fulls, 1);
  EXPECT_EQ(world.commits[0].second.added, 2);  // SOA and A
  EXPECT_EQ(world.status().activity, ZoneActivity::waiting);
  EXPECT_EQ(world.status().serial, dns::Serial(1));
  EXPECT_EQ(world.status().primary, PrimaryId{0});
  EXPECT_TRUE(world.status().confirmed);
  EXPECT_EQ(world.secondary->intervals(World::zone(0)).refresh, seconds{600});
}

TEST(Secondary, WhatWasRestoredIsCheckedAndNotTransferred) {
  World world;
  world.hold(1);
  EXPECT_FALSE(world.status().confirmed);
  world.start();
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 1u);
  EXPECT_THAT(world.primaries[0].requests, SizeIs(1));
  EXPECT_FALSE(world.primaries[0].requests[0].rd);
  ASSERT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
  EXPECT_TRUE(world.status().confirmed);
  EXPECT_THAT(world.commits, IsEmpty());
}

TEST(Secondary, WhatIsConfirmedNoMoreIsCheckedAtOnce) {
  World world;
  world.hold(1);
  world.start();
  world.take<ZoneCurrent>();
  world.secondary->unconfirmAll();
  EXPECT_FALSE(world.status().confirmed);
  EXPECT_EQ(world.secondary->tally().confirmed, 0u);
  world.advance(seconds{0});
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 2u);
  ASSERT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
  EXPECT_TRUE(world.status().confirmed);
  EXPECT_EQ(world.secondary->tally().confirmed, 1u);
  world.advance(seconds{10});
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 2u) << "once";
}

TEST(Secondary, ANewerSerialIsFetchedByIxfrOnTheSameConnection) {
  World world;
  world.hold(1);
  world.setSerial(2);
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  EXPECT_EQ(world.primaries[0].requests[1].type, RrType::ixfr);
  EXPECT_EQ(world.connects, 1u);
  const auto transferred = world.take<ZoneTransferred>();
  ASSERT_THAT(transferred, SizeIs(1));
  EXPECT_EQ(transferred[0].shape, TransferShape::ixfr);
  EXPECT_EQ(transferred[0].from, dns::Serial(1));
  EXPECT_EQ(transferred[0].to, dns::Serial(2));
}

TEST(Secondary, AnIxfrAnsweredInFullIsAnAxfr) {
  World world;
  world.hold(1);
  world.setSerial(2);
  world.at(0).history = false;
  world.start();
  const auto transferred = world.take<ZoneTransferred>();
  ASSERT_THAT(transferred, SizeIs(1));
  EXPECT_EQ(transferred[0].shape, TransferShape::axfr);
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 0u);
}

TEST(Secondary, ARefusedIxfrIsFollowedByAxfrFromTheSamePrimary) {
  World world({.primaries = 2});
  world.hold(1);
  world.setSerial(2);
  world.at(0).ixfr = dns::Rcode::notImp;
  world.start();
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);
  EXPECT_THAT(world.primaries[1].requests, IsEmpty());
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].step, Step::ixfr);
  EXPECT_EQ(failures[0].text, "zone z0.example from ns1 (192.0.2.1:53): IXFR: NOTIMP; trying AXFR");
  EXPECT_EQ(world.status().serial, dns::Serial(2));

  world.setSerial(3);  // only that round remembers it
  world.notify();
  EXPECT_EQ(world.primaries[0].count(RrType::ixfr), 2u);
}

TEST(Secondary, ARoundInWhichIxfrFailedGoesOnWithAxfr) {
  World world({.primaries = 2});
  world.hold(1);
  world.setSerial(2);
  world.at(0).ixfr = world.at(0).axfr = dns::Rcode::servFail;
  world.start();
  EXPECT_EQ(world.primaries[1].count(RrType::soa), 1u);
  EXPECT_EQ(world.primaries[1].count(RrType::ixfr), 0u);
  EXPECT_EQ(world.primaries[1].count(RrType::axfr), 1u);
  EXPECT_THAT(world.take<ZoneFailure>(), SizeIs(2));
  EXPECT_EQ(world.status().serial, dns::Serial(2));
}

TEST(Secondary, AnIxfrThatDoesNotFitIsFollowedByAxfr) {
  World world;
  world.hold(1);
  world.setSerial(2);
  world.takes_deltas = false;
  world.start();
  EXPECT_EQ(world.status().serial, dns::Serial(2));
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].reason, "malformed");
}

TEST(Secondary, OlderAndUnorderedSerialsAreNeverTransferred) {
  for (const std::uint32_t theirs : {4u, 5u + 0x80000000u}) {
    World world({.primaries = 2});
    world.hold(5);
    world.setSerial(theirs);
    world.start();
    EXPECT_EQ(world.primaries[0].count(RrType::soa), 1u);
    EXPECT_EQ(world.primaries[1].count(RrType::soa), 1u);
    EXPECT_THAT(world.commits, IsEmpty());
    EXPECT_EQ(world.status().serial, dns::Serial(5));
    EXPECT_EQ(world.status().failures, 1u);
    EXPECT_FALSE(world.status().confirmed);
    const auto failures = world.take<ZoneFailure>();
    ASSERT_THAT(failures, SizeIs(2));
    EXPECT_EQ(failures[0].reason, "older");
    EXPECT_THAT(failures[0].text, HasSubstr("trying ns2"));
    EXPECT_THAT(failures[1].text, HasSubstr("next try in "));
  }
}

TEST(Secondary, SerialsWrap) {
  World world;
  world.hold(0xffffffff);
  world.setSerial(0);
  world.start();
  EXPECT_EQ(world.status().serial, dns::Serial(0));
}

TEST(Secondary, RefreshIsDueWithoutBeingAsked) {
  World world;
  world.hold(1);
  world.start();
  world.advance(seconds{530});
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 1u);
  world.setSerial(2);
  world.advance(seconds{71});
  EXPECT_EQ(world.status().serial, dns::Serial(2));
}

TEST(Secondary, AChangedZoneIsLookedAtOnceMore) {
  World world;
  world.hold(1);
  world.start();
  world.setSerial(2);
  world.notify();
  EXPECT_EQ(world.status().serial, dns::Serial(2));
  const auto asked = world.primaries[0].count(RrType::soa);
  world.setSerial(3);  // of which named tells 5 s later
  world.advance(seconds{2});
  EXPECT_EQ(world.status().serial, dns::Serial(3));
  world.advance(seconds{60});
  EXPECT_EQ(world.primaries[0].count(RrType::soa), asked + 2);
}

TEST(Secondary, AZoneThatWasTransferredForTheFirstTimeIsNotLookedAtTwice) {
  World world;
  world.start();
  world.advance(seconds{60});
  EXPECT_THAT(world.primaries[0].requests, SizeIs(1));
}

TEST(Secondary, NotifiesDuringACheckMakeOneMore) {
  World world;
  world.hold(1);
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(1));
  EXPECT_EQ(world.status().activity, ZoneActivity::checking);
  for (int i = 0; i < 5; ++i) world.notify();
  EXPECT_THAT(world.primaries[0].requests, SizeIs(1));
  world.answer(world.primaries[0].requests[0]);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  world.answer(world.primaries[0].requests[1]);
  EXPECT_THAT(world.primaries[0].requests, SizeIs(2));
  EXPECT_EQ(world.status().activity, ZoneActivity::waiting);
}

TEST(Secondary, ATransferUnderWaySaysHowManyRecordsHaveCome) {
  World world;
  world.at(0).padding = 10;
  world.at(0).per_message = 4;
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  EXPECT_EQ(world.secondary->underWay().transfers, 1u);
  EXPECT_EQ(world.secondary->underWay().records, 0u);
  const Request request = world.primaries[0].requests[0];
  const auto messages = world.primaries[0].answer(request, world.now.wall);
  ASSERT_GT(messages.size(), 2u);
  world.sendMessage(request.connection, messages[0]);
  EXPECT_EQ(world.secondary->underWay().records, 4u);
  world.sendMessage(request.connection, messages[1]);
  EXPECT_EQ(world.secondary->underWay().records, 8u);
  for (std::size_t i = 2; i < messages.size(); ++i)
    world.sendMessage(request.connection, messages[i]);
  world.run();
  EXPECT_THAT(world.commits, SizeIs(1));
  EXPECT_EQ(world.secondary->underWay().transfers, 0u);
  EXPECT_EQ(world.secondary->underWay().records, 0u);
}

TEST(Secondary, ANotifyDuringATransferMakesACheckAfterIt) {
  World world;
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  EXPECT_EQ(world.status().activity, ZoneActivity::transferring);
  world.notify();
  world.notify();
  world.answer(world.primaries[0].requests[0]);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  EXPECT_EQ(world.primaries[0].requests[1].type, RrType::soa);
  world.answer(world.primaries[0].requests[1]);
  EXPECT_THAT(world.primaries[0].requests, SizeIs(2));
}

TEST(Secondary, ANotifiedZoneIsCheckedAheadOfRefreshes) {
  World world({.zones = 20, .limits = {.queries_in_flight_per_primary = 2}});
  for (std::size_t i = 0; i < 20; ++i) world.hold(1, i);
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  ASSERT_THAT(world.primaries[0].requests, SizeIs(2));
  world.notify(0, 19);
  world.notify(0, 19);
  world.answer(world.primaries[0].requests[0]);
  ASSERT_THAT(world.primaries[0].requests, SizeIs(3));
  EXPECT_EQ(world.primaries[0].requests[2].zone, name("z19.example"));
  world.answer(world.primaries[0].requests[2]);  // and not twice
  EXPECT_NE(world.primaries[0].requests[3].zone, name("z19.example"));
}

TEST(Secondary, ThePrimaryThatSpokeIsAskedFirst) {
  World world({.primaries = 3});
  world.hold(1);
  world.start();
  world.at(1).serial = 2;
  world.notify(1);
  EXPECT_THAT(world.primaries[2].requests, IsEmpty());
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 1u);
  EXPECT_EQ(world.status().serial, dns::Serial(2));
  EXPECT_EQ(world.status().primary, PrimaryId{1});
}

TEST(Secondary, AllPrimariesThatSpokeAreAsked) {
  World world({.primaries = 3});
  world.hold(1);
  for (Primary& primary : world.primaries) primary.mode = Primary::Mode::holding;
  world.start();
  world.at(2).serial = 2;
  world.notify(1);  // which has nothing new yet
  world.notify(2);
  for (Primary& primary : world.primaries) primary.mode = Primary::Mode::serving;
  world.answer(world.primaries[0].requests[0]);
  EXPECT_EQ(world.primaries[1].count(RrType::soa), 1u);
  EXPECT_EQ(world.status().serial, dns::Serial(2));
}

TEST(Secondary, ANotifyDuringBackoffMakesACheckAtOnce) {
  World world;
  world.hold(1);
  world.primaries[0].mode = Primary::Mode::refusing;
  world.start();
  EXPECT_EQ(world.status().failures, 1u);
  world.primaries[0].mode = Primary::Mode::serving;
  world.notify();
  EXPECT_EQ(world.status().failures, 0u);
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
}

TEST(Secondary, FailuresBackOffAndTheCopyExpiresOnce) {
  World world;
  world.hold(1);
  world.at(0).soa = dns::Rcode::servFail;
  world.start();
  world.advance(hours{2} - seconds{1});
  EXPECT_THAT(world.take<ZoneExpired>(), IsEmpty());
  EXPECT_FALSE(world.status().expired);
  const auto tries = world.primaries[0].count(RrType::soa);
  EXPECT_GT(tries, 8u);   // refresh is 600 s
  EXPECT_LT(tries, 30u);  // retry is 60 s
  world.advance(hours{2});
  EXPECT_THAT(world.take<ZoneExpired>(), SizeIs(1));
  EXPECT_TRUE(world.status().expired);
  EXPECT_THAT(world.status().trouble, HasSubstr("SERVFAIL"));
  world.at(0).soa = dns::Rcode::noError;
  world.notify();
  EXPECT_FALSE(world.status().expired);
  EXPECT_EQ(world.status().trouble, "");
}

TEST(Secondary, ACopyThatExpiredWhileWeWereAwayIsReportedAtStart) {
  World world;
  world.secondary->restore(
      World::zone(0),
      {dns::Serial(1), {seconds{600}, seconds{60}, seconds{7200}}, world.now.wall - hours{3}});
  world.primaries[0].mode = Primary::Mode::refusing;
  world.start();
  EXPECT_THAT(world.take<ZoneExpired>(), SizeIs(1));
}

TEST(Secondary, AZoneOfWhichNothingIsHeldRetriesWithBackoffAndNeverExpires) {
  World world;
  world.at(0).axfr = dns::Rcode::refused;
  world.start();
  const auto failures = world.take<ZoneFailure>();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].step, Step::axfr);
  EXPECT_EQ(failures[0].reason, "refused");
  EXPECT_THAT(failures[0].text,
              HasSubstr("zone z0.example from ns1 (192.0.2.1:53): AXFR: REFUSED; next try in 1"));
  world.advance(hours{3});
  EXPECT_LT(world.primaries[0].count(RrType::axfr), 60u);
  EXPECT_GT(world.primaries[0].count(RrType::axfr), 30u);
  EXPECT_THAT(world.take<ZoneExpired>(), IsEmpty());
}

TEST(Secondary, TheOperatorCanHaveItCheckedNow) {
  World world;
  world.hold(1);
  world.start();
  world.secondary->refresh(World::zone(0), world.now);
  world.run();
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 2u);
}

TEST(Secondary, RetransferTakesWhateverThePrimaryHas) {
  World world;
  world.hold(5);
  world.setSerial(5);
  world.start();
  world.setSerial(3);
  world.secondary->retransfer(World::zone(0), world.now);
  world.run();
  const auto transferred = world.take<ZoneTransferred>();
  ASSERT_THAT(transferred, SizeIs(1));
  EXPECT_EQ(transferred[0].from, dns::Serial(5));
  EXPECT_EQ(transferred[0].to, dns::Serial(3));
  EXPECT_EQ(world.status().serial, dns::Serial(3));
}

TEST(Secondary, ARetransferThatFoundThePrimaryDownIsMadeWhenItIsBack) {
  World world;
  world.hold(9);
  world.setSerial(9);
  world.start();
  world.setSerial(5);
  world.primaries[0].mode = Primary::Mode::deaf;
  world.advance(seconds{5});
  ASSERT_EQ(world.openTo(0), 0u);
  world.notify();
  ASSERT_EQ(world.status().activity, ZoneActivity::checking);
  world.secondary->retransfer(World::zone(0), world.now);
  world.advance(seconds{6});  // the check has failed, and so has the retransfer that waited for it
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 0u);

  world.primaries[0].mode = Primary::Mode::serving;
  world.advance(hours{1});
  EXPECT_EQ(world.status().serial, dns::Serial(5));
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);  // and then it is done
}

TEST(Secondary, ARetransferAskedForDuringACheckFollowsIt) {
  World world;
  world.hold(1);
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  world.secondary->retransfer(World::zone(0), world.now);
  world.primaries[0].mode = Primary::Mode::serving;
  world.answer(world.primaries[0].requests[0]);
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);
  EXPECT_THAT(world.commits, SizeIs(1));
}

TEST(Secondary, AZoneThatTheReceiverIsNotReadyForTakesNoSlot) {
  World world({.zones = 2, .limits = {.transfers_per_primary = 1}});
  world.busy.insert(World::zone(0));
  world.start();
  EXPECT_EQ(world.status(0).activity, ZoneActivity::queued);
  EXPECT_THAT(world.take<ZoneTransferred>(), SizeIs(1));  // the other one
  world.advance(minutes{5});
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 1u);
  world.busy.clear();
  world.secondary->onZoneReady(World::zone(0), world.now);
  world.run();
  EXPECT_THAT(world.take<ZoneTransferred>(), SizeIs(1));
  EXPECT_EQ(world.status(0).serial, dns::Serial(1));
  world.secondary->onZoneReady(World::zone(0), world.now);  // nobody waits
  world.run();
  EXPECT_EQ(world.primaries[0].count(RrType::axfr), 2u);
}

TEST(Secondary, ACheckNeedsNoReadiness) {
  World world;
  world.hold(1);
  world.busy.insert(World::zone(0));
  world.start();
  EXPECT_THAT(world.take<ZoneCurrent>(), SizeIs(1));
}

TEST(Secondary, TheSameSeedMakesTheSameWorld) {
  const auto trace = [] {
    World world({.zones = 50, .primaries = 2});
    world.primaries[0].mode = Primary::Mode::mute;
    world.start();
    world.advance(hours{1});
    std::string all;
    for (const auto& request : world.primaries[1].requests) all += std::to_string(request.id) + " ";
    return all;
  };
  EXPECT_EQ(trace(), trace());
}

TEST(Secondary, TenThousandZonesStartInBoundedSteps) {
  constexpr std::size_t kZones = 10'000;
  World world({.zones = kZones});
  for (std::size_t i = 0; i < kZones; i += 2) world.hold(1, i);
  world.primaries[0].mode = Primary::Mode::holding;
  world.start();
  EXPECT_LT(world.actions_at_once_max, 100u);
  EXPECT_EQ(world.primaries[0].count(RrType::soa), 64u);
  world.primaries[0].mode = Primary::Mode::serving;
  for (const Request& request : std::vector(world.primaries[0].requests)) world.answer(request);
  EXPECT_EQ(world.take<ZoneCurrent>().size(), kZones / 2);
  EXPECT_EQ(world.take<ZoneTransferred>().size(), kZones / 2);
  EXPECT_LT(world.actions_at_once_max, 100u);
  EXPECT_EQ(world.connects, 4u);  // three for the first transfers, one for the checks
}

}  // namespace
}  // namespace zonecast::xfr::test
