// The RFCs' own examples, and what a verdict rests on. The rules one by one: naptr_test.cc,
// srv_test.cc, address_test.cc, unknown_test.cc.
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/verdicts.h"

namespace zonecast::derive {
namespace {

using ::testing::ElementsAre;

// RFC 3263 section 4.1.
constexpr std::string_view kRfc3263 = R"(
  example.com.           IN NAPTR 50  50 "s" "SIPS+D2T" "" _sips._tcp.example.com.
  example.com.           IN NAPTR 90  50 "s" "SIP+D2T"  "" _sip._tcp.example.com.
  example.com.           IN NAPTR 100 50 "s" "SIP+D2U"  "" _sip._udp.example.com.
  _sip._tcp.example.com. IN SRV   0 1 5060 server1.example.com.
  _sip._tcp.example.com. IN SRV   0 2 5060 server2.example.com.
  server1.example.com.   IN A     192.0.2.1
  server2.example.com.   IN A     192.0.2.2
)";

TEST(Rfc3263Example, IsHostedOverTcpAtBothServers) {
  const Verdict verdict = deriveFrom(kRfc3263);
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(toText(verdict.transports), "tcp");
  EXPECT_EQ(verdict.role, Role::primary);
  EXPECT_EQ(verdict.families, (Families{true, false}));
  EXPECT_FALSE(verdict.by_address);
  EXPECT_THAT(textsOf(verdict.targets), ElementsAre("server1.example.com", "server2.example.com"));
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("server1.example.com", "server2.example.com"));
  EXPECT_THAT(verdict.sources, ElementsAre(view::ZoneIndex(0)));
}

// RFC 2782, "Domain administrator advice" and the example: old slow box, new fast box, backups.
constexpr std::string_view kRfc2782 = R"(
  _sip._tcp.example.com. IN SRV 0 1 5060 old-slow-box.example.com.
  _sip._tcp.example.com. IN SRV 0 3 5060 new-fast-box.example.com.
  _sip._tcp.example.com. IN SRV 1 0 5060 sysadmins-box.example.com.
  _sip._tcp.example.com. IN SRV 1 0 5060 server.example.com.
  server.example.com.        IN A 192.0.2.10
  old-slow-box.example.com.  IN A 203.0.113.9
  sysadmins-box.example.com. IN A 203.0.113.10
  new-fast-box.example.com.  IN A 203.0.113.11
)";

TEST(Rfc2782Example, IsBackupWhenOnlyASecondPriorityIsOurs) {
  const Verdict verdict = deriveFrom(kRfc2782);
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.role, Role::backup);
  EXPECT_THAT(textsOf(verdict.targets), ElementsAre("server.example.com"));
}

TEST(Rfc2782Example, IsPrimaryWhenOneOfTheBestPriorityIsOurs) {
  FakeDns dns("example.com", kRfc2782);
  dns.add("new-fast-box.example.com. IN A 192.0.2.11");
  EXPECT_EQ(deriveIn(dns).role, Role::primary);
}

TEST(Reads, AreTheWildcardsThatAnsweredToo) {
  class Wildcard final : public view::Lookup {
   public:
    view::Answer lookup(dns::NameView name, dns::RrType type) const override {
      view::Answer answer;
      answer.kind = view::Answer::Kind::nodata;
      answer.name = dns::Name(name);
      answer.evidence.push_back({view::FromZone{view::ZoneIndex(3), dns::Serial(1)},
                                 dns::Name(name), test::nameFromText("*.example.com"), type,
                                 view::Evidence::Kind::nodata, dns::Ttl(60)});
      return answer;
    }
    std::string describe(const view::Evidence&) const override { return {}; }
  };
  const Verdict verdict = derive(domainOf("a.example.com"), Wildcard(), providerEdge(), {});
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("*.example.com"));
  EXPECT_THAT(verdict.sources, ElementsAre(view::ZoneIndex(3)));
}

TEST(Verdict, DoesNotDependOnTheOrderOfRecords) {
  for (const std::string_view records : {kRfc3263, kRfc2782}) {
    FakeDns dns("example.com", records);
    const Verdict first = deriveIn(dns);
    EXPECT_EQ(deriveIn(dns), first);
    dns.reverse();
    EXPECT_EQ(deriveIn(dns), first);
  }
}

}  // namespace
}  // namespace zonecast::derive
