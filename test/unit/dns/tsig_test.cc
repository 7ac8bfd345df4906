// The literals were made by another implementation (dnspython): key "transfer.example.", secret the
// octets 1 to 32, signed at 1700000000 with a fudge of 300.
#include "reconciler/dns/tsig.h"

#include <cctype>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "reconciler/dns/message.h"
#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using namespace std::chrono_literals;
using test::nameFromText;
using test::octetsFromHex;

using Octets = std::vector<std::uint8_t>;
using Result = tl::expected<void, TsigFailure>;

const WallTime kNow{1700000000s};

Octets secret() {
  Octets octets(32);
  std::iota(octets.begin(), octets.end(), std::uint8_t{1});
  return octets;
}

TsigKey key(TsigAlgorithm algorithm = TsigAlgorithm::hmacSha256) {
  return TsigKey(nameFromText("Transfer.Example."), algorithm, secret());
}

// A query for the SOA of example.com, ID 0x1234.
Octets query() {
  return octetsFromHex("123400000001000000000000076578616d706c6503636f6d0000060001");
}

constexpr std::string_view kSignedQueries[] = {
    "123400000001000000000001076578616d706c6503636f6d0000060001"
    "087472616e73666572076578616d706c650000fa00ff00000000003d0b686d61632d73686132353600"
    "00006553f100012c002041eecf0cec5b2f8e05e06537962c7db764a1f21066411c1a0567bd7fb7f29153"
    "123400000000",
    "123400000001000000000001076578616d706c6503636f6d0000060001"
    "087472616e73666572076578616d706c650000fa00ff00000000004d0b686d61632d73686133383400"
    "00006553f100012c003009f5bbba5c2ff393665f7f7a39f0f446cd56fb44377f8bcf025bbaf5267e5a64"
    "7395eb0c8325422b14b4792b0b4b5b05123400000000",
    "123400000001000000000001076578616d706c6503636f6d0000060001"
    "087472616e73666572076578616d706c650000fa00ff00000000005d0b686d61632d73686135313200"
    "00006553f100012c0040baf2e1416fa4714df0ca838a5c0191cf3218c9d59caf2debb05d80a2388887575f"
    "f379a7628a6662ce328e61f16e5114ff77665dfaa176e8cecab54c1003fa71123400000000",
};

constexpr std::string_view kUnsignedAnswer =
    "123484000001000100000000076578616d706c6503636f6d0000060001c00c0006000100000e100020026e73c00c"
    "04686f7374c00c0000000700000001000000020000000300000004";
constexpr std::size_t kTsigOffset = kUnsignedAnswer.size() / 2;
constexpr std::string_view kAnswer =
    "123484000001000100000001076578616d706c6503636f6d0000060001c00c0006000100000e100020026e73c00c"
    "04686f7374c00c0000000700000001000000020000000300000004"
    "087472616e73666572076578616d706c650000fa00ff00000000003d0b686d61632d73686132353600"
    "00006553f100012c0020293bd96d2da3c806761c35be09c6dd45d4195b02496082d66b408f71e2923ceb"
    "123400000000";

constexpr std::string_view kStream[] = {
    "123484000000000100000001076578616d706c6503636f6d000006000100000e100020026e73c00c04686f7374c00c"
    "0000000700000001000000020000000300000004"
    "087472616e73666572076578616d706c650000fa00ff00000000003d0b686d61632d73686132353600"
    "00006553f100012c00204ec0be1505b28438c07dfaaec7f7299574a8c735146a145a84cd44a289b29f97"
    "123400000000",
    "1234840000000001000000000161076578616d706c6503636f6d00000100010000003c0004c0000201",
    "1234840000000001000000000162076578616d706c6503636f6d00000100010000003c0004c0000202",
    "123484000000000100000001076578616d706c6503636f6d000006000100000e100020026e73c00c04686f7374c00c"
    "0000000700000001000000020000000300000004"
    "087472616e73666572076578616d706c650000fa00ff00000000003d0b686d61632d73686132353600"
    "00006553f100012c0020665191c19babfc1fdd78a9a917b421b383bf0c79180a82ca473358650b4e3e0c"
    "123400000000",
};

