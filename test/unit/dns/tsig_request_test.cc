// Requests that we receive, and the errors that answer them (RFC 8945 sections 5.2 and 5.3.2).
#include <gtest/gtest.h>

#include "reconciler/dns/tsig.h"
#include "test/support/records.h"
#include "test/unit/dns/tsig_messages.h"

namespace zonecast::dns {
namespace {

using namespace std::chrono_literals;
using test::nameFromText;

class TsigRequest : public TsigExchange {
 protected:
  TsigRequest() : other_(nameFromText("other."), TsigAlgorithm::hmacSha256, Octets(16, 9)) {}

  tl::expected<VerifiedRequest, RequestFailure> verify(const Octets& request,
                                                       WallTime now = kNow) const {
    const TsigKey* const keys[] = {&other_, &key_};
    return verifyRequest(request, keys, now);
  }
  // The error answer to `request`.
  Octets refuse(const Octets& request, const RequestFailure& failure, WallTime now) const {
    Octets answer = octetsFromHex(kNotAuth);
    appendTsigError(answer, request, failure, now);
    return answer;
  }

  TsigKey other_;
};

TEST_F(TsigRequest, IsVerifiedUnderItsOwnKey) {
  const auto verified = verify(request_);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, &key_);
  EXPECT_EQ(verified->mac, mac_);
}

TEST_F(TsigRequest, WithoutTsigHasNoKey) {
  const auto verified = verify(query());
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, nullptr);
}

TEST_F(TsigRequest, UnderAnUnknownKeyIsAnsweredUnsigned) {
  const auto verified = verifyRequest(request_, {}, kNow);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badKey);
  const Octets answer = refuse(request_, verified.error(), kNow);
  EXPECT_EQ(failureOf(verifier().next(answer, kNow)), TsigFailure::peerBadKey);
  EXPECT_EQ(answer.size(), octetsFromHex(kNotAuth).size() + 18 + 10 + 29);  // no MAC
}

TEST_F(TsigRequest, ThatWasForgedIsAnsweredUnsigned) {
  Octets forged = request_;
  forged[13] ^= 1;
  const auto verified = verify(forged);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badSignature);
  EXPECT_EQ(verified.error().key, nullptr);
  const Octets answer = refuse(forged, verified.error(), kNow);
  EXPECT_EQ(failureOf(verifier().next(answer, kNow)), TsigFailure::peerBadSignature);
  EXPECT_EQ(answer.size(), octetsFromHex(kNotAuth).size() + 18 + 10 + 29);
}

TEST_F(TsigRequest, OfAnotherTimeIsAnsweredAsOthersDo) {
  const auto verified = verify(request_, kNow + 1000s);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badTime);
  EXPECT_EQ(verified.error().key, &key_);
  EXPECT_EQ(refuse(request_, verified.error(), kNow + 1000s), octetsFromHex(kBadTime));
}

TEST_F(TsigRequest, WithATruncatedMacIsAnsweredSigned) {
  Octets request = query();
  signRequest(request, key_, kNow);
  request.erase(request.end() - 6 - 16, request.end() - 6);  // half of the MAC
  request[29 + 18 + 9] -= 16;                                // RDLENGTH
  request[request.size() - 6 - 16 - 1] = 16;                 // MAC size
  const auto verified = verify(request);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badTruncation);
  const Octets answer = refuse(request, verified.error(), kNow);
  TsigVerifier verifier(key_, verified.error().mac);
  EXPECT_EQ(failureOf(verifier.next(answer, kNow)), TsigFailure::peerBadSignature);
  EXPECT_GT(answer.size(), octetsFromHex(kNotAuth).size() + 18 + 10 + 29);
}

TEST_F(TsigRequest, ThatIsMalformedIsAnsweredWithoutTsig) {
  Octets malformed = request_;
  malformed.pop_back();
  const auto verified = verify(malformed);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::misplaced);
  EXPECT_EQ(refuse(malformed, verified.error(), kNow), octetsFromHex(kNotAuth));
}

}  // namespace
}  // namespace zonecast::dns
