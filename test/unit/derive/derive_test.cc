// Every rule of DESIGN section 4, as a fact about one zone.
#include "reconciler/derive/derive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/fake_dns.h"

namespace zonecast::derive {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Verdict deriveIn(const FakeDns& dns, const DerivePolicy& policy = {},
                 const Edge& edge = providerEdge()) {
  return derive(domainOf("example.com"), dns, edge, policy);
}

Verdict deriveFrom(std::string_view records, const DerivePolicy& policy = {},
                   const Edge& edge = providerEdge()) {
  return deriveIn(FakeDns("example.com", records), policy, edge);
}

// ---- the RFCs' own examples --------------------------------------------------------------------

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

// ---- step 1: NAPTR -----------------------------------------------------------------------------

TEST(Naptr, DropsOtherTransportsBeforeOrderIsApplied) {
  const Verdict verdict = deriveFrom(R"(
    example.com. IN NAPTR 1 1 "s" "SIPS+D2T" "" _sips._tcp.elsewhere.example.com.
    example.com. IN NAPTR 9 1 "s" "SIP+D2U"  "" _sip._udp.here.example.com.
    _sip._udp.here.example.com.       IN SRV 1 1 5060 sip.provider.example.
    _sips._tcp.elsewhere.example.com. IN SRV 1 1 5061 other.example.com.
    other.example.com. IN A 203.0.113.1
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(toText(verdict.transports), "udp");
  EXPECT_EQ(verdict.role, Role::primary);
}

TEST(Naptr, ComesBeforeSrvForItsTransport) {
  EXPECT_EQ(deriveFrom(R"(
    example.com.             IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.old.example.com.
    _sip._udp.example.com.     IN SRV 1 1 5060 sip.provider.example.
    _sip._udp.old.example.com. IN SRV 1 1 5060 old.example.com.
    old.example.com. IN A 203.0.113.1
  )")
                .standing,
            Standing::foreign);
}

TEST(Naptr, OfOneTransportLeavesTheOthersToSrv) {
  const Verdict verdict = deriveFrom(R"(
    example.com.           IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.example.com.
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
    _sip._tcp.example.com. IN SRV 1 1 5060 sip.provider.example.
  )");
  EXPECT_EQ(toText(verdict.transports), "udp,tcp");
}

TEST(Naptr, OfHigherOrderIsNotConsidered) {
  EXPECT_EQ(deriveFrom(R"(
    example.com.               IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.old.example.com.
    example.com.               IN NAPTR 2 1 "s" "SIP+D2U" "" _sip._udp.new.example.com.
    _sip._udp.old.example.com. IN SRV 1 1 5060 old.example.com.
    _sip._udp.new.example.com. IN SRV 1 1 5060 sip.provider.example.
    old.example.com. IN A 203.0.113.1
  )")
                .standing,
            Standing::foreign);
}

TEST(Naptr, OfSecondPreferenceMakesABackup) {
  const Verdict verdict = deriveFrom(R"(
    example.com.               IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.old.example.com.
    example.com.               IN NAPTR 1 2 "s" "SIP+D2U" "" _sip._udp.new.example.com.
    _sip._udp.old.example.com. IN SRV 1 1 5060 old.example.com.
    _sip._udp.new.example.com. IN SRV 1 1 5060 sip.provider.example.
    old.example.com. IN A 203.0.113.1
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.role, Role::backup);
}

TEST(Naptr, FlagALeadsToAddressesOnTheDefaultPort) {
  const Verdict verdict = deriveFrom(R"(
    example.com.     IN NAPTR 1 1 "A" "sips+d2t" "" sip.example.com.
    sip.example.com. IN AAAA 2001:db8:5::1
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(toText(verdict.transports), "tls");
  EXPECT_EQ(verdict.families, (Families{false, true}));
  EXPECT_THAT(verdict.targets, IsEmpty()) << "only SRV targets become domains";
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("sip.example.com"));
}

TEST(Naptr, FlagsAndServicesHaveNoCase) {
  EXPECT_EQ(toText(deriveFrom(R"(
    example.com.       IN NAPTR 1 1 "S" "sIp+d2U" "" _x.example.com.
    _x.example.com.    IN SRV 1 1 5060 sip.provider.example.
  )")
                       .transports),
            "udp");
}

TEST(Naptr, WebSocketServicesAreSips) {
  Edge edge = providerEdge();
  edge.rules[0].ports = {{Transport::ws, 80}, {Transport::wss, 443}};
  const Verdict verdict = deriveFrom(R"(
    example.com. IN NAPTR 1 1 "a" "SIP+D2W"  "" sip.provider.example.
    example.com. IN NAPTR 1 1 "a" "SIPS+D2W" "" sip.provider.example.
  )",
                                     {}, edge);
  EXPECT_EQ(toText(verdict.transports), "ws,wss");
}

TEST(Naptr, OfOtherApplicationsCountsForNothing) {
  const Verdict by_srv = deriveFrom(R"(
    example.com. IN NAPTR 1 1 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .
    example.com. IN NAPTR 1 1 "s" "SIP+D2S" "" _sip._sctp.example.com.
    example.com. IN NAPTR 1 1 "s" "x-other" "" _sip._udp.example.net.
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
  )");
  EXPECT_EQ(by_srv.standing, Standing::hosted);
  const Verdict by_address = deriveFrom(R"(
    example.com. IN NAPTR 1 1 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .
    example.com. IN A 192.0.2.1
  )");
  EXPECT_TRUE(by_address.by_address);
}

TEST(Naptr, WithARegexpIsSkippedAndNeverRun) {
  EXPECT_EQ(deriveFrom(R"(
    example.com. IN NAPTR 1 1 "s" "SIP+D2U" "!^.*$!_sip._udp.example.net!" .
    example.com. IN NAPTR 1 1 "s" "SIP+D2U" "!^.*$!_sip._udp.example.net!" _y.example.com.
    example.com. IN NAPTR 2 1 "s" "SIP+D2U" "" _x.example.com.
    _x.example.com. IN SRV 1 1 5060 sip.provider.example.
  )")
                .standing,
            Standing::hosted);
}

TEST(Naptr, WithAnUnknownFlagOrWithoutReplacementIsSkipped) {
  EXPECT_EQ(deriveFrom(R"(
    example.com. IN NAPTR 1 1 "u"  "SIP+D2U" "" _sip._udp.example.net.
    example.com. IN NAPTR 1 1 "sa" "SIP+D2U" "" _sip._udp.example.net.
    example.com. IN NAPTR 1 1 "s"  "SIP+D2U" "" .
    example.com. IN NAPTR 1 1 ""   "SIP+D2U" "" .
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
  )")
                .standing,
            Standing::hosted);
}

TEST(Naptr, WithoutFlagLeadsToAnotherNaptr) {
  const Verdict verdict = deriveFrom(R"(
    example.com.     IN NAPTR 1 1 "" "SIP+D2U" "" hop.example.com.
    hop.example.com. IN NAPTR 1 1 "s" "SIP+D2T" "" _no.example.com.
    hop.example.com. IN NAPTR 5 1 "s" "SIP+D2U" "" _x.hop.example.com.
    _x.hop.example.com. IN SRV 1 1 5060 sip.provider.example.
  )");
  EXPECT_EQ(toText(verdict.transports), "udp");
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("hop.example.com", "_x.hop.example.com"));
}

