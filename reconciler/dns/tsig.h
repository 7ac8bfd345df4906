// Transaction signatures (RFC 8945) with HMAC-SHA-256, -384 and -512, on OpenSSL's EVP_MAC.
//
// Invariants: a MAC is compared in constant time; what failed to verify is never used; a key signs
// and verifies only under its own name and algorithm; a truncated MAC (section 5.2.2.1) is never
// enough. Secrets are wiped when a key is destroyed.
// A TsigKey is immutable and may be shared between threads; signers and verifiers may not.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/time.h"

namespace zonecast::dns {

enum class TsigAlgorithm : std::uint8_t { hmacSha256, hmacSha384, hmacSha512 };

class Hmac;

class TsigKey {
 public:
  TsigKey(Name name, TsigAlgorithm algorithm, std::vector<std::uint8_t> secret);  // not empty
  ~TsigKey();
  TsigKey(TsigKey&&) noexcept = default;
  TsigKey& operator=(TsigKey&& other) noexcept;
  TsigKey(const TsigKey&) = delete;
  TsigKey& operator=(const TsigKey&) = delete;

  const Name& name() const { return name_; }
  TsigAlgorithm algorithm() const { return algorithm_; }
  std::span<const std::uint8_t> secret() const { return secret_; }
  const Hmac& hmac() const { return *hmac_; }  // under this key, of nothing yet: to be copied

 private:
  Name name_;
  TsigAlgorithm algorithm_;
  std::vector<std::uint8_t> secret_;
  std::shared_ptr<const Hmac> hmac_;
};

// "hmac-sha256:name:base64", the form that dig -y and kdig -y take; blanks and one final newline
// are ignored. The error is a sentence about what was expected; it never contains the secret.
tl::expected<TsigKey, std::string> parseTsigKey(std::string_view text);

inline constexpr std::chrono::seconds kTsigFudge{300};  // RFC 8945 section 10

using Mac = std::vector<std::uint8_t>;

// Appends a TSIG record to `message`, a complete request, and counts it; returns the request's MAC,
// which the answer's digest includes.
Mac signRequest(std::vector<std::uint8_t>& message, const TsigKey& key, WallTime now);

enum class TsigFailure : std::uint8_t {
  unsignedMessage,  // a signature was required here and there is none
  misplaced,        // TSIG not last in the additional section, twice, or malformed (FORMERR)
  badKey,           // another key name or algorithm (RFC 8945 section 5.2.1)
  badSignature,     // section 5.2.2
  badTruncation,    // a good MAC, but only its beginning (section 5.2.4)
  badTime,          // outside the fudge (section 5.2.3), or running backwards within a stream
  peerBadKey,       // the peer answers that it does not know our key
  peerBadSignature,
  peerBadTime,
};
std::string_view describe(TsigFailure failure);

// Verifies the answer to one signed request: one message, or the many of a transfer, of which the
// first and the last must be signed and at most 99 in a row may not be (section 5.3.1).
class TsigVerifier {
 public:
  TsigVerifier(const TsigKey& key, Mac request_mac);  // key must outlive the verifier
  ~TsigVerifier();
  TsigVerifier(TsigVerifier&&) noexcept;
  TsigVerifier& operator=(TsigVerifier&&) noexcept;

  // Takes the next message of the answer, in order. A message without TSIG in mid-stream is
  // accepted for now; what it holds is vouched for only by a later signed one.
  tl::expected<void, TsigFailure> next(std::span<const std::uint8_t> message, WallTime now);

  // True when the last message taken was signed, hence all of them are authentic.
  bool isSettled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Requests that we receive (NOTIFY).
struct VerifiedRequest {
  const TsigKey* key = nullptr;  // nothing when the request was not signed
  Mac mac;
};
struct RequestFailure {
  TsigFailure failure{};
  // Known when the MAC was good, that is for badTime and badTruncation: such an answer is signed.
  const TsigKey* key = nullptr;
  Mac mac;
};
tl::expected<VerifiedRequest, RequestFailure> verifyRequest(std::span<const std::uint8_t> message,
                                                            std::span<const TsigKey* const> keys,
                                                            WallTime now);

// Signs our answer to a verified request.
void signAnswer(std::vector<std::uint8_t>& message, const TsigKey& key, const Mac& request_mac,
                WallTime now);

// Appends the TSIG record of an error answer to `request` (section 5.3.2): unsigned for BADKEY and
// BADSIG, signed for BADTRUNC and BADTIME, the latter with our time. Nothing for other failures.
// The RCODE is the caller's: NOTAUTH, or FORMERR for `misplaced`.
void appendTsigError(std::vector<std::uint8_t>& message, std::span<const std::uint8_t> request,
                     const RequestFailure& failure, WallTime now);

}  // namespace zonecast::dns
