#include "adapters/worker/host.h"

#include <string>

#include <gtest/gtest.h>

namespace zonecast::worker {
namespace {

std::string parsed(std::string_view text) {
  const Host host(text);
  return host.isValid() ? std::string(host.name()) : "-";
}

TEST(Host, IsFoldedAndTrimmed) {
  EXPECT_EQ(parsed("example.com"), "example.com");
  EXPECT_EQ(parsed("Example.COM."), "example.com");
  EXPECT_EQ(parsed("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(parsed("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(parsed("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(parsed(std::string(63, 'a') + ".b"), std::string(63, 'a') + ".b");
}

TEST(Host, ThatIsNoneIsRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "."sv, ".."sv, "a..b"sv, ".a"sv, "a b"sv, "a%41"sv, "a\0b"sv, "\xc3\xbc.example"sv,
        "[]"sv, "[a.example]"sv, "[2001:db8::1"sv, "2001:db8::1]"sv, "::g"sv, "1:2"sv,
        "2001:db8::1\0"sv, "a_b"sv}) {
    EXPECT_EQ(parsed(text), "-") << text;
  }
  EXPECT_EQ(parsed(std::string(64, 'a')), "-");
  std::string longest;
  while (longest.size() < 300) longest += "abcdefghi.";
  EXPECT_EQ(parsed(longest), "-");
  EXPECT_EQ(parsed(longest.substr(0, 253)), longest.substr(0, 253));
}

}  // namespace
}  // namespace zonecast::worker
