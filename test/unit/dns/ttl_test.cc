#include "reconciler/dns/ttl.h"

#include <gtest/gtest.h>

namespace zonecast::dns {
namespace {

TEST(Ttl, IsAtMostTwoToThe31MinusOne) {
  EXPECT_EQ(Ttl(0x7fffffff).seconds(), 0x7fffffffu);
}

TEST(Ttl, WithTheTopBitSetIsZero) {
  EXPECT_EQ(Ttl(0x80000000).seconds(), 0u);
  EXPECT_EQ(Ttl(0xffffffff).seconds(), 0u);
}

}  // namespace
}  // namespace zonecast::dns