constexpr std::string_view kNotAuth = "123480090001000000000000076578616d706c6503636f6d0000060001";
constexpr std::string_view kBadTime =  // the peer's clock is 1000 s ahead
    "123480090001000000000001076578616d706c6503636f6d0000060001"
    "087472616e73666572076578616d706c650000fa00ff0000000000430b686d61632d73686132353600"
    "00006553f100012c00209c993da7fbe540e5f4c5cd4060889edcb273f9704874fe48a5461de3c62c9a3e"
    "12340012000600006553f4e8";

// What a message is signed with: for tests that need a peer who signs what ours never would.
struct Signature {
  WallTime time = kNow;
  std::uint16_t error = 0;
  std::size_t mac_octets = 32;
  std::uint16_t original_id = 0x1234;
  std::string name = "transfer.example.";
};

void append(Octets& out, const Octets& octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

void appendNumber(Octets& out, std::uint64_t value, int octets) {
  for (int i = octets; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

std::uint64_t secondsOf(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch() / 1s);
}

// A peer that answers in a stream, with HMAC-SHA-256 written down as RFC 8945 section 4.3 has it.
class Peer {
 public:
  explicit Peer(const Mac& request_mac) : pending_(prefixed(request_mac)) {}

  Octets skip(Octets message) {
    append(pending_, message);
    return message;
  }

  Octets sign(Octets message, const Signature& signature = {}) {
    Octets timers;
    appendNumber(timers, secondsOf(signature.time), 6);
    appendNumber(timers, 300, 2);
    const Octets owner = test::octetsOf(nameFromText(signature.name).view().wire());
    const Octets algorithm = test::octetsOf(nameFromText("hmac-sha256").view().wire());

    Octets digest = pending_;
    append(digest, message);
    digest[pending_.size()] = static_cast<std::uint8_t>(signature.original_id >> 8);
    digest[pending_.size() + 1] = static_cast<std::uint8_t>(signature.original_id);
    if (first_) {
      append(digest, owner);
      append(digest, octetsFromHex("00ff 00000000"));
      append(digest, algorithm);
    }
    append(digest, timers);
    if (first_) {
      appendNumber(digest, signature.error, 2);
      appendNumber(digest, 0, 2);
    }
    Mac mac(32);
    const Octets key = secret();
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), digest.data(), digest.size(),
         mac.data(), nullptr);
    pending_ = prefixed(mac);
    first_ = false;
    mac.resize(signature.mac_octets);

    Octets rdata = algorithm;
    append(rdata, timers);
    append(rdata, prefixed(mac));
    appendNumber(rdata, signature.original_id, 2);
    appendNumber(rdata, signature.error, 2);
    appendNumber(rdata, 0, 2);
    append(message, owner);
    append(message, octetsFromHex("00fa 00ff 00000000"));
    append(message, prefixed(rdata));
    ++message[11];
    return message;
  }

 private:
  static Octets prefixed(const Octets& octets) {
    Octets result;
    appendNumber(result, octets.size(), 2);
    append(result, octets);
    return result;
  }

  Octets pending_;
  bool first_ = true;
};

// One request with its verifier, ready to be answered.
class Exchange : public ::testing::Test {
 protected:
  Exchange() : key_(key()), request_(query()), mac_(signRequest(request_, key_, kNow)) {}

  TsigVerifier verifier() const { return TsigVerifier(key_, mac_); }
  Octets answer() const { return octetsFromHex(kUnsignedAnswer); }

  TsigKey key_;
  Octets request_;
  Mac mac_;
};

TsigFailure failureOf(const Result& result) {
  EXPECT_FALSE(result.has_value());
  return result.error();
}

class EveryAlgorithm : public ::testing::TestWithParam<TsigAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Tsig, EveryAlgorithm,
                         ::testing::Values(TsigAlgorithm::hmacSha256, TsigAlgorithm::hmacSha384,
                                           TsigAlgorithm::hmacSha512));

