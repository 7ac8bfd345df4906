#include "reconciler/identity/did.h"

#include <gtest/gtest.h>

namespace zonecast::identity {
namespace {

TEST(Did, TakesLettersDigitsAndFiveMarks) {
  for (const auto* text : {"iptel", "Acme-7", "a.b_c:d~e-f", "example.com~2", "0", "-", ":",
                           "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}) {
    const auto did = Did::fromText(text);
    ASSERT_TRUE(did) << text;
    EXPECT_EQ(did->text(), text);
  }
}

TEST(Did, HasAtMost253Octets) {
  EXPECT_TRUE(Did::fromText(std::string(253, 'a')));
  EXPECT_FALSE(Did::fromText(std::string(254, 'a')));
  EXPECT_FALSE(Did::fromText(""));
}

TEST(Did, TakesNothingThatWouldNeedQuotingElsewhere) {
  using namespace std::string_view_literals;
  for (const auto text :
       {"a;b"sv, "a=b"sv, "a b"sv, "a%41"sv, "a/b"sv, "a{b}"sv, "a\nb"sv, "a\0b"sv, "a*"sv,
        "caf\xc3\xa9"sv, "a\x7f"sv, "a\xff"sv, "\"a\""sv, "a,b"sv, "+"sv}) {
    EXPECT_FALSE(Did::fromText(text)) << text;
  }
}

TEST(Did, RefusesInPrintableWordsOfBoundedLength) {
  const auto did = Did::fromText("\x1b[2J" + std::string(100'000, '\xff'));
  ASSERT_FALSE(did);
  EXPECT_LT(did.error().size(), 500u);
  for (const char c : did.error()) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(Did, IsComparedOctetByOctet) {
  EXPECT_NE(*Did::fromText("Acme"), *Did::fromText("acme"));
  EXPECT_LT(*Did::fromText("Acme"), *Did::fromText("acme"));
}

TEST(Did, ADomainsOwnAreItsNameThenNumbers) {
  const auto domain = derive::Domain::fromText("acme.example").value();
  EXPECT_EQ(ownDid(domain, DidKind::name, 1).text(), "acme.example");
  EXPECT_EQ(ownDid(domain, DidKind::name, 2).text(), "acme.example~2");
  EXPECT_EQ(ownDid(domain, DidKind::name, 10).text(), "acme.example~10");
}

// RFC 9562 appendix A.4 has the UUID of www.example.com in the name space of DNS.
TEST(Did, OrUuidsMadeOfJustThese) {
  const auto domain = derive::Domain::fromText("www.example.com").value();
  EXPECT_EQ(ownDid(domain, DidKind::uuid, 1).text(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  EXPECT_NE(ownDid(domain, DidKind::uuid, 1), ownDid(domain, DidKind::uuid, 2));
  EXPECT_TRUE(looksLikeUuid(ownDid(domain, DidKind::uuid, 2)));
  EXPECT_FALSE(looksLikeUuid(Did::of(domain)));
}

}  // namespace
}  // namespace zonecast::identity
