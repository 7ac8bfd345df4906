// What a hostile zone can do to a derivation: make it unknown, and nothing else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/derive/derive.h"
#include "test/unit/derive/fake_dns.h"

namespace zonecast::derive {
namespace {

using ::testing::HasSubstr;

Verdict deriveIn(const FakeDns& dns, const DerivePolicy& policy = {}) {
  return derive(domainOf("example.com"), dns, providerEdge(), policy);
}

TEST(Limits, ANaptrLoopIsUnknown) {
  const Verdict verdict = deriveIn(FakeDns("example.com", R"(
    example.com.   IN NAPTR 1 1 "" "SIP+D2U" "" a.example.com.
    a.example.com. IN NAPTR 1 1 "" "SIP+D2U" "" example.com.
  )"));
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_THAT(verdict.missing, HasSubstr("a chain of more than 8 NAPTRs"));
}

TEST(Limits, AChainOfEightNaptrsIsFollowedAndOneOfNineIsNot) {
  FakeDns dns("example.com", "example.com. IN NAPTR 1 1 \"\" \"SIP+D2U\" \"\" n2.example.com.");
  for (int i = 2; i < 8; ++i) {
    dns.add(fmt::format("n{}.example.com. IN NAPTR 1 1 \"\" \"SIP+D2U\" \"\" n{}.example.com.", i,
                        i + 1));
  }
  FakeDns longer = dns;
  dns.add("n8.example.com. IN NAPTR 1 1 \"a\" \"SIP+D2U\" \"\" sip.provider.example.");
  EXPECT_EQ(deriveIn(dns).standing, Standing::hosted);
  longer.add("n8.example.com. IN NAPTR 1 1 \"\" \"SIP+D2U\" \"\" n9.example.com.");
  longer.add("n9.example.com. IN NAPTR 1 1 \"a\" \"SIP+D2U\" \"\" sip.provider.example.");
  EXPECT_EQ(deriveIn(longer).standing, Standing::unknown);
}

TEST(Limits, ATreeOfNaptrsEndsAtTheLookUpLimit) {
  FakeDns dns("example.com");
  for (int i = 0; i < 100; ++i) {
    dns.add(fmt::format("example.com. IN NAPTR 1 {} \"\" \"SIP+D2U\" \"\" example.com.", i));
  }
  const Verdict verdict = deriveIn(dns);
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_EQ(dns.asked.size(), 100u);
}

std::string srvTo(int targets, std::string_view address) {
  std::string records;
  for (int i = 0; i < targets; ++i) {
    records += fmt::format("_sip._udp.example.com. IN SRV {0} 1 5060 t{0}.example.com.\n", i);
    records += fmt::format("t{}.example.com. IN A {}\n", i, address);
  }
  return records;
}

TEST(Limits, FortyTargetsElsewhereAreUnknown) {
  EXPECT_EQ(deriveIn(FakeDns("example.com", srvTo(32, "203.0.113.1"))).standing, Standing::foreign);
  const Verdict verdict = deriveIn(FakeDns("example.com", srvTo(40, "203.0.113.1")));
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_EQ(verdict.missing, "_sip._udp.example.com SRV: 40 targets, of which 32 were tried");
}

TEST(Limits, FortyTargetsAreHostedWhenOneThatWasTriedReachesTheEdge) {
  FakeDns dns("example.com", srvTo(40, "203.0.113.1"));
  dns.add("t31.example.com. IN A 192.0.2.1");
  EXPECT_EQ(deriveIn(dns).standing, Standing::hosted);
  FakeDns beyond("example.com", srvTo(40, "203.0.113.1"));
  beyond.add("t32.example.com. IN A 192.0.2.1");
  EXPECT_EQ(deriveIn(beyond).standing, Standing::unknown);
}

TEST(Limits, MoreAddressesThanAreTriedAreUnknownUnlessOneReachesTheEdge) {
  FakeDns dns("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.");
  for (int i = 0; i < 8; ++i) dns.add(fmt::format("sip.example.com. IN A 203.0.113.{}", i));
  EXPECT_EQ(deriveIn(dns).standing, Standing::foreign);
  dns.add("sip.example.com. IN A 203.0.113.8");
  EXPECT_EQ(deriveIn(dns).standing, Standing::unknown);
  dns.add("sip.example.com. IN A 192.0.2.1");
  EXPECT_EQ(deriveIn(dns).standing, Standing::hosted) << "192.0.2.1 is the lowest";
}

TEST(Limits, LookUpsAreCountedAndRunningOutIsUnknown) {
  FakeDns dns("example.com", srvTo(10, "203.0.113.1"));
  DerivePolicy policy;
  policy.lookups_max = 26;  // NAPTR, five SRV, A and AAAA of ten targets
  EXPECT_EQ(deriveIn(dns, policy).standing, Standing::foreign);
  policy.lookups_max = 25;
  const Verdict verdict = deriveIn(dns, policy);
  EXPECT_EQ(verdict.standing, Standing::unknown);
  EXPECT_THAT(verdict.missing, HasSubstr("the limit of 25 look-ups for one domain is reached"));
  policy.lookups_max = 0;
  EXPECT_EQ(deriveIn(dns, policy).standing, Standing::unknown);
}

TEST(Limits, AHostOfManyTransportsIsLookedUpOnce) {
  FakeDns dns("example.com", R"(
    _sip._udp.example.com.  IN SRV 1 1 5060 sip.example.com.
    _sip._tcp.example.com.  IN SRV 1 1 5060 sip.example.com.
    _sips._tcp.example.com. IN SRV 1 1 5061 sip.example.com.
    sip.example.com. IN A 192.0.2.1
  )");
  EXPECT_EQ(toText(deriveIn(dns).transports), "udp,tcp,tls");
  EXPECT_EQ(std::count(dns.asked.begin(), dns.asked.end(), "sip.example.com A"), 1);
}

TEST(Limits, MalformedRecordsAreUnknownNeverForeign) {
  for (const char* record :
       {"example.com. IN NAPTR \\# 2 0001", "_sip._udp.example.com. IN SRV \\# 1 00"}) {
    const Verdict verdict = deriveIn(FakeDns("example.com", record));
    EXPECT_EQ(verdict.standing, Standing::unknown) << record;
    EXPECT_NE(verdict.missing, "") << record;
  }
}

TEST(Limits, AMalformedAddressIsUnknownNeverForeign) {
  FakeDns dns("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.");
  dns.add("sip.example.com. IN A \\# 3 c00002");
  EXPECT_EQ(deriveIn(dns).standing, Standing::unknown);
}

TEST(Limits, ADomainTooLongForItsSrvNamesHasNone) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  FakeDns dns(std::string(61, 'b'), longest + ". IN A 192.0.2.1");
  const Verdict verdict = derive(domainOf(longest), dns, providerEdge(), {});
  EXPECT_EQ(verdict.standing, Standing::hosted);
  EXPECT_TRUE(verdict.by_address);
}

TEST(Limits, AnEmptyEdgeHostsNobody) {
  FakeDns dns("example.com", "_sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.");
  EXPECT_EQ(derive(domainOf("example.com"), dns, Edge{}, {}).standing, Standing::foreign);
}

}  // namespace
}  // namespace zonecast::derive
