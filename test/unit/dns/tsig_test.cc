// Signing, and one answer: what is good, and what each flaw of it is called.
#include "reconciler/dns/tsig.h"

#include <cctype>
#include <string>

#include <gtest/gtest.h>

#include "test/unit/dns/tsig_messages.h"

namespace zonecast::dns {
namespace {

using namespace std::chrono_literals;

class EveryAlgorithm : public ::testing::TestWithParam<TsigAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Tsig, EveryAlgorithm,
                         ::testing::Values(TsigAlgorithm::hmacSha256, TsigAlgorithm::hmacSha384,
                                           TsigAlgorithm::hmacSha512));

TEST_P(EveryAlgorithm, SignsARequestAsOthersDo) {
  Octets message = query();
  const Mac mac = signRequest(message, test::peerKey(GetParam()), kNow);
  const Octets expected = octetsFromHex(kSignedQueries[static_cast<std::size_t>(GetParam())]);
  EXPECT_EQ(message, expected);
  EXPECT_EQ(mac,
            Mac(expected.end() - 6 - static_cast<std::ptrdiff_t>(mac.size()), expected.end() - 6));
}

TEST_P(EveryAlgorithm, VerifiesARequestThatOthersSigned) {
  const TsigKey ours = test::peerKey(GetParam());
  const TsigKey* const keys[] = {&ours};
  const auto verified = verifyRequest(
      octetsFromHex(kSignedQueries[static_cast<std::size_t>(GetParam())]), keys, kNow);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, &ours);
}

TEST_P(EveryAlgorithm, VerifiesTheAnswerThatItSigned) {
  const TsigKey ours = test::peerKey(GetParam());
  Octets request = query();
  const Mac mac = signRequest(request, ours, kNow);
  Octets answer = octetsFromHex(kUnsignedAnswer);
  signAnswer(answer, ours, mac, kNow + 10s);
  TsigVerifier verifier(ours, mac);
  EXPECT_TRUE(verifier.next(answer, kNow));
  EXPECT_TRUE(verifier.isSettled());
}

TEST_F(TsigExchange, AnswerOfOthersIsVerified) {
  TsigVerifier verifier = this->verifier();
  EXPECT_FALSE(verifier.isSettled());
  EXPECT_TRUE(verifier.next(octetsFromHex(kAnswer), kNow));
  EXPECT_TRUE(verifier.isSettled());
}

TEST_F(TsigExchange, AnswerIsSignedAsOthersDo) {
  Octets answer = octetsFromHex(kUnsignedAnswer);
  signAnswer(answer, key_, mac_, kNow);
  EXPECT_EQ(answer, octetsFromHex(kAnswer));
}

// But for the case of the names in the TSIG record, which are folded before they are digested
// (RFC 8945 section 4.3.3), and the ID, which is not signed.
TEST_F(TsigExchange, EveryChangedOctetIsNoticed) {
  const Octets answer = octetsFromHex(kAnswer);
  const std::size_t owner = kTsigOffset;
  const std::size_t algorithm = kTsigOffset + 18 + 10;
  for (std::size_t at = 2; at < answer.size(); ++at) {
    const bool in_name =
        (at >= owner && at < owner + 18) || (at >= algorithm && at < algorithm + 13);
    Octets changed = answer;
    changed[at] ^= 0x20;  // the case of a letter
    EXPECT_EQ(verifier().next(changed, kNow).has_value(), in_name && std::isalpha(answer[at]))
        << at;
    changed[at] = answer[at] ^ 1;
    EXPECT_FALSE(verifier().next(changed, kNow)) << at;
  }
}

TEST_F(TsigExchange, RefusalWithoutTsigIsAnUnsignedMessage) {
  TsigVerifier verifier = this->verifier();
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kNotAuth), kNow)), TsigFailure::unsignedMessage);
}

TEST_F(TsigExchange, OriginalIdIsWhatWasSigned) {
  TsigVerifier verifier = this->verifier();
  Octets forwarded = octetsFromHex(kAnswer);
  forwarded[0] = 0xff;
  EXPECT_TRUE(verifier.next(forwarded, kNow));

  TsigVerifier other = this->verifier();
  EXPECT_TRUE(other.next(TsigPeer(mac_).sign(answer(), {.original_id = 0x4321}), kNow));
}

TEST_F(TsigExchange, TimeMayDifferByTheFudge) {
  for (const auto shift : {300s, -300s}) {
    EXPECT_TRUE(verifier().next(octetsFromHex(kAnswer), kNow + shift));
  }
  for (const auto shift : {301s, -301s}) {
    EXPECT_EQ(failureOf(verifier().next(octetsFromHex(kAnswer), kNow + shift)),
              TsigFailure::badTime);
  }
}