TEST_P(EveryAlgorithm, SignsARequestAsOthersDo) {
  Octets message = query();
  const Mac mac = signRequest(message, key(GetParam()), kNow);
  const Octets expected = octetsFromHex(kSignedQueries[static_cast<std::size_t>(GetParam())]);
  EXPECT_EQ(message, expected);
  EXPECT_EQ(mac,
            Mac(expected.end() - 6 - static_cast<std::ptrdiff_t>(mac.size()), expected.end() - 6));
}

TEST_P(EveryAlgorithm, VerifiesARequestThatOthersSigned) {
  const TsigKey ours = key(GetParam());
  const TsigKey* const keys[] = {&ours};
  const auto verified = verifyRequest(
      octetsFromHex(kSignedQueries[static_cast<std::size_t>(GetParam())]), keys, kNow);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, &ours);
}

TEST_P(EveryAlgorithm, VerifiesTheAnswerThatItSigned) {
  const TsigKey ours = key(GetParam());
  Octets request = query();
  const Mac mac = signRequest(request, ours, kNow);
  Octets answer = octetsFromHex(kUnsignedAnswer);
  signAnswer(answer, ours, mac, kNow + 10s);
  TsigVerifier verifier(ours, mac);
  EXPECT_TRUE(verifier.next(answer, kNow));
  EXPECT_TRUE(verifier.isSettled());
}

TEST_F(Exchange, AnswerOfOthersIsVerified) {
  TsigVerifier verifier = this->verifier();
  EXPECT_FALSE(verifier.isSettled());
  EXPECT_TRUE(verifier.next(octetsFromHex(kAnswer), kNow));
  EXPECT_TRUE(verifier.isSettled());
}

TEST_F(Exchange, AnswerIsSignedAsOthersDo) {
  Octets answer = octetsFromHex(kUnsignedAnswer);
  signAnswer(answer, key_, mac_, kNow);
  EXPECT_EQ(answer, octetsFromHex(kAnswer));
}

TEST_F(Exchange, StreamOfOthersIsVerified) {
  TsigVerifier verifier = this->verifier();
  const bool settled[] = {true, false, false, true};
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(verifier.next(octetsFromHex(kStream[i]), kNow)) << i;
    EXPECT_EQ(verifier.isSettled(), settled[i]) << i;
  }
}

TEST_F(Exchange, UnsignedMessageInAStreamIsVouchedForByTheNextSignedOne) {
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

TEST_F(Exchange, MessagesMayNotBeLostRepeatedOrReordered) {
  const std::vector<std::vector<std::size_t>> orders = {
      {0, 1, 3}, {0, 1, 1, 2, 3}, {0, 2, 1, 3}, {0, 0}};
  for (const std::vector<std::size_t>& order : orders) {
    TsigVerifier verifier = this->verifier();
    Result result;
    for (const std::size_t i : order) result = verifier.next(octetsFromHex(kStream[i]), kNow);
    EXPECT_EQ(failureOf(result), TsigFailure::badSignature);
  }
}

// But for the case of the names in the TSIG record, which are folded before they are digested
// (RFC 8945 section 4.3.3), and the ID, which is not signed.
TEST_F(Exchange, EveryChangedOctetIsNoticed) {
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

TEST_F(Exchange, FirstMessageMustBeSigned) {
  TsigVerifier verifier = this->verifier();
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kUnsignedAnswer), kNow)),
            TsigFailure::unsignedMessage);
}

TEST_F(Exchange, RefusalWithoutTsigIsAnUnsignedMessage) {
  TsigVerifier verifier = this->verifier();
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kNotAuth), kNow)), TsigFailure::unsignedMessage);
}

TEST_F(Exchange, NinetyNineMessagesInARowMayBeUnsigned) {
  TsigVerifier verifier = this->verifier();
  Peer peer(mac_);
  ASSERT_TRUE(verifier.next(peer.sign(answer()), kNow));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 99; ++i) ASSERT_TRUE(verifier.next(peer.skip(answer()), kNow)) << i;
    ASSERT_TRUE(verifier.next(peer.sign(answer()), kNow));
    ASSERT_TRUE(verifier.isSettled());
  }
  for (int i = 0; i < 99; ++i) ASSERT_TRUE(verifier.next(peer.skip(answer()), kNow)) << i;
  EXPECT_EQ(failureOf(verifier.next(peer.skip(answer()), kNow)), TsigFailure::unsignedMessage);
}

