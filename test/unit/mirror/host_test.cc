#include "adapters/mirror/host.h"

#include <gtest/gtest.h>

namespace zonecast::mirror {
namespace {

TEST(Host, IsWrittenInOneWay) {
  EXPECT_EQ(hostFromText("Example.COM."), "example.com");
  EXPECT_EQ(hostFromText("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(hostFromText("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(hostFromText("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(hostFromText("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(hostFromText(std::string(63, 'a') + ".example"), std::string(63, 'a') + ".example");
}

TEST(Host, NothingElseIsOne) {
  const std::string nul("a\0b.example", 11);
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("a..b"),
                                  std::string(".example"),
                                  std::string("-a.example"),
                                  std::string("a-.example"),
                                  std::string("_sip.example"),
                                  std::string("a b.example"),
                                  std::string("b\xc3\xbc.example"),
                                  std::string("example.1"),
                                  std::string("1.2.3"),
                                  std::string("256.0.0.1"),
                                  std::string("[192.0.2.1]"),
                                  std::string("[]"),
                                  std::string("[::1"),
                                  std::string("::1]"),
                                  std::string(":::"),
                                  std::string("fe80::1%lo"),
                                  std::string(64, 'a') + ".example",
                                  nul,
                                  std::string("::1\0x", 5),
                                  std::string("a.example\n")}) {
    EXPECT_EQ(hostFromText(text), std::nullopt) << text;
  }
  std::string long_name;
  for (int i = 0; i < 127; ++i) long_name += "a.";
  EXPECT_EQ(hostFromText(long_name), long_name.substr(0, 253)) << "253 octets and the final dot";
  EXPECT_EQ(hostFromText(long_name + "aa"), std::nullopt);
}

}  // namespace
}  // namespace zonecast::mirror
