#include <random>

#include <gtest/gtest.h>

#include "adapters/disk/encoding.h"
#include "test/unit/adapters/disk_testing.h"

namespace zonecast::disk {
namespace {

TEST(DiskEncoding, EveryTruncationOfAValueIsAnError) {
  const Octets entry = encode(ZoneEntry{.copy = copyAt(1), .pieces = 2, .chains = 3});
  for (std::size_t size = 0; size < entry.size(); ++size) {
    EXPECT_FALSE(decodeZoneEntry(OctetSpan(entry).first(size))) << size;
  }
  const Octets chain = encode(std::vector{deltaBetween(1, 2)});
  for (std::size_t size = 1; size < chain.size(); ++size) {
    EXPECT_FALSE(decodeChain(OctetSpan(chain).first(size))) << size;
  }
  const Octets publisher = encode(ports::SavedPublisher{
      plan::Term{1}, plan::Position{{"lineage"}, plan::Version{2}, plan::Chain{}}});
  for (std::size_t size = 0; size < 8 + 1 + 8 + 32; ++size) {
    if (size != 8 + 1) {  // a term alone is whole
      EXPECT_FALSE(decodePublisher(OctetSpan(publisher).first(size))) << size;
    }
  }
}

TEST(DiskEncoding, OctetsLeftOverAreAnError) {
  Octets entry = encode(ZoneEntry{});
  entry.push_back(0);
  EXPECT_FALSE(decodeZoneEntry(entry));
}

TEST(DiskEncoding, NoOctetsHarmTheDecoders) {
  std::mt19937 random{1};
  const Octets sound = encode(std::vector{deltaBetween(1, 2), deltaBetween(2, 5)});
  for (int round = 0; round < 20'000; ++round) {
    Octets octets = sound;
    for (int i = 0; i < 3; ++i)
      octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
    octets.resize(random() % (octets.size() + 1));
    static_cast<void>(decodeChain(octets));
    static_cast<void>(decodeZoneEntry(octets));
    static_cast<void>(decodePublisher(octets));
    EXPECT_FALSE(unseal("key", octets));
  }
}

TEST(DiskEncoding, ASealedValueOpensUnderItsOwnKeyAlone) {
  const Octets content = octetsOf("content");
  const Octets value = seal("key", content);
  const auto opened = unseal("key", value);
  ASSERT_TRUE(opened);
  EXPECT_EQ(Octets(opened->begin(), opened->end()), content);
  EXPECT_FALSE(unseal("kez", value));
  EXPECT_FALSE(unseal("key", OctetSpan(value).first(7)));
}

TEST(DiskEncoding, NumberedKeysSortByNumber) {
  EXPECT_LT(numberedKey("z", 255), numberedKey("z", 256));
  EXPECT_EQ(numberedKey("z", 0x01020304), std::string("z\1\2\3\4"));
}

}  // namespace
}  // namespace zonecast::disk
