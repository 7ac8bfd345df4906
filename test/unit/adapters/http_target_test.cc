#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/http/target.h"

namespace zonecast::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = targetFromText("/v1/explain/sip%2Eexample.com?after=a%26b&limit=7&&flag");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path, ElementsAre("v1", "explain", "sip.example.com"));
  EXPECT_THAT(target->query,
              ElementsAre(Pair("after", "a&b"), Pair("limit", "7"), Pair("flag", "")));
  EXPECT_EQ(target->authority, "");
}

TEST(Target, KeepsAnEncodedSlashInsideItsSegment) {
  EXPECT_THAT(targetFromText("/v1/explain/a%2fb")->path, ElementsAre("v1", "explain", "a/b"));
}

TEST(Target, OfTheAbsoluteFormHasAnAuthority) {
  const auto target = targetFromText("HTTP://evil.example:80/v1/status?x=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "evil.example:80");
  EXPECT_THAT(target->path, ElementsAre("v1", "status"));
  EXPECT_THAT(targetFromText("http://localhost")->path, ElementsAre(""));
}

TEST(Target, ThatIsMalformedIsRefused) {
  for (const char* text : {"", "*", "v1/status", "http://", "http:///v1", "http://localhost?x=1",
                           "/%", "/%4", "/%zz", "/a%00b", "/%0d%0a", "/?x=%7f", "/%ff",
                           "/m\xc3\xbcller.example", "/\x01", "ftp://localhost/"}) {
    EXPECT_FALSE(targetFromText(text)) << text;
  }
  std::string many = "/?";
  for (int i = 0; i < 17; ++i) many += "a=b&";
  EXPECT_FALSE(targetFromText(many));
}

}  // namespace
}  // namespace zonecast::http
