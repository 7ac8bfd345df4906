// What we verify: answers, streams of them, and requests (RFC 8945 sections 5.2, 5.3.1 and 5.4).

#include <algorithm>

#include "reconciler/dns/hmac.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/dns/tsig_record.h"

namespace zonecast::dns {
namespace {

constexpr unsigned kUnsignedInARowMax = 99;  // RFC 8945 section 5.3.1

using Verdict = tl::expected<void, TsigFailure>;

bool isUnder(const TsigVariables& variables, const TsigKey& key) {
  return variables.key == key.name() && variables.algorithm == nameOf(key.algorithm());
}

// Section 5.2.2. Whether a good but truncated MAC is enough comes later.
Verdict checkMac(const Mac& computed, std::span<const std::uint8_t> received) {
  const std::size_t shortest = std::max<std::size_t>(10, computed.size() / 2);
  if (received.size() < shortest || received.size() > computed.size()) {
    return tl::unexpected(TsigFailure::misplaced);
  }
  if (!beginsWith(computed, received)) return tl::unexpected(TsigFailure::badSignature);
  return {};
}

// Sections 5.2.3 and 5.2.4, in this order.
Verdict checkTimeAndTruncation(const TsigRecord& tsig, std::size_t mac_octets, WallTime now) {
  const std::uint64_t ours = secondsOf(now);
  const std::uint64_t theirs = tsig.variables.time_s;
  const std::uint64_t apart = std::max(ours, theirs) - std::min(ours, theirs);
  if (apart > tsig.variables.fudge_s) return tl::unexpected(TsigFailure::badTime);
  if (tsig.mac.size() != mac_octets) return tl::unexpected(TsigFailure::badTruncation);
  return {};
}

TsigFailure peerFailure(TsigError error) {
  switch (error) {
    case TsigError::badKey:
      return TsigFailure::peerBadKey;
    case TsigError::badSig:
    case TsigError::badTrunc:
      return TsigFailure::peerBadSignature;
    case TsigError::badTime:
      return TsigFailure::peerBadTime;
    default:
      return TsigFailure::misplaced;
  }
}

}  // namespace

std::string_view describe(TsigFailure failure) {
  switch (failure) {
    case TsigFailure::unsignedMessage:
      return "message is not signed";
    case TsigFailure::misplaced:
      return "TSIG record is misplaced or malformed (FORMERR)";
    case TsigFailure::badKey:
      return "signed with another key or algorithm (BADKEY)";
    case TsigFailure::badSignature:
      return "signature is wrong (BADSIG)";
    case TsigFailure::badTruncation:
      return "signature is truncated (BADTRUNC)";
    case TsigFailure::badTime:
      return "signed at another time (BADTIME): compare the clocks of both sides";
    case TsigFailure::peerBadKey:
      return "peer does not know the key under this name and algorithm (BADKEY)";
    case TsigFailure::peerBadSignature:
      return "peer finds our signature wrong (BADSIG): compare the secrets of both sides";
    case TsigFailure::peerBadTime:
      return "peer finds our time wrong (BADTIME): compare the clocks of both sides";
  }
  return "unknown TSIG failure";
}

// The digest of a signed message is over the MAC before it (the request's, for the first one), the
// unsigned messages since, the message itself, and its variables (first) or timers (later ones).
struct TsigVerifier::State {
  State(const TsigKey& the_key, const Mac& request_mac) : key(&the_key), hmac(the_key.hmac()) {
    digestMac(hmac, request_mac);
  }

  Verdict take(std::span<const std::uint8_t> message, WallTime now);
  Verdict takeUnsigned(std::span<const std::uint8_t> message);
  Verdict takeSigned(std::span<const std::uint8_t> message, const TsigRecord& tsig, WallTime now);

