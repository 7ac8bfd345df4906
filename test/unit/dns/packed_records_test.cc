#include "reconciler/dns/packed_records.h"

#include <string>

#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using namespace std::string_literals;
using test::recordFromText;

TEST(PackedRecords, AreReadBackAsTheyWere) {
  const auto records = test::recordsFromText(R"(
    example.com.     300 IN SOA ns.example.com. host.example.com. 1 2 3 4 5
    example.com.      60 IN NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.example.com.
    www.example.com.   0 IN A 192.0.2.1
    .         2147483647 IN TXT "a" "b"
    mx.example.com.   60 IN TYPE65280 \# 0
  )");
  std::vector<std::uint8_t> packed;
  for (const auto& record : records) pack(record.view(), packed);

  PackedReader reader(packed);
  for (const auto& record : records) {
    const auto next = reader.next();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->owner, record.owner.view());
    EXPECT_EQ((*next)->type, record.type);
    EXPECT_EQ((*next)->rrclass, RrClass::in);
    EXPECT_EQ((*next)->ttl, record.ttl);
    EXPECT_EQ(std::vector((*next)->rdata.begin(), (*next)->rdata.end()), record.rdata);
  }
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(*reader.next());
}

TEST(PackedRecords, NoneAreInNoOctets) {
  PackedReader reader({});
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(*reader.next());
}

TEST(PackedRecords, CutShortFail) {
  std::vector<std::uint8_t> packed;
  pack(recordFromText("example.com. SRV 1 2 3 sip.example.com.").view(), packed);
  for (std::size_t size = 1; size < packed.size(); ++size) {
    const std::span<const std::uint8_t> whole = packed;
    PackedReader reader(whole.first(size));
    EXPECT_FALSE(reader.next()) << size;
    EXPECT_FALSE(reader.next()) << "and fail again";
  }
}

TEST(PackedRecords, ThatAreNotCanonicalFail) {
  for (const std::string& packed : {
           "\1A\0\0\x0a\0\0\0\0\0\0"s,      // owner in upper case
           "\1a\xc0\0\0\x0a\0\0\0\0\0\0"s,  // compressed owner
           "\1a\0\0\1\0\0\0\0\0\3\1\2\3"s,  // A of three octets
           "\1a\0\0\5\0\0\0\0\0\3\1B\0"s,   // CNAME to upper case
       }) {
    const auto octets = test::octetsOf(packed);
    PackedReader reader(octets);
    EXPECT_FALSE(reader.next());
  }
}

TEST(PackedRecords, SayWhereTheyAreWrong) {
  const auto packed = test::octetsOf("\1a\0\0\1\0\0\0\0\0\5\1\2\3\4\5"s);
  PackedReader reader(packed);
  const auto next = reader.next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().what, "octets left over behind the last field");
  EXPECT_EQ(next.error().offset, 15u);
}

}  // namespace
}  // namespace zonecast::dns
