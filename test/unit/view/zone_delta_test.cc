#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/view/zone_text.h"

namespace zonecast::view {
namespace {

using dns::RrType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a chain changes, by apply() and, which must say the same, by comparison.
struct Change {
  std::vector<std::string> owners, subtrees;
};

Change changeBy(Zone zone, std::vector<Delta> chain) {
  const Zone before = copyOf(zone);
  const ZoneChange applied = zone.apply(chain).value();
  const ZoneChange compared = compareZones(before, zone, 1);
  EXPECT_EQ(sortedTexts(applied.owners), sortedTexts(compared.owners));
  EXPECT_EQ(sortedTexts(applied.subtrees), sortedTexts(compared.subtrees));
  return {sortedTexts(applied.owners), sortedTexts(applied.subtrees)};
}

void expectRejected(Zone& zone, const std::vector<Delta>& chain, const std::string& why) {
  const std::vector<std::string> before = dump(zone);
  const auto applied = zone.apply(chain);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().text, HasSubstr(why));
  EXPECT_EQ(dump(zone), before);
}

TEST(ZoneDelta, AChainLeadsFromSerialToSerial) {
  Zone zone = exampleZone({"h.example A 192.0.2.1"});
  const std::vector<Delta> chain{delta(1, {"h.example A 192.0.2.1"}, {"h.example A 192.0.2.2"}),
                                 delta(2, {}, {"i.example MX x"})};
  ASSERT_TRUE(zone.apply(chain));
  EXPECT_EQ(zone.serial(), dns::Serial(3));
  EXPECT_EQ(zone.recordCount(), 3u);
  EXPECT_EQ(zone.lookup(name("h.example"), RrType::a).rrset.rdatas.at(0)[3], 2);
  EXPECT_EQ(zone.lookup(name("i.example"), kMx).kind, ZoneAnswer::Kind::data);
}

TEST(ZoneDelta, AnEmptyChainChangesNothing) {
  Zone zone = exampleZone({});
  const ZoneChange change = zone.apply({}).value();
  EXPECT_THAT(change.owners, IsEmpty());
  EXPECT_THAT(change.subtrees, IsEmpty());
}

TEST(ZoneDelta, AChainFromAnotherSerialIsRejected) {
  Zone zone = exampleZone({});
  expectRejected(zone, {delta(2, {}, {})}, "the delta is for serial 2, the zone has 1");
  expectRejected(zone, {delta(1, {}, {"h.example A 192.0.2.1"}), delta(3, {}, {})},
                 "the delta is for serial 3, the zone has 2");
}

TEST(ZoneDelta, AChainThatEndsWithoutItsSoaIsRejected) {
  Zone zone = exampleZone({});
  Delta without = delta(1, {}, {"new.b.example A 192.0.2.1"});
  without.added.pop_back();
  expectRejected(zone, {without}, "does not lead to serial 2");
  Delta other = delta(1, {}, {});
  other.to = dns::Serial(7);
  expectRejected(zone, {other}, "does not lead to serial 7");
  Delta two = delta(1, {}, {});
  two.removed.clear();
  expectRejected(zone, {two}, "example SOA is a second one");
}

TEST(ZoneDelta, RemovingWhatIsNotThereRejectsTheChain) {
  Zone zone = exampleZone({"h.example A 192.0.2.1", "h.example MX x"});
  expectRejected(zone, {delta(1, {"h.example A 192.0.2.1", "h.example A 192.0.2.2"}, {})},
                 "h.example A is to be removed and is not there");
  expectRejected(zone, {delta(1, {"h.example A 192.0.2.1", "h.example A 192.0.2.1"}, {})},
                 "h.example A");
  expectRejected(zone, {delta(1, {"h.example MX x", "h.example MX y"}, {})}, "h.example TYPE15");
  expectRejected(zone, {delta(1, {"i.example A 192.0.2.1"}, {})}, "i.example");
  expectRejected(zone, {delta(1, {"h.example.net A 192.0.2.1"}, {})}, "h.example.net");
}

TEST(ZoneDelta, ARecordOutsideTheZoneRejectsTheChain) {
  Zone zone = exampleZone({});
  expectRejected(zone, {delta(1, {}, {"h.example A 192.0.2.1", "example.net A 192.0.2.1"})},
                 "outside the zone");
}

TEST(ZoneDelta, ALimitRejectsTheChain) {
  Zone zone(name("example"), {.records_per_rrset_max = 1});
  const DeltaRecord soa = record("example SOA 1");
  ASSERT_TRUE(zone.add(viewOf(soa)) && zone.finish());
  expectRejected(
      zone, {delta(1, {}, {"h.x.example A 192.0.2.1"}), delta(2, {}, {"h.x.example A 192.0.2.2"})},
      "more than 1 records");
  EXPECT_EQ(zone.lookup(name("x.example"), RrType::a).kind, ZoneAnswer::Kind::nxdomain);
}

TEST(ZoneDelta, ARecordIsRemovedWhateverItsTtl) {
  Zone zone = exampleZone({"h.example 60 A 192.0.2.1"});
  ASSERT_TRUE(zone.apply(std::vector{delta(1, {"h.example 5 A 192.0.2.1"}, {})}));
  EXPECT_EQ(zone.lookup(name("h.example"), RrType::a).kind, ZoneAnswer::Kind::nxdomain);
}

TEST(ZoneDelta, AddingWhatIsThereGivesItItsTtl) {
  Zone zone = exampleZone({"h.example 60 A 192.0.2.1"});
  ASSERT_TRUE(zone.apply(std::vector{delta(1, {}, {"h.example 600 A 192.0.2.1"})}));
  const ZoneAnswer answer = zone.lookup(name("h.example"), RrType::a);
  EXPECT_EQ(answer.rrset.rdatas.size(), 1u);
  EXPECT_EQ(answer.rrset.ttl.seconds(), 600u);
  expectRejected(zone, {delta(2, {}, {"h.example 5 A 192.0.2.1"}), delta(9, {}, {})}, "serial 9");
}

TEST(ZoneDelta, EmptyNonTerminalsGoWithTheLastNameBelowThem) {
  Zone zone = exampleZone({"_sip._udp.h.example SRV 1 2 3 h.example", "a.example A 192.0.2.1"});
  ASSERT_TRUE(zone.apply(std::vector{delta(1, {"_sip._udp.h.example SRV 1 2 3 h.example"}, {})}));
  EXPECT_EQ(zone.lookup(name("h.example"), RrType::a).kind, ZoneAnswer::Kind::nxdomain);
  EXPECT_EQ(zone.lookup(name("a.example"), RrType::a).kind, ZoneAnswer::Kind::data);
}

TEST(ZoneDelta, ASoaAloneChangesNoAnswer) {
  const Change change = changeBy(exampleZone({"h.example A 192.0.2.1"}), {delta(1, {}, {})});
  EXPECT_THAT(change.owners, IsEmpty());
  EXPECT_THAT(change.subtrees, IsEmpty());
}

TEST(ZoneDelta, AnotherTtlIsNoChange) {
  const Change change =
      changeBy(exampleZone({"h.example 60 A 192.0.2.1"}),
               {delta(1, {"h.example 60 A 192.0.2.1"}, {"h.example 5 A 192.0.2.1"})});
  EXPECT_THAT(change.owners, IsEmpty());
}

TEST(ZoneDelta, WhatAChainAddsAndTakesAwayAgainIsNoChange) {
  const Change change = changeBy(exampleZone({"*.example A 192.0.2.1"}),
                                 {delta(1, {}, {"a.b.example A 192.0.2.1", "*.b.example TXT x"}),
                                  delta(2, {"a.b.example A 192.0.2.1", "*.b.example TXT x"}, {})});
  EXPECT_THAT(change.owners, IsEmpty());
  EXPECT_THAT(change.subtrees, IsEmpty());
}

TEST(ZoneDelta, OtherRdataChangesItsOwnerAlone) {
  const Change change = changeBy(exampleZone({"h.example A 192.0.2.1", "x.h.example A 192.0.2.1"}),
                                 {delta(1, {"h.example A 192.0.2.1"}, {"h.example A 192.0.2.2"})});
  EXPECT_THAT(change.owners, ElementsAre("h.example"));
  EXPECT_THAT(change.subtrees, IsEmpty());
}

TEST(ZoneDelta, OfTypesThatAreNotKeptOnlyPresenceCounts) {
  const auto change = [](std::initializer_list<const char*> removed,
                         std::initializer_list<const char*> added) {
    return changeBy(exampleZone({"h.example A 192.0.2.1", "h.example MX x"}),
                    {delta(1, removed, added)})
        .owners;
  };
  EXPECT_THAT(change({}, {"h.example MX y"}), IsEmpty());
  EXPECT_THAT(change({"h.example MX x"}, {"h.example MX y"}), IsEmpty());
  EXPECT_THAT(change({"h.example MX x"}, {}), ElementsAre("h.example"));
}

TEST(ZoneDelta, ANewNameBringsItsEmptyNonTerminals) {
  const Change change = changeBy(exampleZone({}), {delta(1, {}, {"a.b.c.example A 192.0.2.1"})});
  EXPECT_THAT(change.owners, ElementsAre("a.b.c.example", "b.c.example", "c.example"));
  EXPECT_THAT(change.subtrees, IsEmpty());
}

TEST(ZoneDelta, ANewNameBesideAWildcardChangesAllBelowTheTopmostNewOne) {
  const Change change = changeBy(exampleZone({"*.example A 192.0.2.9"}),
                                 {delta(1, {}, {"a.b.c.example A 192.0.2.1"})});
  EXPECT_THAT(change.subtrees, ElementsAre("c.example"));
}

TEST(ZoneDelta, ANameGoneBesideAWildcardChangesAllBelowTheTopmostOne) {
  const Change change =
      changeBy(exampleZone({"*.example A 192.0.2.9", "a.b.c.example A 192.0.2.1"}),
               {delta(1, {"a.b.c.example A 192.0.2.1"}, {})});
  EXPECT_THAT(change.owners, ElementsAre("a.b.c.example", "b.c.example", "c.example"));
  EXPECT_THAT(change.subtrees, ElementsAre("c.example"));
}

TEST(ZoneDelta, AWildcardChangesAllBelowItsParent) {
  const Change change = changeBy(exampleZone({"h.p.example A 192.0.2.1"}),
                                 {delta(1, {}, {"*.p.example A 192.0.2.2"})});
  EXPECT_THAT(change.owners, ElementsAre("*.p.example"));
  EXPECT_THAT(change.subtrees, ElementsAre("p.example"));
}

TEST(ZoneDelta, ACutThatCameOrWentChangesAllBelowItButOtherServersDoNot) {
  EXPECT_THAT(
      changeBy(exampleZone({"a.s.example A 192.0.2.1"}), {delta(1, {}, {"s.example NS n.example"})})
          .subtrees,
      ElementsAre("s.example"));
  EXPECT_THAT(
      changeBy(exampleZone({"s.example NS n.example"}), {delta(1, {"s.example NS n.example"}, {})})
          .subtrees,
      ElementsAre("s.example"));
  EXPECT_THAT(changeBy(exampleZone({"s.example NS n.example"}),
                       {delta(1, {"s.example NS n.example"}, {"s.example NS m.example"})})
                  .subtrees,
              IsEmpty());
  EXPECT_THAT(changeBy(exampleZone({}), {delta(1, {}, {"example NS n.example"})}).subtrees,
              IsEmpty());
}

TEST(ZoneDelta, ADnameThatLeadsElsewhereChangesAllBelowIt) {
  const Change change =
      changeBy(exampleZone({"d.example DNAME a.example"}),
               {delta(1, {"d.example DNAME a.example"}, {"d.example DNAME b.example"})});
  EXPECT_THAT(change.subtrees, ElementsAre("d.example"));
}

TEST(ZoneDelta, AZoneThatIsEditedForEverDoesNotGrow) {
  Zone zone = exampleZone({"h.example A 192.0.2.1"});
  std::size_t octets_early = 0;
  for (std::uint32_t serial = 1; serial < 20'000; serial += 2) {
    const std::string owner = "n" + std::to_string(10'000 + serial % 1'000) + ".sub.example TXT ";
    const std::string text = owner + std::string(serial % 40, 'x');
    ASSERT_TRUE(zone.apply(
        std::vector{delta(serial, {}, {text.c_str()}), delta(serial + 1, {text.c_str()}, {})}));
    if (serial == 2'001) octets_early = zone.octets();
  }
  EXPECT_LE(zone.octets(), octets_early);
  EXPECT_EQ(zone.recordCount(), 2u);
  EXPECT_GT(zone.deadOctets(), 0u);
  EXPECT_LT(zone.deadOctets(), zone.octets());
}

TEST(ZoneDelta, AVisitGoesOnOverAChange) {
  Zone zone = exampleZone({"a.example A 192.0.2.1", "b.example A 192.0.2.1",
                           "c.example A 192.0.2.1", "d.example A 192.0.2.1"});
  std::vector<std::string> seen;
  const auto see = [&](dns::NameView owner, Zone::OwnerTypes) { seen.push_back(owner.toText()); };
  auto cursor = zone.visitOwners(0, 2, see);
  ASSERT_TRUE(cursor);
  ASSERT_TRUE(zone.apply(std::vector{
      delta(1, {"a.example A 192.0.2.1", "b.example A 192.0.2.1", "c.example A 192.0.2.1"},
            {"longer-than-those.example A 192.0.2.1"})}));
  while (cursor) cursor = zone.visitOwners(*cursor, 1, see);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "example"), 1);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "d.example"), 1);
}

}  // namespace
}  // namespace zonecast::view
