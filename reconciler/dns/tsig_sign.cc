// What we sign: requests, answers to requests, and errors about them (RFC 8945 section 5.3).

#include "reconciler/dns/hmac.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/dns/tsig_record.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

TsigVariables variablesFor(const TsigKey& key, WallTime now) {
  TsigVariables variables;
  variables.key = key.name();
  variables.algorithm = nameOf(key.algorithm());
  variables.time_s = secondsOf(now);
  variables.fudge_s = static_cast<std::uint16_t>(kTsigFudge.count());
  return variables;
}

// A request is signed by itself; an answer together with the MAC of its request.
Mac sign(std::vector<std::uint8_t>& message, const TsigKey& key, const TsigVariables& variables,
         const Mac* request_mac) {
  Hmac hmac(key.hmac());
  if (request_mac != nullptr) digestMac(hmac, *request_mac);
  hmac.update(message);
  digestVariables(hmac, variables);
  Mac mac = hmac.finish();
  appendTsig(message, variables, mac);
  return mac;
}

}  // namespace

Mac signRequest(std::vector<std::uint8_t>& message, const TsigKey& key, WallTime now) {
  return sign(message, key, variablesFor(key, now), nullptr);
}

void signAnswer(std::vector<std::uint8_t>& message, const TsigKey& key, const Mac& request_mac,
                WallTime now) {
  sign(message, key, variablesFor(key, now), &request_mac);
}

void appendTsigError(std::vector<std::uint8_t>& message, std::span<const std::uint8_t> request,
                     const RequestFailure& failure, WallTime now) {
  const auto found = findTsig(request);
  if (!found || !*found) return;
  // Key, algorithm, time and fudge are the request's: whoever sent it can verify the answer to a
  // request that came too late (section 5.2.3).
  TsigVariables variables = (*found)->variables;
  variables.other.clear();
  switch (failure.failure) {
    case TsigFailure::badKey:
      variables.error = TsigError::badKey;
      return appendTsig(message, variables, {});
    case TsigFailure::badSignature:
      variables.error = TsigError::badSig;
      return appendTsig(message, variables, {});
    case TsigFailure::badTruncation:
      variables.error = TsigError::badTrunc;
      break;
    case TsigFailure::badTime:
      variables.error = TsigError::badTime;
      appendInteger<6>(variables.other, secondsOf(now));
      break;
    default:
      return;
  }
  sign(message, *failure.key, variables, &failure.mac);
}

}  // namespace zonecast::dns
