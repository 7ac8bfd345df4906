#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/http/event_ring.h"
#include "test/unit/adapters/http_testing.h"

namespace zonecast::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(EventRing, KeepsTheNewest) {
  EventRing ring(3);
  for (std::uint64_t version = 10; version < 15; ++version) ring.add(eventOf(version));
  EXPECT_EQ(ring.begin(), 2u);
  EXPECT_EQ(ring.end(), 5u);
  EXPECT_THAT(*ring.at(2), StartsWith("id: 12\nevent: publication\ndata: {\"version\":\"12\""));
  EXPECT_THAT(*ring.at(4), StartsWith("id: 14\n"));
}

TEST(EventRing, FindsWhatSomebodyHasNotSeen) {
  EventRing ring(3);
  EXPECT_EQ(ring.placeAfter(0), 0u);
  for (std::uint64_t version : {10, 20, 30, 40}) ring.add(eventOf(version));
  EXPECT_EQ(ring.placeAfter(0), 1u);
  EXPECT_EQ(ring.placeAfter(20), 2u);
  EXPECT_EQ(ring.placeAfter(25), 2u);
  EXPECT_EQ(ring.placeAfter(40), 4u);
  EXPECT_EQ(ring.placeAfter(99), 4u);
}

TEST(EventRing, AFrameIsMadeOnceForAllWhoHaveIt) {
  EventRing ring(3);
  ring.add(eventOf(1));
  const EventRing::Frame first = ring.at(0);
  EXPECT_EQ(ring.at(0), first);
}

// Whatever stands in a zone: a frame ends with an empty line, and has no other.
TEST(EventRing, AFrameIsOneWhateverItSays) {
  EventRing ring(1);
  ring.add(eventOf(1, "a\n\nevent: forged\ndata: x\r\n\r\n"));
  const std::string frame = *ring.at(0);
  EXPECT_EQ(frame.find("\n\n"), frame.size() - 2);
  EXPECT_EQ(frame.find('\r'), std::string::npos);
  EXPECT_THAT(frame, HasSubstr(R"(a\n\nevent: forged)"));
}

TEST(EventRing, IsBoundedInOctets) {
  EventRing ring(1000);
  for (std::uint64_t version = 1; version <= 10; ++version)
    ring.add(eventOf(version, std::string(1 << 20, 'x')));
  EXPECT_EQ(ring.end() - ring.begin(), 3u);
  ring.add(eventOf(11, std::string(8 << 20, 'x')));
  EXPECT_EQ(ring.end() - ring.begin(), 1u) << "the last one stays, however large it is";
}

}  // namespace
}  // namespace zonecast::http
