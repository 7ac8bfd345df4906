#include "reconciler/xfr/endpoint.h"

#include <gtest/gtest.h>

namespace zonecast::xfr {
namespace {

Address address(std::string_view text) {
  return parseAddress(text).value();
}

TEST(Address, Ipv4IsReadAndWritten) {
  EXPECT_EQ(address("192.0.2.1"), Address(dns::Ipv4{192, 0, 2, 1}));
  EXPECT_EQ(toText(dns::Ipv4{192, 0, 2, 1}), "192.0.2.1");
}

TEST(Address, Ipv6IsReadInEveryFormAndWrittenAsRfc5952Has) {
  const dns::Ipv6 expected{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  for (const auto* text : {"2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8:0000::0001"}) {
    EXPECT_EQ(address(text), Address(expected)) << text;
  }
  EXPECT_EQ(toText(expected), "2001:db8::1");
}

TEST(Address, NothingElseIsAnAddress) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv, "."sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1.1"sv, " 192.0.2.1"sv, "192.0.2.1 "sv,
        "192.0.2.1:53"sv, "0x7f.1"sv, "::1::"sv, "[::1]"sv, "fe80::1%eth0"sv, "ns.example.com"sv,
        "192.0.2.1\0evil"sv, "12345::"sv}) {
    const auto parsed = parseAddress(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_NE(parsed.error().find("neither an IPv4 nor an IPv6 address"), std::string::npos);
  }
}

TEST(Address, AMappedIpv4AddressIsTheIpv4Address) {
  EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
  const dns::Ipv6 mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  EXPECT_EQ(unmapped(mapped), address("192.0.2.1"));
}

TEST(Address, OtherAddressesAreNotUnmapped) {
  for (const auto* text : {"192.0.2.1", "2001:db8::1", "::192.0.2.1", "::1", "::fffe:192.0.2.1"}) {
    EXPECT_EQ(unmapped(address(text)), address(text)) << text;
  }
  EXPECT_TRUE(std::holds_alternative<dns::Ipv6>(address("::192.0.2.1")));
}

TEST(Endpoint, Ipv6StandsInBrackets) {
  EXPECT_EQ(toText(Endpoint{address("192.0.2.1"), 53}), "192.0.2.1:53");
  EXPECT_EQ(toText(Endpoint{address("2001:db8::1"), 5353}), "[2001:db8::1]:5353");
}

TEST(Endpoint, EqualityIncludesThePort) {
  const Endpoint endpoint{address("192.0.2.1"), 53};
  EXPECT_EQ(endpoint, (Endpoint{address("192.0.2.1"), 53}));
  EXPECT_NE(endpoint, (Endpoint{address("192.0.2.1"), 54}));
  EXPECT_NE(endpoint, (Endpoint{address("192.0.2.2"), 53}));
}

}  // namespace
}  // namespace zonecast::xfr
