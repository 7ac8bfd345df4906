// Step 1 of DESIGN section 4: NAPTR.
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/verdicts.h"

namespace zonecast::derive {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

}  // namespace
}  // namespace zonecast::derive
