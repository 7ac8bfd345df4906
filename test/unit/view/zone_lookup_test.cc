#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/view/zone_text.h"

namespace zonecast::view {
namespace {

using dns::RrType;
using Kind = ZoneAnswer::Kind;
using testing::ElementsAre;

ZoneAnswer ask(const Zone& zone, std::string_view question, RrType type) {
  return zone.lookup(name(question), type);
}

Kind kindOf(const Zone& zone, std::string_view question, RrType type) {
  return ask(zone, question, type).kind;
}

// The example of RFC 4592 section 2.2.1.
class WildcardExample : public testing::Test {
 protected:
  const Zone zone_ = exampleZone({
      "example NS ns.example.com",
      "example NS ns.example.net",
      "*.example TXT this is a wildcard",
      "*.example MX 10 host1.example",
      "sub.*.example TXT this is not a wildcard",
      "host1.example A 192.0.2.1",
      "_ssh._tcp.host1.example SRV 0 0 22 host1.example",
      "_ssh._tcp.host2.example SRV 0 0 22 host2.example",
      "subdel.example NS ns.example.com",
      "subdel.example NS ns.example.net",
  });
};

TEST_F(WildcardExample, SynthesizesForNamesThatDoNotExist) {
  EXPECT_EQ(kindOf(zone_, "host3.example", kMx), Kind::data);
  EXPECT_EQ(kindOf(zone_, "foo.bar.example", RrType::txt), Kind::data);
  EXPECT_EQ(ask(zone_, "foo.bar.example", RrType::txt).source, name("*.example"));
}

TEST_F(WildcardExample, SynthesizesNoDataForTypesThatTheWildcardLacks) {
  EXPECT_EQ(kindOf(zone_, "host3.example", RrType::a), Kind::nodata);
}

TEST_F(WildcardExample, LeavesNamesThatExistAlone) {
  EXPECT_EQ(kindOf(zone_, "host1.example", kMx), Kind::nodata);
  EXPECT_EQ(kindOf(zone_, "sub.*.example", kMx), Kind::nodata);
}

TEST_F(WildcardExample, LeavesEmptyNonTerminalsAlone) {
  EXPECT_EQ(kindOf(zone_, "host2.example", kMx), Kind::nodata);
  EXPECT_EQ(kindOf(zone_, "_tcp.host2.example", RrType::txt), Kind::nodata);
}

TEST_F(WildcardExample, DoesNotReachBelowAnotherClosestEncloser) {
  const ZoneAnswer answer = ask(zone_, "_telnet._tcp.host1.example", RrType::srv);
  EXPECT_EQ(answer.kind, Kind::nxdomain);
  EXPECT_EQ(answer.source, name("_tcp.host1.example"));
  EXPECT_EQ(kindOf(zone_, "ghost.*.example", kMx), Kind::nxdomain);
}

TEST_F(WildcardExample, DoesNotReachBelowACut) {
  const ZoneAnswer answer = ask(zone_, "host.subdel.example", RrType::a);
  EXPECT_EQ(answer.kind, Kind::delegated);
  EXPECT_EQ(answer.source, name("subdel.example"));
}

TEST_F(WildcardExample, AnswersForItsOwnLiteralName) {
  EXPECT_EQ(kindOf(zone_, "*.example", RrType::txt), Kind::data);
  EXPECT_EQ(kindOf(zone_, "*.example", RrType::a), Kind::nodata);
}

TEST(ZoneLookup, AnEmptyNonTerminalWildcardStandsInWithNoData) {
  const Zone zone = exampleZone({"sub.*.example TXT x"});
  EXPECT_EQ(kindOf(zone, "foo.example", RrType::txt), Kind::nodata);
}

TEST(ZoneLookup, AWildcardMayHoldAnAlias) {
  const Zone zone = exampleZone({"*.example CNAME target.example.net"});
  const ZoneAnswer answer = ask(zone, "_sip._udp.example", RrType::srv);
  EXPECT_EQ(answer.kind, Kind::cname);
  EXPECT_EQ(answer.target, name("target.example.net"));
  EXPECT_EQ(answer.source, name("*.example"));
}

TEST(ZoneLookup, AnOwnerWithATypeThatIsNotKeptStopsTheWildcard) {
  const Zone zone = exampleZone({"*.example A 192.0.2.1", "mail.example MX 10 x"});
  EXPECT_EQ(kindOf(zone, "mail.example", RrType::a), Kind::nodata);
  EXPECT_EQ(kindOf(zone, "mail.example", kMx), Kind::data);
  EXPECT_TRUE(ask(zone, "mail.example", kMx).rrset.rdatas.empty());
}

TEST(ZoneLookup, DataIsTheWholeRrsetInCanonicalOrderWithTheLowestTtl) {  // RFC 2181 section 5.2
  const Zone zone = exampleZone({"h.example 300 A 192.0.2.200", "h.example 60 A 192.0.2.3",
                                 "h.example 600 A 192.0.2.9", "h.example TXT other"});
  const ZoneAnswer answer = ask(zone, "h.example", RrType::a);
  ASSERT_EQ(answer.rrset.rdatas.size(), 3u);
  std::vector<int> last_octets;
  for (const auto& rdata : answer.rrset.rdatas) last_octets.push_back(rdata[3]);
  EXPECT_THAT(last_octets, ElementsAre(3, 9, 200));
  EXPECT_EQ(answer.rrset.ttl.seconds(), 60u);
}

TEST(ZoneLookup, TheApexIsNoCut) {
  const Zone zone = exampleZone({"example NS ns.example", "ns.example A 192.0.2.1"});
  EXPECT_EQ(kindOf(zone, "example", RrType::ns), Kind::data);
  EXPECT_EQ(kindOf(zone, "ns.example", RrType::a), Kind::data);
}

TEST(ZoneLookup, ACutOccludesWhatIsAtAndBelowIt) {
  const Zone zone = exampleZone({"sub.example NS ns.sub.example", "ns.sub.example A 192.0.2.1",
                                 "sub.example A 192.0.2.2", "x.sub.example DNAME example.net"});
  for (const char* question :
       {"sub.example", "ns.sub.example", "a.x.sub.example", "no.sub.example"}) {
    const ZoneAnswer answer = ask(zone, question, RrType::a);
    EXPECT_EQ(answer.kind, Kind::delegated) << question;
    EXPECT_EQ(answer.source, name("sub.example")) << question;
  }
}

TEST(ZoneLookup, TellsWhetherAnOwnerHasRecordsThoughTheyAreOccluded) {
  const Zone zone = exampleZone({"d.example DNAME example.net", "_sip._udp.d.example TXT hidden",
                                 "sub.example NS ns.example.net", "x.sub.example A 192.0.2.2"});
  for (const char* owner : {"example", "d.example", "_sip._udp.d.example", "x.sub.example"}) {
    EXPECT_TRUE(zone.hasRecordsAt(name(owner))) << owner;
  }
  for (const char* owner : {"_udp.d.example", "y.sub.example", "e.example"}) {
    EXPECT_FALSE(zone.hasRecordsAt(name(owner))) << owner;
  }
}

TEST(ZoneLookup, ADnameRedirectsWhatIsBelowItAndNotItself) {  // RFC 6672 section 2.3
  const Zone zone = exampleZone(
      {"d.example DNAME example.net", "d.example A 192.0.2.1", "occluded.d.example A 192.0.2.2"});
  EXPECT_EQ(kindOf(zone, "d.example", RrType::a), Kind::data);
  EXPECT_EQ(kindOf(zone, "d.example", RrType::dname), Kind::data);
  EXPECT_EQ(kindOf(zone, "d.example", RrType::srv), Kind::nodata);
  const ZoneAnswer answer = ask(zone, "_sip._udp.occluded.d.example", RrType::srv);
  EXPECT_EQ(answer.kind, Kind::dname);
  EXPECT_EQ(answer.target, name("_sip._udp.occluded.example.net"));
  EXPECT_EQ(answer.source, name("d.example"));
}

TEST(ZoneLookup, ADnameAtTheApexRedirectsTheWholeZone) {
  const Zone zone = exampleZone({"example DNAME example.net"});
  EXPECT_EQ(kindOf(zone, "example", RrType::soa), Kind::data);
  EXPECT_EQ(ask(zone, "a.example", RrType::a).target, name("a.example.net"));
}

TEST(ZoneLookup, TheTopmostOfCutAndDnameCounts) {
  const Zone zone = exampleZone({"a.example DNAME example.net", "b.a.example NS ns.example",
                                 "c.example NS ns.example", "d.c.example DNAME example.net",
                                 "e.example NS ns.example", "e.example DNAME example.net"});
  EXPECT_EQ(kindOf(zone, "x.b.a.example", RrType::a), Kind::dname);
  EXPECT_EQ(kindOf(zone, "x.d.c.example", RrType::a), Kind::delegated);
  EXPECT_EQ(kindOf(zone, "x.e.example", RrType::a), Kind::delegated);
}

TEST(ZoneLookup, ASubstitutionOfMoreThan255OctetsIsTooLong) {  // RFC 6672 section 2.2
  const std::string label(60, 'x');
  const std::string target = label + "." + label + "." + label + ".net";
  const Zone zone = exampleZone({("d.example DNAME " + target).c_str()});
  EXPECT_EQ(kindOf(zone, "short.d.example", RrType::a), Kind::dname);
  EXPECT_EQ(kindOf(zone, label + "." + label + ".d.example", RrType::a), Kind::tooLong);
}

TEST(ZoneLookup, AnAliasAnswersEveryTypeButItsOwn) {
  const Zone zone =
      exampleZone({"w.example CNAME t.example", "w.example A 192.0.2.1", "t.example A 192.0.2.2"});
  EXPECT_EQ(kindOf(zone, "w.example", RrType::a), Kind::cname);
  EXPECT_EQ(kindOf(zone, "w.example", RrType::srv), Kind::cname);
  EXPECT_EQ(kindOf(zone, "w.example", RrType::cname), Kind::data);
  EXPECT_EQ(kindOf(zone, "below.w.example", RrType::a), Kind::nxdomain);
}

TEST(ZoneLookup, NamesCompareWithoutCase) {
  const Zone zone = exampleZone({"HOST.Example A 192.0.2.1"});
  EXPECT_EQ(kindOf(zone, "host.EXAMPLE", RrType::a), Kind::data);
}

TEST(ZoneLookup, TheRootMayBeAZone) {
  const Zone zone = zoneOf(
      ".", {record(". SOA 1"), record("com NS a.gtld-servers.net"), record("* A 192.0.2.1")});
  EXPECT_EQ(kindOf(zone, "example.com", RrType::a), Kind::delegated);
  EXPECT_EQ(kindOf(zone, "example.org", RrType::a), Kind::data);
}

TEST(ZoneLookup, TheLongestNamesAreFound) {
  std::string deep;
  for (int i = 0; i < 123; ++i) deep += "a.";  // 1 + 7 + 2 * 123 octets
  deep += "example";
  const Zone zone = exampleZone({(deep + " A 192.0.2.1").c_str()});
  EXPECT_EQ(kindOf(zone, deep, RrType::a), Kind::data);
  EXPECT_EQ(kindOf(zone, deep.substr(2), RrType::a), Kind::nodata);
}

}  // namespace
}  // namespace zonecast::view
