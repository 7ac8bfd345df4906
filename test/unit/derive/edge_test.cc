#include "reconciler/derive/edge.h"

#include <gtest/gtest.h>

#include "test/unit/derive/fake_dns.h"

namespace zonecast::derive {
namespace {

TEST(Transport, HasATextAndBack) {
  for (const Transport t : kTransports) EXPECT_EQ(transportFromText(toText(t)), t);
  EXPECT_EQ(transportFromText("sctp"), std::nullopt);
  EXPECT_EQ(transportFromText("UDP"), std::nullopt);
}

TEST(TransportSet, IsPrintedInOneOrderAndReadInAny) {
  EXPECT_EQ(toText(transportSetFromText("wss,udp,tls").value()), "udp,tls,wss");
  EXPECT_EQ(transportSetFromText("").value(), TransportSet());
  for (const char* text : {",", "udp,", ",udp", "udp,,tcp", "udp tcp", "sctp"}) {
    EXPECT_EQ(transportSetFromText(text), std::nullopt) << text;
  }
}

TEST(Prefix, IsPrintedAsItIsRead) {
  for (const char* text : {"192.0.2.0/24", "192.0.2.1", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1",
                           "::/0", "192.0.2.128/25"}) {
    EXPECT_EQ(toText(prefixFromText(text).value()), text);
  }
}

TEST(Prefix, RefusesHostBitsBadLengthsAndWhatIsNoAddress) {
  for (const char* text :
       {"192.0.2.1/24", "2001:db8::1/64", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/-1",
        "192.0.2.0/+8", "192.0.2.0/24 ", "192.0.2", "", "/8", "example.com", "192.0.2.0/999"}) {
    EXPECT_EQ(prefixFromText(text), std::nullopt) << text;
  }
  EXPECT_EQ(prefixFromText(std::string_view("192.0.2.1\0x", 11)), std::nullopt);
}

TEST(Edge, MatchesAHostWithoutCaseOnItsPortsOnly) {
  const Edge edge = providerEdge();
  const dns::Name host = test::nameFromText("SIP.Provider.Example");
  EXPECT_EQ(edge.byHost(host, Transport::udp, 5060), &edge.rules[0]);
  EXPECT_EQ(edge.byHost(host, Transport::udp, 5061), nullptr);
  EXPECT_EQ(edge.byHost(host, Transport::tls, 5060), nullptr);
  EXPECT_EQ(edge.byHost(test::nameFromText("x.sip.provider.example"), Transport::udp, 5060),
            nullptr);
}

TEST(Edge, MatchesAddressesByPrefixToTheBit) {
  Edge edge = providerEdge();
  edge.rules[0].prefixes = {*prefixFromText("192.0.2.128/25"), *prefixFromText("2001:db8::/33")};
  const auto v4 = [&](std::uint8_t last) {
    return edge.byAddress(dns::Ipv4{192, 0, 2, last}, Transport::tcp, 5060) != nullptr;
  };
  EXPECT_FALSE(v4(127));
  EXPECT_TRUE(v4(128));
  EXPECT_TRUE(v4(255));
  const auto v6 = [&](std::uint8_t fifth) {
    return edge.byAddress(dns::Ipv6{0x20, 0x01, 0x0d, 0xb8, fifth}, Transport::tcp, 5060) !=
           nullptr;
  };
  EXPECT_TRUE(v6(0x7f));
  EXPECT_FALSE(v6(0x80));
}

TEST(Edge, NeverTakesOneFamilyForTheOther) {
  Edge edge = providerEdge();
  edge.rules[0].prefixes = {*prefixFromText("::/0")};
  EXPECT_EQ(edge.byAddress(dns::Ipv4{192, 0, 2, 1}, Transport::udp, 5060), nullptr);
  edge.rules[0].prefixes = {*prefixFromText("0.0.0.0/0")};
  EXPECT_EQ(edge.byAddress(dns::Ipv6{}, Transport::udp, 5060), nullptr);
  EXPECT_NE(edge.byAddress(dns::Ipv4{}, Transport::udp, 5060), nullptr);
}

TEST(Edge, TakesHostAndPortFromOneRule) {
  Edge edge = providerEdge();
  edge.rules.push_back(
      {"edge[1]", {test::nameFromText("ws.provider.example")}, {}, {{Transport::ws, 80}}});
  EXPECT_EQ(edge.byHost(test::nameFromText("sip.provider.example"), Transport::ws, 80), nullptr);
  EXPECT_EQ(edge.byHost(test::nameFromText("ws.provider.example"), Transport::ws, 80),
            &edge.rules[1]);
  EXPECT_TRUE(edge.listensOn(Transport::ws, 80));
  EXPECT_FALSE(edge.listensOn(Transport::wss, 80));
  EXPECT_TRUE(edge.offers(Transport::ws));
  EXPECT_FALSE(edge.offers(Transport::wss));
}

}  // namespace
}  // namespace zonecast::derive
