#include <gtest/gtest.h>

#include "reconciler/dns/hmac.h"
#include "reconciler/dns/tsig.h"
#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using test::nameFromText;
using test::octetsFromHex;
using test::octetsOf;

std::string errorOf(std::string_view text) {
  const auto key = parseTsigKey(text);
  return key ? "no error" : key.error();
}

TEST(TsigKey, IsReadAsDigWritesIt) {
  const auto key = parseTsigKey("hmac-sha256:Transfer.Example:AQIDBA==");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name().toText(), "transfer.example");
  EXPECT_EQ(key->algorithm(), TsigAlgorithm::hmacSha256);
  EXPECT_EQ(std::vector(key->secret().begin(), key->secret().end()), octetsFromHex("01020304"));
}

TEST(TsigKey, MayHaveBlanksAndAFinalNewline) {
  const auto key = parseTsigKey("  HMAC-SHA512. : a. : AQID BA==\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->algorithm(), TsigAlgorithm::hmacSha512);
  EXPECT_EQ(key->secret().size(), 4u);
}

TEST(TsigKey, SaysWhatWasExpected) {
  EXPECT_EQ(errorOf(""), "expected algorithm:name:secret, the secret in base64");
  EXPECT_EQ(errorOf("name:AQIDBA=="), "expected algorithm:name:secret, the secret in base64");
  EXPECT_EQ(errorOf("hmac-md5:a:AQIDBA=="),
            "expected the algorithm to be hmac-sha256, hmac-sha384 or hmac-sha512");
  EXPECT_EQ(errorOf("hmac-sha256:a..b:AQIDBA=="),
            "expected the key's name to be a domain name: empty label");
  EXPECT_EQ(errorOf("hmac-sha256:a:AQ*D"), "expected the secret to be in base64");
  EXPECT_EQ(errorOf("hmac-sha256:a:A"), "expected the secret to be in base64");
  EXPECT_EQ(errorOf("hmac-sha256:a:"), "expected a secret behind the key's name");
}

TEST(TsigKey, SurvivesBeingMoved) {
  TsigKey key(nameFromText("a"), TsigAlgorithm::hmacSha256, octetsOf("secret"));
  TsigKey other(nameFromText("b"), TsigAlgorithm::hmacSha512, octetsOf("else"));
  other = std::move(key);
  EXPECT_EQ(other.name().toText(), "a");
  EXPECT_EQ(other.algorithm(), TsigAlgorithm::hmacSha256);
  EXPECT_EQ(other.secret().size(), 6u);
  EXPECT_EQ(Hmac(other.hmac()).finish().size(), 32u);
}

// RFC 4231 section 4.3, test case 2.
TEST(Hmac, IsThatOfTheRfc) {
  const auto mac = [](TsigAlgorithm algorithm) {
    Hmac hmac(algorithm, octetsOf("Jefe"));
    hmac.update(octetsOf("what do ya want "));
    hmac.update(octetsOf("for nothing?"));
    return hmac.finish();
  };
  EXPECT_EQ(mac(TsigAlgorithm::hmacSha256),
            octetsFromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  EXPECT_EQ(mac(TsigAlgorithm::hmacSha384),
            octetsFromHex("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
                          "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"));
  EXPECT_EQ(mac(TsigAlgorithm::hmacSha512),
            octetsFromHex("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"));
}

TEST(Hmac, BeginsAnewAndCopiesWhatItHasTaken) {
  Hmac hmac(TsigAlgorithm::hmacSha256, octetsOf("key"));
  hmac.update(octetsOf("a"));
  Hmac copy(hmac);
  copy.update(octetsOf("b"));
  hmac.update(octetsOf("b"));
  const Mac mac = hmac.finish();
  EXPECT_EQ(copy.finish(), mac);
  hmac.update(octetsOf("ab"));
  EXPECT_EQ(hmac.finish(), mac);
  hmac.update(octetsOf("b"));
  EXPECT_NE(hmac.finish(), mac);
}

}  // namespace
}  // namespace zonecast::dns
