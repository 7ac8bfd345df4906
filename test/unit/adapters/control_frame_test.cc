#include <string>

#include <gtest/gtest.h>

#include "adapters/control/frame.h"
#include "schema/control.pb.h"

namespace zonecast::control {
namespace {

std::string framed(const std::string& content) {
  std::string octets(4, '\0');
  octets[2] = static_cast<char>(content.size() >> 8);
  octets[3] = static_cast<char>(content.size() & 0xff);
  return octets + content;
}

TEST(Frame, IsALengthInNetworkOrderAndTheMessage) {
  v1::ControlRequest request;
  request.mutable_zone_refresh()->set_zone(std::string(300, 'z'));
  const std::string octets = frame(request);
  EXPECT_EQ(octets, framed(request.SerializeAsString()));
  EXPECT_GT(octets.size(), 300U);
}

TEST(FrameReader, GivesFramesOneByOneHoweverTheyArrive) {
  FrameReader reader(100);
  const std::string octets = framed("one") + framed("") + framed("three");
  std::vector<std::string> got;
  for (const char octet : octets) {
    reader.append({&octet, 1});
    for (auto next = reader.next(); next && *next; next = reader.next()) got.push_back(**next);
  }
  EXPECT_EQ(got, (std::vector<std::string>{"one", "", "three"}));
}

TEST(FrameReader, TakesTheLargestFrameAndRefusesTheNextLarger) {
  FrameReader reader(8);
  reader.append(framed("12345678"));
  EXPECT_EQ(reader.next().value(), "12345678");
  reader.append(framed("123456789"));
  const auto refused = reader.next();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "a message of 9 octets; at most 8 are taken");
}

TEST(FrameReader, RefusesByTheLengthAlone) {
  FrameReader reader(kRequestOctetsMax);
  reader.append("\xff\xff\xff\xff");
  ASSERT_FALSE(reader.next());
  EXPECT_FALSE(reader.next()) << "an error stays one";
}

}  // namespace
}  // namespace zonecast::control