  const TsigKey* key;
  Hmac hmac;
  bool first_seen = false;
  bool settled = false;
  unsigned unsigned_in_a_row = 0;
  std::uint64_t time_s = 0;  // of the last signed message
  std::optional<TsigFailure> failure;
};

Verdict TsigVerifier::State::take(std::span<const std::uint8_t> message, WallTime now) {
  const auto found = findTsig(message);
  if (!found) return tl::unexpected(found.error());
  return *found ? takeSigned(message, **found, now) : takeUnsigned(message);
}

Verdict TsigVerifier::State::takeUnsigned(std::span<const std::uint8_t> message) {
  settled = false;
  if (!first_seen || ++unsigned_in_a_row > kUnsignedInARowMax) {
    return tl::unexpected(TsigFailure::unsignedMessage);
  }
  hmac.update(message);
  return {};
}

Verdict TsigVerifier::State::takeSigned(std::span<const std::uint8_t> message,
                                        const TsigRecord& tsig, WallTime now) {
  settled = false;
  if (tsig.mac.empty() && tsig.variables.error != TsigError::none) {
    return tl::unexpected(peerFailure(tsig.variables.error));  // unsigned, section 5.3.2
  }
  if (!isUnder(tsig.variables, *key)) return tl::unexpected(TsigFailure::badKey);
  digestMessage(hmac, message, tsig);
  first_seen ? digestTimers(hmac, tsig.variables) : digestVariables(hmac, tsig.variables);
  const Mac computed = hmac.finish();
  if (const Verdict mac = checkMac(computed, tsig.mac); !mac) return mac;
  if (tsig.variables.error != TsigError::none) {
    return tl::unexpected(peerFailure(tsig.variables.error));
  }
  if (const Verdict time = checkTimeAndTruncation(tsig, computed.size(), now); !time) return time;
  if (tsig.variables.time_s < time_s) return tl::unexpected(TsigFailure::badTime);
  digestMac(hmac, computed);
  time_s = tsig.variables.time_s;
  unsigned_in_a_row = 0;
  first_seen = settled = true;
  return {};
}

TsigVerifier::TsigVerifier(const TsigKey& key, Mac request_mac)
    : state_(std::make_unique<State>(key, request_mac)) {}
TsigVerifier::~TsigVerifier() = default;
TsigVerifier::TsigVerifier(TsigVerifier&&) noexcept = default;
TsigVerifier& TsigVerifier::operator=(TsigVerifier&&) noexcept = default;

// A stream that failed once stays failed.
Verdict TsigVerifier::next(std::span<const std::uint8_t> message, WallTime now) {
  if (!state_->failure) {
    const Verdict verdict = state_->take(message, now);
    if (verdict) return {};
    state_->failure = verdict.error();
    state_->settled = false;
  }
  return tl::unexpected(*state_->failure);
}

bool TsigVerifier::isSettled() const {
  return state_->settled;
}

tl::expected<VerifiedRequest, RequestFailure> verifyRequest(std::span<const std::uint8_t> message,
                                                            std::span<const TsigKey* const> keys,
                                                            WallTime now) {
  const auto found = findTsig(message);
  if (!found) return tl::unexpected(RequestFailure{found.error(), nullptr, {}});
  if (!*found) return VerifiedRequest{};
  const TsigRecord& tsig = **found;
  const auto under = std::find_if(
      keys.begin(), keys.end(), [&](const TsigKey* key) { return isUnder(tsig.variables, *key); });
  if (under == keys.end()) return tl::unexpected(RequestFailure{TsigFailure::badKey, nullptr, {}});

  Hmac hmac((*under)->hmac());
  digestMessage(hmac, message, tsig);
  digestVariables(hmac, tsig.variables);
  const Mac computed = hmac.finish();
  if (const Verdict mac = checkMac(computed, tsig.mac); !mac) {
    return tl::unexpected(RequestFailure{mac.error(), nullptr, {}});
  }
  Mac received(tsig.mac.begin(), tsig.mac.end());
  if (const Verdict rest = checkTimeAndTruncation(tsig, computed.size(), now); !rest) {
    return tl::unexpected(RequestFailure{rest.error(), *under, std::move(received)});
  }
  return VerifiedRequest{*under, std::move(received)};
}

}  // namespace zonecast::dns
