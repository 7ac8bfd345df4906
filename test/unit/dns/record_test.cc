#include "reconciler/dns/record.h"

#include <string>

#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using namespace std::string_literals;
using test::octetsOf;
using test::recordFromText;

std::string roundTrip(std::string_view text) {
  const test::OwnedRecord record = recordFromText(text);
  return rdataToText(record.type, record.rdata);
}

bool isCanonical(RrType type, const std::string& rdata) {
  return checkCanonical(type, octetsOf(rdata)).has_value();
}

TEST(RecordText, IsWhatTheZoneFileSaid) {
  EXPECT_EQ(roundTrip("a. 60 IN A 192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(roundTrip("a. NS ns1.Example.COM."), "ns1.example.com");
  EXPECT_EQ(roundTrip("a. CNAME b.example."), "b.example");
  EXPECT_EQ(roundTrip("a. DNAME ."), ".");
  EXPECT_EQ(roundTrip("a. SOA ns.a. host.a. 4294967295 1 2 3 4"), "ns.a host.a 4294967295 1 2 3 4");
  EXPECT_EQ(roundTrip("a. SRV 10 5 5060 sip.example.com."), "10 5 5060 sip.example.com");
  EXPECT_EQ(roundTrip(R"(a. NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.a.)"),
            R"(10 20 "s" "SIP+D2U" "" _sip._udp.a)");
  EXPECT_EQ(roundTrip(R"(a. TXT "a b" "" "q\"\\\200")"), R"("a b" "" "q\"\\\200")");
}

// RFC 5952 section 4.
TEST(RecordText, WritesIpv6AddressesAsInTheRfc) {
  const auto aaaa = [](const std::string& address) { return roundTrip("a. AAAA " + address); };
  EXPECT_EQ(aaaa("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(aaaa("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
  EXPECT_EQ(aaaa("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(aaaa("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(aaaa("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(aaaa("2001:DB8::ABCD"), "2001:db8::abcd");
  EXPECT_EQ(aaaa("::"), "::");
  EXPECT_EQ(aaaa("::1"), "::1");
  EXPECT_EQ(aaaa("1::"), "1::");
}

TEST(RecordText, IsGenericForWhatIsNotKeptOrNotCanonical) {
  EXPECT_EQ(roundTrip("a. MX 10 mx.a."), "\\# 8 000a026d78016100");
  EXPECT_EQ(roundTrip("a. TYPE65280 \\# 0"), "\\# 0");
  EXPECT_EQ(rdataToText(RrType::a, octetsOf("abc")), "\\# 3 616263");
}

TEST(RecordText, NamesTypes) {
  EXPECT_EQ(toText(RrType::naptr), "NAPTR");
  EXPECT_EQ(toText(RrType::tsig), "TSIG");
  EXPECT_EQ(toText(RrType{65280}), "TYPE65280");
}

TEST(Rdata, SoaGivesItsFields) {
  const auto record = recordFromText("a. SOA ns.a. host.a. 7 1 2 3 4294967295");
  const auto soa = parseSoa(record.rdata);
  ASSERT_TRUE(soa);
  EXPECT_EQ(soa->mname.toText(), "ns.a");
  EXPECT_EQ(soa->rname.toText(), "host.a");
  EXPECT_EQ(soa->serial, Serial(7));
  EXPECT_EQ(soa->refresh_s, 1u);
  EXPECT_EQ(soa->retry_s, 2u);
  EXPECT_EQ(soa->expire_s, 3u);
  EXPECT_EQ(soa->minimum_s, 4294967295u);
}

TEST(Rdata, SrvGivesItsFields) {
  const auto record = recordFromText("a. SRV 1 2 65535 .");
  const auto srv = parseSrv(record.rdata);
  ASSERT_TRUE(srv);
  EXPECT_EQ(srv->priority, 1);
  EXPECT_EQ(srv->weight, 2);
  EXPECT_EQ(srv->port, 65535);
  EXPECT_TRUE(srv->target.isRoot());
}

TEST(Rdata, NaptrGivesItsFields) {
  const auto record = recordFromText(R"(a. NAPTR 100 50 "u" "E2U+sip" "!^.*$!sip:i@a!" .)");
  const auto naptr = parseNaptr(record.rdata);
  ASSERT_TRUE(naptr);
  EXPECT_EQ(naptr->order, 100);
  EXPECT_EQ(naptr->preference, 50);
  EXPECT_EQ(naptr->flags, "u");
  EXPECT_EQ(naptr->services, "E2U+sip");
  EXPECT_EQ(naptr->regexp, "!^.*$!sip:i@a!");
  EXPECT_TRUE(naptr->replacement.isRoot());
}

TEST(Rdata, AddressesAreTheirOctets) {
  EXPECT_EQ(*parseA(octetsOf("\1\2\3\4")), (Ipv4{1, 2, 3, 4}));
  EXPECT_EQ((*parseAaaa(recordFromText("a. AAAA 2001:db8::1").rdata))[1], 1);
}

TEST(Rdata, TxtIsJoinedWithoutABlank) {
  EXPECT_EQ(*joinTxt(recordFromText(R"(a. TXT "v=sip" "" "vhost1")").rdata), "v=sipvhost1");
  EXPECT_EQ(*joinTxt(octetsOf("\0"s)), "");
}

TEST(Rdata, IsCompleteAndNothingIsLeftOver) {
  for (const char* text : {
           "a. A 192.0.2.1",
           "a. AAAA ::1",
           "a. NS ns.a.",
           "a. CNAME b.",
           "a. DNAME b.",
           "a. SOA ns.a. host.a. 1 2 3 4 5",
           "a. SRV 1 2 3 b.",
           R"(a. NAPTR 1 2 "s" "SIP+D2U" "x" b.)",
       }) {
    const test::OwnedRecord record = recordFromText(text);
    EXPECT_TRUE(checkCanonical(record.type, record.rdata)) << text;
    for (std::size_t size = 0; size < record.rdata.size(); ++size) {
      EXPECT_FALSE(checkCanonical(record.type, std::span(record.rdata).first(size)))
          << text << " cut to " << size;
    }
    std::vector<std::uint8_t> longer = record.rdata;
    longer.push_back(0);
    EXPECT_FALSE(checkCanonical(record.type, longer)) << text;
  }
}

TEST(Rdata, TxtIsOneWellFormedStringOrMore) {
  EXPECT_TRUE(isCanonical(RrType::txt, "\0"s));
  EXPECT_TRUE(isCanonical(RrType::txt, "\1a\2bc"));
  EXPECT_FALSE(isCanonical(RrType::txt, ""));
  EXPECT_FALSE(isCanonical(RrType::txt, "\2a"));
  EXPECT_FALSE(isCanonical(RrType::txt, "\1a\2b"));
  EXPECT_FALSE(joinTxt(octetsOf("\1a\2b")));
}

TEST(Rdata, NamesInItAreCanonical) {
  EXPECT_TRUE(isCanonical(RrType::cname, "\7example\3com\0"s));
  EXPECT_FALSE(isCanonical(RrType::cname, "\7examplE\3com\0"s));
  EXPECT_FALSE(isCanonical(RrType::cname, "\7example\3coM\0"s));
  EXPECT_FALSE(isCanonical(RrType::cname, "\7example\xc0\0"s));
  EXPECT_FALSE(isCanonical(RrType::cname, "\x40" + std::string(64, 'a') + '\0'));
}

TEST(Rdata, OfTypesThatAreNotKeptIsAnything) {
  EXPECT_TRUE(isCanonical(RrType{15}, ""));
  EXPECT_TRUE(isCanonical(RrType{65280}, "\xc0\xff"));
}

}  // namespace
}  // namespace zonecast::dns
