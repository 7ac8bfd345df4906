#include "adapters/table/host.h"

#include <string>

#include <gtest/gtest.h>

namespace zonecast::table {
namespace {

std::string parsed(std::string_view text) {
  const Host host(text);
  return host.isValid() ? std::string(host.name()) : "-";
}

TEST(Host, IsWrittenInOneWay) {
  EXPECT_EQ(parsed("Example.COM."), "example.com");
  EXPECT_EQ(parsed("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(parsed("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(parsed("[2001:DB8:0:0::1]"), "2001:db8::1");
  EXPECT_EQ(parsed("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(parsed(std::string(63, 'a') + ".example"), std::string(63, 'a') + ".example");
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
                                  std::string("a%41"),
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
    EXPECT_EQ(parsed(text), "-") << text;
  }
  std::string long_name;
  for (int i = 0; i < 127; ++i) long_name += "a.";
  EXPECT_EQ(parsed(long_name), long_name.substr(0, 253)) << "253 octets and the final dot";
  EXPECT_EQ(parsed(long_name + "aa"), "-");
}

}  // namespace
}  // namespace zonecast::table