TEST(Naptr, OfSecondPreferenceMakesABackupThroughAChainToo) {
  const Verdict verdict = deriveFrom(R"(
    example.com.     IN NAPTR 1 1 "a" "SIP+D2U" "" old.example.com.
    example.com.     IN NAPTR 1 2 ""  "SIP+D2U" "" hop.example.com.
    hop.example.com. IN NAPTR 1 1 "a" "SIP+D2U" "" sip.provider.example.
    old.example.com. IN A 203.0.113.1
  )");
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_EQ(verdict.role, Role::backup);
}

TEST(Naptr, ThatLeadsNowhereIsNotComeBackFrom) {
  EXPECT_EQ(deriveFrom(R"(
    example.com.           IN NAPTR 1 1 "s" "SIP+D2U" "" _gone.example.com.
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
  )")
                .standing,
            Standing::foreign);
}

TEST(Naptr, ThatLeadsToAClosedServiceClosesIt) {
  EXPECT_EQ(deriveFrom(R"(
    example.com.    IN NAPTR 1 1 "s" "SIP+D2U" "" _x.example.com.
    _x.example.com. IN SRV 0 0 0 .
  )")
                .standing,
            Standing::closed);
}

// ---- step 2: SRV -------------------------------------------------------------------------------

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

// ---- step 3: addresses -------------------------------------------------------------------------

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

// ---- not known ---------------------------------------------------------------------------------

