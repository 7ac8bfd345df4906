#include "reconciler/derive/domain.h"

#include <gtest/gtest.h>

#include "reconciler/derive/verdict.h"
#include "test/support/records.h"

namespace zonecast::derive {
namespace {

TEST(Domain, IsLowerCaseWithoutTheFinalDot) {
  EXPECT_EQ(Domain::fromText("SIP.Example.COM.").value().text(), "sip.example.com");
}

TEST(Domain, IsTheSameFromTextAndFromName) {
  EXPECT_EQ(Domain::fromText("xn--bcher-kva.example").value(),
            Domain::fromName(test::nameFromText("xn--bcher-kva.example")).value());
}

TEST(Domain, GivesItsNameBack) {
  EXPECT_EQ(Domain::fromText("a.example").value().name(), test::nameFromText("a.example"));
}

TEST(Domain, RefusesWhatIsNotLettersDigitsAndInnerHyphens) {
  for (const char* text : {"", ".", "..", ".com", "a..b", "-a.com", "a-.com", "a_b.com", "a b.com",
                           "\xc3\xa9.com", "*.com", "a\\.b.com", "[2001:db8::1]", "a.com:5060"}) {
    EXPECT_FALSE(Domain::fromText(text).has_value()) << text;
  }
}

TEST(Domain, RefusesANumericLastLabelSoThatAnAddressIsNoName) {
  EXPECT_FALSE(Domain::fromText("192.0.2.1").has_value());
  EXPECT_FALSE(Domain::fromText("example.123").has_value());
  EXPECT_TRUE(Domain::fromText("123.example").has_value());
}

TEST(Domain, IsAnAddressInItsOneFormWhereTheOperatorMaySayOne) {
  const auto host = [](std::string_view text) {
    const auto domain = Domain::fromHost(text);
    return domain ? std::string(domain->text()) : "-";
  };
  EXPECT_EQ(host("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(host("[2001:DB8:0::1]"), "2001:db8::1");
  EXPECT_EQ(host("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(host("SIP.Example.COM."), "sip.example.com");
  for (const std::string_view text :
       {"[192.0.2.1]", "192.0.2", "192.0.2.256", "192.0.2.01", "[]", "[::1", "::1]", "fe80::1%lo",
        "1::2::3", "192.0.2.1.", "192.0.2.1:5060", "[::1]:5060", "a b"}) {
    EXPECT_EQ(host(text), "-") << text;
  }
  EXPECT_EQ(host(std::string_view("::1\0x", 5)), "-");
}

TEST(Domain, HasANameThatIsNoDomainsWhenItIsAnAddress) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::"}) {
    const Domain address = Domain::fromHost(text).value();
    EXPECT_TRUE(address.isAddress()) << text;
    EXPECT_EQ(address.name().labelCount(), 1u) << text;
    EXPECT_FALSE(Domain::fromName(address.name()).has_value()) << text;
  }
  for (const char* text : {"localhost", "a.example", "192.0.2.example"}) {
    EXPECT_FALSE(Domain::fromHost(text).value().isAddress()) << text;
  }
}

TEST(Domain, RefusesUnderscoredAndWildcardNamesTheRootAndEscapes) {
  for (const char* text : {"_sip._udp.example.com", "*.example.com", ".", "a\\.b.example.com",
                           "a\\000b.example.com"}) {
    EXPECT_FALSE(Domain::fromName(test::nameFromText(text)).has_value()) << text;
  }
}

TEST(Domain, HasAtMost63OctetsInALabelAnd253InAll) {
  const std::string label(63, 'a');
  EXPECT_TRUE(Domain::fromText(label + ".example").has_value());
  EXPECT_FALSE(Domain::fromText(label + "a.example").has_value());

  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(longest.size(), 253u);
  EXPECT_TRUE(Domain::fromText(longest).has_value());
  EXPECT_FALSE(Domain::fromText(longest + "b").has_value());
  EXPECT_FALSE(Domain::fromText(std::string(1 << 20, 'a')).has_value());
}

TEST(OwnDomainName, IsWhatIsBelowTheUnderscoredLabels) {
  const auto own = [](const char* text) {
    const dns::Name name = test::nameFromText(text);
    return ownDomainName(name).toText();
  };
  EXPECT_EQ(own("_sip._udp.example.com"), "example.com");
  EXPECT_EQ(own("_sipvhost.example.com"), "example.com");
  EXPECT_EQ(own("example.com"), "example.com");
  EXPECT_EQ(own("sip._udp.example.com"), "sip._udp.example.com");
  EXPECT_EQ(own("_a._b"), ".");
}

}  // namespace
}  // namespace zonecast::derive
