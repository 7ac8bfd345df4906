#include "reconciler/dns/serial.h"

#include <gtest/gtest.h>

namespace zonecast::dns {
namespace {

TEST(Serial, GrowsByOne) {
  EXPECT_LT(Serial(1), Serial(2));
  EXPECT_GT(Serial(2), Serial(1));
  EXPECT_EQ(Serial(2), Serial(2));
}

TEST(Serial, WrapsAround) {
  EXPECT_LT(Serial(0xffffffff), Serial(0));
  EXPECT_LT(Serial(0xfffffff0), Serial(0x7fffffef));
}

// RFC 1982 section 5.2 has these examples for SERIAL_BITS 8; here they are scaled up to 32.
TEST(Serial, OrdersAsInTheRfc) {
  const auto scaled = [](std::uint32_t octet) { return Serial(octet << 24); };
  EXPECT_GT(scaled(1), scaled(0));
  EXPECT_GT(scaled(44), scaled(0));
  EXPECT_GT(scaled(100), scaled(0));
  EXPECT_GT(scaled(100), scaled(44));
  EXPECT_GT(scaled(200), scaled(100));
  EXPECT_GT(scaled(255), scaled(200));
  EXPECT_GT(scaled(0), scaled(255));
  EXPECT_GT(scaled(100), scaled(255));
  EXPECT_GT(scaled(0), scaled(200));
  EXPECT_GT(scaled(44), scaled(200));
}

TEST(Serial, TwoSerialsHalfTheSpaceApartAreUnordered) {
  const Serial a(5);
  const Serial b(0x80000005);
  EXPECT_FALSE(a < b);
  EXPECT_FALSE(a > b);
  EXPECT_FALSE(a == b);
  EXPECT_EQ(a <=> b, std::partial_ordering::unordered);
  EXPECT_EQ(b <=> a, std::partial_ordering::unordered);
  EXPECT_LT(a, Serial(0x80000004));
  EXPECT_GT(a, Serial(0x80000006));
}

}  // namespace
}  // namespace zonecast::dns
