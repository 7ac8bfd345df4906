// Step 2 of DESIGN section 4: SRV.
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/verdicts.h"

namespace zonecast::derive {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Srv, IsAskedAtTheNameOfEachTransport) {
  Edge edge = providerEdge();
  edge.rules[0].ports = {{Transport::udp, 1},
                         {Transport::tcp, 2},
                         {Transport::tls, 3},
                         {Transport::ws, 4},
                         {Transport::wss, 5}};
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com.  IN SRV 1 1 1 sip.provider.example.
    _sip._tcp.example.com.  IN SRV 1 1 2 sip.provider.example.
    _sips._tcp.example.com. IN SRV 1 1 3 sip.provider.example.
    _sip._ws.example.com.   IN SRV 1 1 4 sip.provider.example.
    _sips._ws.example.com.  IN SRV 1 1 5 sip.provider.example.
  )",
                                     {}, edge);
  EXPECT_EQ(toText(verdict.transports), "udp,tcp,tls,ws,wss");
  EXPECT_THAT(textsOf(verdict.targets), ElementsAre("sip.provider.example"));
}

TEST(Srv, OfATransportThatIsNotTriedIsNotAsked) {
  DerivePolicy policy;
  policy.transports = *transportSetFromText("udp");
  FakeDns dns("example.com", "_sip._tcp.example.com. IN SRV 1 1 5060 sip.provider.example.");
  EXPECT_EQ(deriveIn(dns, policy).standing, Standing::foreign);
  EXPECT_THAT(dns.asked, Not(Contains("_sip._tcp.example.com SRV")));
}

TEST(Srv, TargetOfADotClosesTheServiceWithoutFallBack) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 0 0 0 .
    example.com. IN A 192.0.2.1
  )");
  EXPECT_EQ(verdict.standing, Standing::closed);
}

TEST(Srv, ClosedServicesBesideAnOpenOneLeaveItHosted) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com.  IN SRV 0 0 0 .
    _sips._tcp.example.com. IN SRV 0 0 5061 sip.provider.example.
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(toText(verdict.transports), "tls");
}

TEST(Srv, ClosedServicesBesideOneElsewhereAreForeign) {
  EXPECT_EQ(deriveFrom(R"(
    _sip._udp.example.com. IN SRV 0 0 0 .
    _sip._tcp.example.com. IN SRV 0 0 5060 other.example.com.
    other.example.com. IN A 203.0.113.1
  )")
                .standing,
            Standing::foreign);
}

TEST(Srv, ADotBesideOtherTargetsSaysNothing) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 0 0 0 .
    _sip._udp.example.com. IN SRV 9 0 5060 sip.provider.example.
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.role, Role::primary);
}

TEST(Srv, PortAndTransportMustBeTheEdges) {
  EXPECT_EQ(deriveFrom("_sip._udp.example.com. IN SRV 1 1 5080 sip.provider.example.").standing,
            Standing::foreign);
  EXPECT_EQ(deriveFrom("_sips._tcp.example.com. IN SRV 1 1 5060 sip.provider.example.").standing,
            Standing::foreign);
}

TEST(Srv, IsNotCarriedByACnameAtTheDomainButByADname) {
  constexpr std::string_view kTarget =
      "_sip._udp.target.example.com. IN SRV 1 1 5060 sip.provider.example.\n";
  FakeDns cname("example.com", kTarget);
  cname.add("voip.example.com. IN CNAME target.example.com.");
  EXPECT_EQ(derive(domainOf("voip.example.com"), cname, providerEdge(), {}).standing,
            Standing::foreign);
  FakeDns dname("example.com", kTarget);
  dname.add("voip.example.com. IN DNAME target.example.com.");
  EXPECT_EQ(derive(domainOf("voip.example.com"), dname, providerEdge(), {}).standing,
            Standing::hosted);
}

TEST(Srv, BothFamiliesOfATargetCount) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    sip.example.com. IN A 192.0.2.1
    sip.example.com. IN AAAA 2001:db8:5::1
  )");
  EXPECT_EQ(verdict.families, (Families{true, true}));
}

TEST(Srv, ATargetWithOneAddressAtTheEdgeAndOneElsewhereReachesIt) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    sip.example.com. IN A 203.0.113.1
    sip.example.com. IN AAAA 2001:db8:5::1
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.families, (Families{false, true}));
}

TEST(Srv, ATargetWithoutAddressIsElsewhere) {
  EXPECT_EQ(deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    example.com. IN A 192.0.2.1
  )")
                .standing,
            Standing::foreign);
}

TEST(Srv, ATargetThatIsTheEdgesByNameIsNotLookedUp) {
  FakeDns dns("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 SIP.Provider.Example.");
  const Verdict verdict = deriveIn(dns);
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_THAT(dns.asked, Not(Contains(HasSubstr("provider"))));
  EXPECT_THAT(verdict.reads, IsEmpty());
}

TEST(Srv, ATargetByNameHasTheFamiliesOfItsRule) {
  constexpr std::string_view kRecords =
      "_sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.";
  Edge edge = providerEdge();
  edge.rules[0].prefixes = {*prefixFromText("2001:db8::/32")};
  EXPECT_EQ(deriveFrom(kRecords, {}, edge).families, (Families{false, true}));
  edge.rules[0].prefixes.clear();
  EXPECT_EQ(deriveFrom(kRecords, {}, edge).families, (Families{true, true}));
}

TEST(Srv, ATargetThatIsAnAliasOfTheEdgeReachesIt) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    sip.example.com.  IN CNAME sip2.example.com.
    sip2.example.com. IN CNAME sip.provider.example.
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_THAT(textsOf(verdict.targets), ElementsAre("sip.example.com"));
  EXPECT_THAT(textsOf(verdict.reads),
              ElementsAre("sip.example.com", "sip2.example.com", "sip.provider.example"));
}

TEST(Srv, AHubThatIsItselfAnAliasIsKnownByItsName) {
  FakeDns dns("example.com", R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    sip.example.com.       IN CNAME sip.provider.example.
  )");
  dns.addZone("provider.example");
  dns.add("sip.provider.example. IN CNAME lb.cloud.example.");
  EXPECT_EQ(deriveIn(dns).standing, Standing::hosted);
}

TEST(Srv, NeedsNothingFurtherOfOtherTargetsOnceOneReachesTheEdge) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.elsewhere.example.
    _sip._udp.example.com. IN SRV 2 1 5060 sip.provider.example.
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.role, Role::backup);
}

TEST(Srv, TargetsAreAllThatReachTheEdge) {
  EXPECT_THAT(textsOf(deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 b.example.com.
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
    _sip._tcp.example.com. IN SRV 1 1 5060 a.example.com.
    _sip._tcp.example.com. IN SRV 1 1 5060 b.example.com.
    _sip._tcp.example.com. IN SRV 1 1 5060 c.example.com.
    a.example.com. IN A 192.0.2.1
    b.example.com. IN A 192.0.2.2
    c.example.com. IN A 203.0.113.3
  )")
                          .targets),
              ElementsAre("a.example.com", "b.example.com", "sip.provider.example"));
}

TEST(Srv, IsPrimaryWhenOneTransportPrefersTheEdge) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 other.example.com.
    _sip._udp.example.com. IN SRV 2 1 5060 sip.provider.example.
    _sip._tcp.example.com. IN SRV 1 1 5060 sip.provider.example.
    other.example.com. IN A 203.0.113.1
  )");
  EXPECT_EQ(toText(verdict.transports), "udp,tcp");
  EXPECT_EQ(verdict.role, Role::primary);
}

}  // namespace
}  // namespace zonecast::derive
