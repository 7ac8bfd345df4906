// What is not known makes a verdict unknown, never foreign (DESIGN section 4).
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/derive/verdicts.h"

namespace zonecast::derive {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

}  // namespace
}  // namespace zonecast::derive