TEST(Unknown, IsADomainOutsideOfWhatIsKnown) {
  const Verdict verdict =
      derive(domainOf("example.net"), FakeDns("example.com"), providerEdge(), {});
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_EQ(verdict.missing, "example.net NAPTR: outside the customer's zones: example.net");
  EXPECT_THAT(verdict.sources, IsEmpty());
}

TEST(Unknown, IsATargetWhoseAddressIsNotKnown) {
  const Verdict verdict = deriveFrom("_sip._udp.example.com. IN SRV 1 1 5060 sip.example.net.");
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_EQ(verdict.missing, "sip.example.net A: outside the customer's zones: sip.example.net");
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("sip.example.net"));
  EXPECT_THAT(verdict.sources, ElementsAre(view::ZoneIndex(0)));
}

TEST(Unknown, IsAnSrvSetOrANaptrThatIsNotKnown) {
  EXPECT_EQ(
      deriveFrom(R"(example.com. IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.example.net.)").missing,
      "_sip._udp.example.net SRV: outside the customer's zones: _sip._udp.example.net");
  EXPECT_EQ(deriveFrom(R"(example.com. IN NAPTR 1 1 "" "SIP+D2U" "" example.net.)").missing,
            "example.net NAPTR: outside the customer's zones: example.net");
}

TEST(Unknown, IsNotATargetOnAPortThatTheEdgeDoesNotHave) {
  EXPECT_EQ(deriveFrom("_sip._udp.example.com. IN SRV 1 1 9999 sip.example.net.").standing,
            Standing::foreign);
}

TEST(Unknown, OneTransportMakesTheWholeUnknown) {
  const Verdict verdict = deriveFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.
    _sip._tcp.example.com. IN SRV 1 1 5060 sip.example.net.
  )");
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_TRUE(verdict.transports.empty());
  EXPECT_THAT(verdict.targets, IsEmpty());
}

TEST(Unknown, ATransportThatTheEdgeDoesNotOfferSpoilsNothing) {
  constexpr std::string_view kWs = "_sip._ws.example.com. IN CNAME ws.elsewhere.example.\n";
  FakeDns dns("example.com", kWs);
  EXPECT_EQ(deriveIn(dns).standing, Standing::unknown);
  dns.add("_sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.");
  EXPECT_EQ(deriveIn(dns).standing, Standing::hosted);
}

TEST(Unknown, AFamilyThatIsNotKnownSpoilsNothingOnceTheOtherReaches) {
  class NoIpv6 final : public view::Lookup {
   public:
    explicit NoIpv6(const FakeDns& dns) : dns_(dns) {}
    view::Answer lookup(dns::NameView name, dns::RrType type) const override {
      view::Answer answer = dns_.lookup(name, type);
      if (type == dns::RrType::aaaa) answer.kind = view::Answer::Kind::notKnown;
      return answer;
    }
    std::string describe(const view::Evidence& e) const override { return dns_.describe(e); }

   private:
    const FakeDns& dns_;
  };
  FakeDns dns("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 a.example.com.\n");
  dns.add("a.example.com. IN A 192.0.2.1");
  EXPECT_EQ(derive(domainOf("example.com"), NoIpv6(dns), providerEdge(), {}).standing,
            Standing::hosted);
  FakeDns other("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 a.example.com.\n");
  other.add("a.example.com. IN A 203.0.113.1");
  EXPECT_EQ(derive(domainOf("example.com"), NoIpv6(other), providerEdge(), {}).standing,
            Standing::unknown);
}

// ---- what a verdict rests on ------------------------------------------------------------------

TEST(Reads, AreTheWildcardsThatAnsweredToo) {
  class Wildcard final : public view::Lookup {
   public:
    view::Answer lookup(dns::NameView name, dns::RrType type) const override {
      view::Answer answer;
      answer.kind = view::Answer::Kind::nodata;
      answer.name = dns::Name(name);
      answer.evidence.push_back({view::ZoneIndex(3), dns::Serial(1), dns::Name(name),
                                 test::nameFromText("*.example.com"), type,
                                 view::Evidence::Kind::nodata, dns::Ttl(60)});
      return answer;
    }
    std::string describe(const view::Evidence&) const override { return {}; }
  };
  const Verdict verdict = derive(domainOf("a.example.com"), Wildcard(), providerEdge(), {});
  EXPECT_THAT(textsOf(verdict.reads), ElementsAre("*.example.com"));
  EXPECT_THAT(verdict.sources, ElementsAre(view::ZoneIndex(3)));
}

// ---- the same in, the same out -----------------------------------------------------------------

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
