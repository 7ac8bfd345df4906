#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/view/zone_text.h"

namespace zonecast::view {
namespace {

using dns::RrType;
using testing::ElementsAre;
using testing::HasSubstr;

std::string failureToAdd(Zone& zone, const std::string& text) {
  const DeltaRecord r = record(text);
  const auto added = zone.add(viewOf(r));
  return added ? "" : added.error().text;
}

TEST(ZoneBuild, ARecordThatStandsTwiceIsKeptOnceWithTheLowerTtl) {  // RFC 2181 section 5
  const Zone zone = exampleZone({"h.example 60 A 192.0.2.1", "h.example 600 A 192.0.2.1",
                                 "i.example 600 A 192.0.2.1", "i.example 60 A 192.0.2.1"});
  EXPECT_THAT(dump(zone), ElementsAre(HasSubstr("example 3600 SOA"), "h.example 60 A 192.0.2.1",
                                      "i.example 60 A 192.0.2.1"));
  EXPECT_EQ(zone.recordCount(), 3u);
}

TEST(ZoneBuild, AZoneWithoutSoaIsNone) {
  Zone zone{name("example")};
  EXPECT_EQ(failureToAdd(zone, "h.example A 192.0.2.1"), "");
  EXPECT_FALSE(zone.finish());
}

TEST(ZoneBuild, ASecondSoaIsRejectedButNotTheSameAgain) {
  Zone zone{name("example")};
  EXPECT_EQ(failureToAdd(zone, "example SOA 1"), "");
  EXPECT_EQ(failureToAdd(zone, "example SOA 1"), "");
  EXPECT_EQ(failureToAdd(zone, "example SOA 2"), "example SOA is a second one");
}

TEST(ZoneBuild, ASoaBelowTheApexIsRejected) {
  Zone zone{name("example")};
  EXPECT_EQ(failureToAdd(zone, "h.example SOA 1"), "h.example SOA is not at the apex");
}

TEST(ZoneBuild, ARecordOutsideTheZoneIsRejected) {
  Zone zone{name("example")};
  EXPECT_EQ(failureToAdd(zone, "xexample A 192.0.2.1"), "xexample is outside the zone example");
  EXPECT_NE(failureToAdd(zone, ". A 192.0.2.1"), "");
}

TEST(ZoneBuild, AnotherClassIsRejected) {
  Zone zone{name("example")};
  const DeltaRecord r = record("h.example A 192.0.2.1");
  dns::RecordView chaos = viewOf(r);
  chaos.rrclass = dns::RrClass{3};
  EXPECT_FALSE(zone.add(chaos));
}

TEST(ZoneBuild, WhatALookupWouldHaveToParseIsCheckedOnTheWayIn) {
  const dns::Name owner = name("h.example");
  for (const RrType type : {RrType::cname, RrType::dname, RrType::soa}) {
    Zone zone{name("example")};
    const Octets rdata{7, 'e', 'x'};
    EXPECT_FALSE(zone.add({.owner = owner, .type = type, .ttl = {}, .rdata = rdata}));
    EXPECT_FALSE(zone.add({.owner = owner, .type = type, .ttl = {}, .rdata = {}}));
  }
}

TEST(ZoneBuild, AnRrsetMayHaveSoManyRecordsAndNoMore) {
  Zone zone(name("example"), {.records_per_rrset_max = 2});
  EXPECT_EQ(failureToAdd(zone, "h.example A 192.0.2.1"), "");
  EXPECT_EQ(failureToAdd(zone, "h.example A 192.0.2.2"), "");
  EXPECT_EQ(failureToAdd(zone, "h.example A 192.0.2.2"), "");
  EXPECT_EQ(failureToAdd(zone, "h.example TXT x"), "");
  EXPECT_EQ(failureToAdd(zone, "h.example A 192.0.2.3"),
            "h.example A has more than 2 records (limits.rrset_records_max)");
}

TEST(ZoneBuild, AnOwnerMayHaveSoManyOtherTypesAndNoMore) {
  Zone zone(name("example"), {.types_per_owner_max = 2});
  const dns::Name owner = name("h.example");
  const auto add = [&](int type) {
    return zone.add({.owner = owner, .type = RrType(type), .ttl = {}, .rdata = {}}).has_value();
  };
  EXPECT_TRUE(add(1000) && add(1001) && add(1000));
  EXPECT_FALSE(add(1002));
}

TEST(ZoneBuild, AZoneMayHaveSoManyRecordsAndOctetsAndNoMore) {
  Zone few(name("example"), {.records_max = 2});
  EXPECT_EQ(failureToAdd(few, "h.example MX x"), "");
  EXPECT_EQ(failureToAdd(few, "h.example MX x"), "");
  EXPECT_EQ(failureToAdd(few, "h.example MX x"),
            "the zone has more than 2 records (limits.zone_records_max)");

  Zone small(name("example"), {.octets_max = 10'000});
  std::string failure;
  for (int i = 0; i < 1000 && failure.empty(); ++i) {
    failure = failureToAdd(small, "h" + std::to_string(i) + ".example A 192.0.2.1");
  }
  EXPECT_EQ(failure, "the zone needs more than 10000 octets of memory (limits.zone_octets_max)");
  EXPECT_LT(small.octets(), 40'000u);
}

TEST(ZoneBuild, RecordsOfOtherTypesAreCounted) {
  const Zone zone = exampleZone({"h.example MX one", "h.example MX two"});
  EXPECT_EQ(zone.recordCount(), 3u);
  EXPECT_THAT(dump(zone),
              ElementsAre(testing::_, "h.example 0 TYPE15 \\# 0", "h.example 0 TYPE15 \\# 0"));
}

TEST(ZoneBuild, TheNegativeTtlIsTheLowerOfMinimumAndTheSoasOwn) {  // RFC 2308 section 5
  EXPECT_EQ(zoneOf("example", {record("example SOA 1")}).negativeTtl().seconds(), 60u);
  EXPECT_EQ(zoneOf("example", {record("example 30 SOA 1")}).negativeTtl().seconds(), 30u);
}

TEST(ZoneBuild, VisitedRecordsBuildTheSameZoneInPiecesOfAnySize) {
  const Zone zone = exampleZone({"h.example 60 A 192.0.2.1", "h.example MX 1", "h.example MX 2",
                                 "h.example MX 3", "_sip._udp.h.example SRV 1 2 3 h.example",
                                 "*.example TXT w", "h.example TXT t"});
  for (std::size_t piece = 1; piece < 10; ++piece) {
    EXPECT_EQ(dump(zone, piece), dump(zone)) << piece;
    const Zone copy = copyOf(zone, piece);
    EXPECT_EQ(dump(copy), dump(zone));
    EXPECT_EQ(copy.recordCount(), zone.recordCount());
  }
}

TEST(ZoneBuild, VisitedOwnersSayWhichTypesTheyHave) {
  const Zone zone = exampleZone({"example NS ns.example", "a.b.example SRV 1 2 3 h.example",
                                 "a.b.example TXT t", "*.example A 192.0.2.1",
                                 "c.example NS n.example", "d.example DNAME example.net"});
  std::vector<std::string> seen;
  std::optional<std::uint64_t> cursor = 0;
  while (cursor) {
    cursor = zone.visitOwners(*cursor, 2, [&](dns::NameView owner, Zone::OwnerTypes types) {
      std::string line = owner.toText();
      if (types.srv) line += " srv";
      if (types.txt) line += " txt";
      if (types.address) line += " address";
      if (types.cut) line += " cut";
      if (types.dname) line += " dname";
      if (types.wildcard) line += " wildcard";
      seen.push_back(line);
    });
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAre("example", "a.b.example srv txt",
                                                  "*.example address wildcard", "c.example cut",
                                                  "d.example dname"));
}

TEST(ZoneBuild, ManyNamesAreAllFoundAgain) {  // more than one shard, more than one block
  Zone zone{name("example")};
  EXPECT_EQ(failureToAdd(zone, "example SOA 1"), "");
  constexpr int kNames = 30'000;
  for (int i = 0; i < kNames; ++i) {
    const std::string owner = "n" + std::to_string(i) + ".example";
    ASSERT_EQ(failureToAdd(zone, owner + " TXT " + std::to_string(i)), "");
  }
  ASSERT_TRUE(zone.finish());
  for (int i = 0; i < kNames; ++i) {
    const auto answer = zone.lookup(name("n" + std::to_string(i) + ".example"), RrType::txt);
    ASSERT_EQ(answer.kind, ZoneAnswer::Kind::data);
    const std::string text = std::to_string(i);
    ASSERT_TRUE(std::equal(text.begin(), text.end(), answer.rrset.rdatas.at(0).begin() + 1));
  }
  EXPECT_EQ(zone.lookup(name("n30000.example"), RrType::txt).kind, ZoneAnswer::Kind::nxdomain);
  EXPECT_LT(zone.octets(), 75u * kNames);
}

TEST(ZoneBuild, TheLargestRecordsFit) {
  Zone zone{name("example")};
  const dns::Name owner = name("big.example");
  for (int i = 0; i < 10; ++i) {
    const Octets rdata(0xffff, static_cast<std::uint8_t>(i));
    ASSERT_TRUE(zone.add({.owner = owner, .type = RrType::txt, .ttl = {}, .rdata = rdata}));
  }
  ASSERT_EQ(failureToAdd(zone, "example SOA 1"), "");
  ASSERT_TRUE(zone.finish());
  const ZoneAnswer answer = zone.lookup(owner, RrType::txt);
  ASSERT_EQ(answer.rrset.rdatas.size(), 10u);
  EXPECT_EQ(answer.rrset.rdatas[7].size(), 0xffffu);
  EXPECT_EQ(answer.rrset.rdatas[7][0xfffe], 7);
}

}  // namespace
}  // namespace zonecast::view
