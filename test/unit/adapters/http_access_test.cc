#include <gtest/gtest.h>

#include "adapters/http/access.h"

namespace zonecast::http {
namespace {

TEST(Host, IsOursByLoopbackAndByConfiguredNames) {
  const std::vector<std::string> names{"status.provider.example"};
  for (const char* host :
       {"localhost", "LOCALHOST:9464", "localhost.", "127.0.0.1", "127.0.0.1:80", "127.9.8.7",
        "[::1]", "[::1]:9464", "Status.Provider.Example:443", "status.provider.example."}) {
    EXPECT_TRUE(isOwnHost(host, names)) << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "status.provider.example.evil.example",
        "127.0.0.1.evil.example", "192.0.2.1", "[::2]", "[::1", "[::1]x", "localhost:80x",
        "localhost:80@evil.example", "user@localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "127.1"}) {
    EXPECT_FALSE(isOwnHost(host, names)) << host;
  }
}

TEST(AToken, AdmitsWhoBringsIt) {
  const Token token("0123456789abcdef");
  EXPECT_TRUE(token.admits("Bearer 0123456789abcdef"));
  EXPECT_TRUE(token.admits("bearer 0123456789abcdef"));
  for (const char* other :
       {"", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef",
        "Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0"}) {
    EXPECT_FALSE(token.admits(other)) << other;
  }
}

TEST(AToken, ThatIsNoneAdmitsEverybody) {
  EXPECT_TRUE(Token("").admits(""));
  EXPECT_TRUE(Token("").admits("Bearer anything"));
}

}  // namespace
}  // namespace zonecast::http