TEST_F(TsigExchange, TruncatedMacIsNotEnough) {
  const auto verify = [this](std::size_t octets) {
    return failureOf(verifier().next(TsigPeer(mac_).sign(answer(), {.mac_octets = octets}), kNow));
  };
  EXPECT_EQ(verify(31), TsigFailure::badTruncation);
  EXPECT_EQ(verify(16), TsigFailure::badTruncation);
  EXPECT_EQ(verify(15), TsigFailure::misplaced);  // RFC 8945 section 5.2.2.1: FORMERR
  EXPECT_EQ(verify(0), TsigFailure::misplaced);
  EXPECT_EQ(verify(33), TsigFailure::misplaced);
}

TEST_F(TsigExchange, OtherKeyOrAlgorithmIsBadKey) {
  const Octets other = TsigPeer(mac_).sign(answer(), {.name = "other.example."});
  EXPECT_EQ(failureOf(verifier().next(other, kNow)), TsigFailure::badKey);

  const TsigKey sha512 = test::peerKey(TsigAlgorithm::hmacSha512);
  EXPECT_EQ(failureOf(TsigVerifier(sha512, mac_).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badKey);
}

TEST_F(TsigExchange, OtherSecretOrRequestIsBadSignature) {
  const TsigKey other(key_.name(), key_.algorithm(), Octets(32, 7));
  EXPECT_EQ(failureOf(TsigVerifier(other, mac_).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badSignature);
  EXPECT_EQ(failureOf(TsigVerifier(key_, Mac(32)).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badSignature);
}

TEST_F(TsigExchange, SignedBadTimeOfOthersIsThePeersVerdict) {
  EXPECT_EQ(failureOf(verifier().next(octetsFromHex(kBadTime), kNow)), TsigFailure::peerBadTime);
  Octets forged = octetsFromHex(kBadTime);
  forged.back() ^= 1;
  EXPECT_EQ(failureOf(verifier().next(forged, kNow)), TsigFailure::badSignature);
}

TEST_F(TsigExchange, UnsignedErrorsAreThePeersVerdict) {
  const auto verify = [this](std::uint16_t error) {
    const Octets message =
        TsigPeer(mac_).sign(octetsFromHex(kNotAuth), {.error = error, .mac_octets = 0});
    return failureOf(verifier().next(message, kNow));
  };
  EXPECT_EQ(verify(16), TsigFailure::peerBadSignature);
  EXPECT_EQ(verify(17), TsigFailure::peerBadKey);
  EXPECT_EQ(verify(18), TsigFailure::peerBadTime);  // nsd does not sign it
  EXPECT_EQ(verify(22), TsigFailure::peerBadSignature);
  EXPECT_EQ(verify(99), TsigFailure::misplaced);
}

// -- where TSIG may stand

TEST_F(TsigExchange, TsigStandsLastAndOnce) {
  Octets twice = octetsFromHex(kAnswer);
  const Octets tsig(twice.begin() + kTsigOffset, twice.end());
  append(twice, tsig);
  ++twice[11];
  EXPECT_EQ(failureOf(verifier().next(twice, kNow)), TsigFailure::misplaced);

  Octets followed = octetsFromHex(kAnswer);
  append(followed, octetsFromHex("00 0029 04d0 00000000 0000"));  // OPT
  ++followed[11];
  EXPECT_EQ(failureOf(verifier().next(followed, kNow)), TsigFailure::misplaced);
}

TEST_F(TsigExchange, TsigStandsAmongTheAdditionalRecords) {
  Octets answered = octetsFromHex(kAnswer);
  answered[7] = 2;   // ANCOUNT
  answered[11] = 0;  // ARCOUNT
  EXPECT_EQ(failureOf(verifier().next(answered, kNow)), TsigFailure::misplaced);
}

TEST_F(TsigExchange, TsigIsOfClassAnyWithTtlZero) {
  Octets in = octetsFromHex(kAnswer);
  in[kTsigOffset + 18 + 3] = 1;  // class IN
  EXPECT_EQ(failureOf(verifier().next(in, kNow)), TsigFailure::misplaced);
  Octets ttl = octetsFromHex(kAnswer);
  ttl[kTsigOffset + 18 + 7] = 1;
  EXPECT_EQ(failureOf(verifier().next(ttl, kNow)), TsigFailure::misplaced);
}

TEST_F(TsigExchange, MalformedMessagesAreMisplaced) {
  const Octets answer = octetsFromHex(kAnswer);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const Octets prefix(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(failureOf(verifier().next(prefix, kNow)), TsigFailure::misplaced) << size;
  }
  Octets longer = answer;
  longer.push_back(0);
  EXPECT_EQ(failureOf(verifier().next(longer, kNow)), TsigFailure::misplaced);
}

}  // namespace
}  // namespace zonecast::dns
