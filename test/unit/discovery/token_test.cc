#include "reconciler/discovery/token.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace zonecast::discovery {
namespace {

using Key = std::vector<std::uint8_t>;

const Key kKey(32, 0x2a);

derive::Domain domainOf(std::string_view text) {
  return *derive::Domain::fromText(text);
}

// printf 'zonecast discovery token:example.com' |
//   openssl dgst -sha256 -mac HMAC -macopt hexkey:2a2a...2a (32 octets)
TEST(Token, IsTheFirst128BitsOfTheHmac) {
  EXPECT_EQ(tokenFor(domainOf("example.com"), kKey), "d7350820181edc6ec97c1c888aed01a1");
}

TEST(Token, MatchesForItsDomainAndKeyAlone) {
  const std::string token = tokenFor(domainOf("Example.com."), kKey);
  EXPECT_TRUE(tokenMatches(domainOf("example.com"), kKey, token));
  EXPECT_FALSE(tokenMatches(domainOf("sip.example.com"), kKey, token));
  EXPECT_FALSE(tokenMatches(domainOf("example.co"), kKey, token));
  EXPECT_FALSE(tokenMatches(domainOf("example.com"), Key(32, 0x2b), token));
  EXPECT_FALSE(tokenMatches(domainOf("example.com"), Key(33, 0x2a), token));
}

TEST(Token, EveryOctetCounts) {
  const std::string token = tokenFor(domainOf("example.com"), kKey);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == '0' ? '1' : '0';
    EXPECT_FALSE(tokenMatches(domainOf("example.com"), kKey, other)) << i;
  }
  for (const std::string& other :
       {std::string(), token.substr(1), token + "0", token + std::string(1, '\0'),
        std::string(token.size(), '\0'), std::string(100'000, 'a')})
    EXPECT_FALSE(tokenMatches(domainOf("example.com"), kKey, other));
}

TEST(Token, NoTwoDomainsHaveTheSame) {
  std::set<std::string> tokens;
  for (int i = 0; i < 1000; ++i)
    tokens.insert(tokenFor(domainOf("d" + std::to_string(i) + ".example"), kKey));
  EXPECT_EQ(tokens.size(), 1000u);
}

}  // namespace
}  // namespace zonecast::discovery
