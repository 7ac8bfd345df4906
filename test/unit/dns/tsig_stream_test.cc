// The many messages of a transfer (RFC 8945 section 5.3.1).
#include <vector>

#include <gtest/gtest.h>

#include "reconciler/dns/tsig.h"
#include "test/unit/dns/tsig_messages.h"

namespace zonecast::dns {
namespace {

using namespace std::chrono_literals;

TEST_F(TsigExchange, StreamOfOthersIsVerified) {
  TsigVerifier verifier = this->verifier();
  const bool settled[] = {true, false, false, true};
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(verifier.next(octetsFromHex(kStream[i]), kNow)) << i;
    EXPECT_EQ(verifier.isSettled(), settled[i]) << i;
  }
}

TEST_F(TsigExchange, UnsignedMessageInAStreamIsVouchedForByTheNextSignedOne) {
  for (const std::size_t forged : {1u, 2u}) {
    TsigVerifier verifier = this->verifier();
    for (std::size_t i = 0; i < 3; ++i) {
      Octets message = octetsFromHex(kStream[i]);
      if (i == forged) message.back() ^= 1;
      ASSERT_TRUE(verifier.next(message, kNow));
    }
    EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kStream[3]), kNow)), TsigFailure::badSignature);
    EXPECT_FALSE(verifier.isSettled());
  }
}

TEST_F(TsigExchange, MessagesMayNotBeLostRepeatedOrReordered) {
  const std::vector<std::vector<std::size_t>> orders = {
      {0, 1, 3}, {0, 1, 1, 2, 3}, {0, 2, 1, 3}, {0, 0}};
  for (const std::vector<std::size_t>& order : orders) {
    TsigVerifier verifier = this->verifier();
    Result result;
    for (const std::size_t i : order) result = verifier.next(octetsFromHex(kStream[i]), kNow);
    EXPECT_EQ(failureOf(result), TsigFailure::badSignature);
  }
}

TEST_F(TsigExchange, FirstMessageMustBeSigned) {
  TsigVerifier verifier = this->verifier();
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kUnsignedAnswer), kNow)),
            TsigFailure::unsignedMessage);
}

TEST_F(TsigExchange, NinetyNineMessagesInARowMayBeUnsigned) {
  TsigVerifier verifier = this->verifier();
  TsigPeer peer(mac_);
  ASSERT_TRUE(verifier.next(peer.sign(answer()), kNow));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 99; ++i) ASSERT_TRUE(verifier.next(peer.skip(answer()), kNow)) << i;
    ASSERT_TRUE(verifier.next(peer.sign(answer()), kNow));
    ASSERT_TRUE(verifier.isSettled());
  }
  for (int i = 0; i < 99; ++i) ASSERT_TRUE(verifier.next(peer.skip(answer()), kNow)) << i;
  EXPECT_EQ(failureOf(verifier.next(peer.skip(answer()), kNow)), TsigFailure::unsignedMessage);
}

TEST_F(TsigExchange, FailedStreamStaysFailed) {
  TsigVerifier verifier = this->verifier();
  EXPECT_FALSE(verifier.next(octetsFromHex(kUnsignedAnswer), kNow));
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kAnswer), kNow)), TsigFailure::unsignedMessage);
  EXPECT_FALSE(verifier.isSettled());
}

TEST_F(TsigExchange, TimeInAStreamMayStandStillButNotRunBackwards) {
  TsigVerifier verifier = this->verifier();
  TsigPeer peer(mac_);
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow}), kNow));
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow}), kNow));
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow + 1s}), kNow));
  EXPECT_EQ(failureOf(verifier.next(peer.sign(answer(), {.time = kNow}), kNow)),
            TsigFailure::badTime);
}

}  // namespace
}  // namespace zonecast::dns