TEST_F(Exchange, FailedStreamStaysFailed) {
  TsigVerifier verifier = this->verifier();
  EXPECT_FALSE(verifier.next(octetsFromHex(kUnsignedAnswer), kNow));
  EXPECT_EQ(failureOf(verifier.next(octetsFromHex(kAnswer), kNow)), TsigFailure::unsignedMessage);
  EXPECT_FALSE(verifier.isSettled());
}

TEST_F(Exchange, OriginalIdIsWhatWasSigned) {
  TsigVerifier verifier = this->verifier();
  Octets forwarded = octetsFromHex(kAnswer);
  forwarded[0] = 0xff;
  EXPECT_TRUE(verifier.next(forwarded, kNow));

  TsigVerifier other = this->verifier();
  EXPECT_TRUE(other.next(Peer(mac_).sign(answer(), {.original_id = 0x4321}), kNow));
}

TEST_F(Exchange, TimeMayDifferByTheFudge) {
  for (const auto shift : {300s, -300s}) {
    EXPECT_TRUE(verifier().next(octetsFromHex(kAnswer), kNow + shift));
  }
  for (const auto shift : {301s, -301s}) {
    EXPECT_EQ(failureOf(verifier().next(octetsFromHex(kAnswer), kNow + shift)),
              TsigFailure::badTime);
  }
}

TEST_F(Exchange, TimeInAStreamMayStandStillButNotRunBackwards) {
  TsigVerifier verifier = this->verifier();
  Peer peer(mac_);
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow}), kNow));
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow}), kNow));
  ASSERT_TRUE(verifier.next(peer.sign(answer(), {.time = kNow + 1s}), kNow));
  EXPECT_EQ(failureOf(verifier.next(peer.sign(answer(), {.time = kNow}), kNow)),
            TsigFailure::badTime);
}

TEST_F(Exchange, TruncatedMacIsNotEnough) {
  const auto verify = [this](std::size_t octets) {
    return failureOf(verifier().next(Peer(mac_).sign(answer(), {.mac_octets = octets}), kNow));
  };
  EXPECT_EQ(verify(31), TsigFailure::badTruncation);
  EXPECT_EQ(verify(16), TsigFailure::badTruncation);
  EXPECT_EQ(verify(15), TsigFailure::misplaced);  // RFC 8945 section 5.2.2.1: FORMERR
  EXPECT_EQ(verify(0), TsigFailure::misplaced);
  EXPECT_EQ(verify(33), TsigFailure::misplaced);
}

