// Step 3 of DESIGN section 4: the addresses of the domain itself.
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/verdicts.h"

namespace zonecast::derive {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Address, OfADomainWithoutAnyServiceIsUdp5060AndTls5061) {
  const Verdict verdict =
      deriveFrom("example.com. IN A 192.0.2.1\nexample.com. IN AAAA 2001:db8:5::1");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_TRUE(verdict.by_address);
  EXPECT_EQ(toText(verdict.transports), "udp,tls");
  EXPECT_EQ(verdict.role, Role::primary);
  EXPECT_EQ(verdict.families, (Families{true, true}));
  EXPECT_THAT(verdict.targets, IsEmpty());
}

TEST(Address, CountsOnlyOnTheEdgesPort) {
  Edge edge = providerEdge();
  edge.rules[0].ports = {{Transport::udp, 5070}, {Transport::tls, 5061}};
  EXPECT_EQ(toText(deriveFrom("example.com. IN A 192.0.2.1", {}, edge).transports), "tls");
}

TEST(Address, IsNotTriedWhenAnySrvExists) {
  EXPECT_EQ(deriveFrom(R"(
    example.com. IN A 192.0.2.1
    _sip._tcp.example.com. IN SRV 1 1 5060 other.example.com.
    other.example.com. IN A 203.0.113.1
  )")
                .standing,
            Standing::foreign);
}

TEST(Address, IsNotTriedWhenASipNaptrExists) {
  EXPECT_EQ(deriveFrom(R"(
    example.com. IN A 192.0.2.1
    example.com. IN NAPTR 1 1 "s" "SIP+D2U" "!.*!_sip._udp.example.net!" .
  )")
                .standing,
            Standing::foreign);
}

TEST(Address, IsNotTriedWhenThePolicySaysSo) {
  DerivePolicy policy;
  policy.address_step = false;
  FakeDns dns("example.com", "example.com. IN A 192.0.2.1");
  EXPECT_EQ(deriveIn(dns, policy).standing, Standing::foreign);
  EXPECT_THAT(dns.asked, Not(Contains("example.com A")));
}

TEST(Address, IsNotTriedUnlessEverySrvQuestionWasAnswered) {
  FakeDns dns("example.com",
              "example.com. IN A 192.0.2.1\n_sip._ws.example.com. IN CNAME a.elsewhere.example.");
  const Verdict verdict = deriveIn(dns);
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_THAT(dns.asked, Not(Contains("example.com A")));
}

TEST(Address, FollowsACnameAtTheDomain) {
  FakeDns dns("example.com", "voip.example.com. IN CNAME sip.provider.example.");
  dns.addZone("provider.example");
  dns.add("sip.provider.example. IN A 192.0.2.1");
  const Verdict verdict = derive(domainOf("voip.example.com"), dns, providerEdge(), {});
  EXPECT_TRUE(verdict.by_address);
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_THAT(verdict.sources, ElementsAre(view::ZoneIndex(0), view::ZoneIndex(1)));
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("sip.provider.example"));
}

TEST(Address, ElsewhereOrAbsentIsForeign) {
  EXPECT_EQ(deriveFrom("example.com. IN A 203.0.113.1").standing, Standing::foreign);
  EXPECT_EQ(deriveFrom("").standing, Standing::foreign);
}

}  // namespace
}  // namespace zonecast::derive
