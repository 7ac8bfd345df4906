// A peer that signs the messages of an answer with HMAC-SHA-256, written down as RFC 8945 section
// 4.3 has it and apart from the product's own code: also what ours never would sign.
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <openssl/hmac.h>

#include "reconciler/dns/tsig.h"
#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::test {

inline constexpr WallTime kSignedAt{std::chrono::seconds{1700000000}};

// The octets 1 to 32.
inline std::vector<std::uint8_t> peerSecret() {
  std::vector<std::uint8_t> octets(32);
  std::iota(octets.begin(), octets.end(), std::uint8_t{1});
  return octets;
}

inline dns::TsigKey peerKey(dns::TsigAlgorithm algorithm = dns::TsigAlgorithm::hmacSha256) {
  return dns::TsigKey(nameFromText("Transfer.Example."), algorithm, peerSecret());
}

// What a message is signed with.
struct Signature {
  WallTime time = kSignedAt;
  std::uint16_t error = 0;
  std::size_t mac_octets = 32;
  std::optional<std::uint16_t> original_id{};  // nothing: the message's own
  std::string name = "transfer.example.";
};

class TsigPeer {
 public:
  using Octets = std::vector<std::uint8_t>;

  explicit TsigPeer(const dns::Mac& request_mac) : pending_(prefixed(request_mac)) {}

  // A message of the answer that is not signed, but vouched for by the next one that is.
  Octets skip(Octets message) {
    append(pending_, message);
    return message;
  }

  // The message, at least a header, with its TSIG record.
  Octets sign(Octets message, const Signature& signature = {}) {
    Octets timers;
    const auto seconds = signature.time.time_since_epoch() / std::chrono::seconds{1};
    appendNumber(timers, static_cast<std::uint64_t>(seconds), 6);
    appendNumber(timers, 300, 2);
    const Octets owner = octetsOf(nameFromText(signature.name).view().wire());
    const Octets algorithm = octetsOf(nameFromText("hmac-sha256").view().wire());
    const std::uint16_t id = signature.original_id.value_or(numberAt(message, 0));

    Octets digest = pending_;
    append(digest, message);
    digest[pending_.size()] = static_cast<std::uint8_t>(id >> 8);
    digest[pending_.size() + 1] = static_cast<std::uint8_t>(id);
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
    dns::Mac mac(32);
    const Octets key = peerSecret();
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), digest.data(), digest.size(),
         mac.data(), nullptr);
    pending_ = prefixed(mac);
    first_ = false;
    mac.resize(signature.mac_octets);

    Octets rdata = algorithm;
    append(rdata, timers);
    append(rdata, prefixed(mac));
    appendNumber(rdata, id, 2);
    appendNumber(rdata, signature.error, 2);
    appendNumber(rdata, 0, 2);
    append(message, owner);
    append(message, octetsFromHex("00fa 00ff 00000000"));
    append(message, prefixed(rdata));
    if (++message[11] == 0) ++message[10];  // ARCOUNT
    return message;
  }

 private:
  static void append(Octets& out, const Octets& octets) {
    out.insert(out.end(), octets.begin(), octets.end());
  }
  static void appendNumber(Octets& out, std::uint64_t value, int octets) {
    for (int i = octets; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
  static std::uint16_t numberAt(const Octets& octets, std::size_t at) {
    return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
  }
  static Octets prefixed(const Octets& octets) {
    Octets result;
    appendNumber(result, octets.size(), 2);
    append(result, octets);
    return result;
  }

  Octets pending_;  // what the next digest begins with
  bool first_ = true;
};

}  // namespace zonecast::test