TEST_F(Exchange, OtherKeyOrAlgorithmIsBadKey) {
  const Octets other = Peer(mac_).sign(answer(), {.name = "other.example."});
  EXPECT_EQ(failureOf(verifier().next(other, kNow)), TsigFailure::badKey);

  const TsigKey sha512 = key(TsigAlgorithm::hmacSha512);
  EXPECT_EQ(failureOf(TsigVerifier(sha512, mac_).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badKey);
}

TEST_F(Exchange, OtherSecretOrRequestIsBadSignature) {
  const TsigKey other(key_.name(), key_.algorithm(), Octets(32, 7));
  EXPECT_EQ(failureOf(TsigVerifier(other, mac_).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badSignature);
  EXPECT_EQ(failureOf(TsigVerifier(key_, Mac(32)).next(octetsFromHex(kAnswer), kNow)),
            TsigFailure::badSignature);
}

TEST_F(Exchange, SignedBadTimeOfOthersIsThePeersVerdict) {
  EXPECT_EQ(failureOf(verifier().next(octetsFromHex(kBadTime), kNow)), TsigFailure::peerBadTime);
  Octets forged = octetsFromHex(kBadTime);
  forged.back() ^= 1;
  EXPECT_EQ(failureOf(verifier().next(forged, kNow)), TsigFailure::badSignature);
}

TEST_F(Exchange, UnsignedErrorsAreThePeersVerdict) {
  const auto verify = [this](std::uint16_t error) {
    const Octets message =
        Peer(mac_).sign(octetsFromHex(kNotAuth), {.error = error, .mac_octets = 0});
    return failureOf(verifier().next(message, kNow));
  };
  EXPECT_EQ(verify(16), TsigFailure::peerBadSignature);
  EXPECT_EQ(verify(17), TsigFailure::peerBadKey);
  EXPECT_EQ(verify(18), TsigFailure::peerBadTime);  // nsd does not sign it
  EXPECT_EQ(verify(22), TsigFailure::peerBadSignature);
  EXPECT_EQ(verify(99), TsigFailure::misplaced);
}

// -- where TSIG may stand

TEST_F(Exchange, TsigStandsLastAndOnce) {
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

TEST_F(Exchange, TsigStandsAmongTheAdditionalRecords) {
  Octets answered = octetsFromHex(kAnswer);
  answered[7] = 2;   // ANCOUNT
  answered[11] = 0;  // ARCOUNT
  EXPECT_EQ(failureOf(verifier().next(answered, kNow)), TsigFailure::misplaced);
}

TEST_F(Exchange, TsigIsOfClassAnyWithTtlZero) {
  Octets in = octetsFromHex(kAnswer);
  in[kTsigOffset + 18 + 3] = 1;  // class IN
  EXPECT_EQ(failureOf(verifier().next(in, kNow)), TsigFailure::misplaced);
  Octets ttl = octetsFromHex(kAnswer);
  ttl[kTsigOffset + 18 + 7] = 1;
  EXPECT_EQ(failureOf(verifier().next(ttl, kNow)), TsigFailure::misplaced);
}

TEST_F(Exchange, MalformedMessagesAreMisplaced) {
  const Octets answer = octetsFromHex(kAnswer);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const Octets prefix(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(failureOf(verifier().next(prefix, kNow)), TsigFailure::misplaced) << size;
  }
  Octets longer = answer;
  longer.push_back(0);
  EXPECT_EQ(failureOf(verifier().next(longer, kNow)), TsigFailure::misplaced);
}

// -- requests that we receive

class Request : public Exchange {
 protected:
  Request() : other_(nameFromText("other."), TsigAlgorithm::hmacSha256, Octets(16, 9)) {}

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

TEST_F(Request, IsVerifiedUnderItsOwnKey) {
  const auto verified = verify(request_);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, &key_);
  EXPECT_EQ(verified->mac, mac_);
}

TEST_F(Request, WithoutTsigHasNoKey) {
  const auto verified = verify(query());
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->key, nullptr);
}

TEST_F(Request, UnderAnUnknownKeyIsAnsweredUnsigned) {
  const auto verified = verifyRequest(request_, {}, kNow);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badKey);
  const Octets answer = refuse(request_, verified.error(), kNow);
  EXPECT_EQ(failureOf(verifier().next(answer, kNow)), TsigFailure::peerBadKey);
  EXPECT_EQ(answer.size(), octetsFromHex(kNotAuth).size() + 18 + 10 + 29);  // no MAC
}

TEST_F(Request, ThatWasForgedIsAnsweredUnsigned) {
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

TEST_F(Request, OfAnotherTimeIsAnsweredAsOthersDo) {
  const auto verified = verify(request_, kNow + 1000s);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::badTime);
  EXPECT_EQ(verified.error().key, &key_);
  EXPECT_EQ(refuse(request_, verified.error(), kNow + 1000s), octetsFromHex(kBadTime));
}

TEST_F(Request, WithATruncatedMacIsAnsweredSigned) {
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

TEST_F(Request, ThatIsMalformedIsAnsweredWithoutTsig) {
  Octets malformed = request_;
  malformed.pop_back();
  const auto verified = verify(malformed);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, TsigFailure::misplaced);
  EXPECT_EQ(refuse(malformed, verified.error(), kNow), octetsFromHex(kNotAuth));
}

}  // namespace
}  // namespace zonecast::dns
