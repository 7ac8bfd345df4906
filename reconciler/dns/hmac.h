// HMAC (RFC 2104), by OpenSSL's EVP_MAC.
//
// Setting up a key costs more than authenticating a short message, so it is done once for each key:
// a copy of an Hmac has the key and all that it has taken so far, and finish() begins anew under
// the same key. Copying does not change the original: threads may copy one Hmac at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <openssl/evp.h>

#include "reconciler/dns/tsig.h"

namespace zonecast::dns {

class Hmac {
 public:
  Hmac(TsigAlgorithm algorithm, std::span<const std::uint8_t> secret);
  Hmac(const Hmac& other);
  Hmac(Hmac&&) noexcept = default;
  Hmac& operator=(Hmac&&) noexcept = default;

  void update(std::span<const std::uint8_t> octets);
  Mac finish();

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

// Whether `received` is the beginning of `computed`, found out in constant time.
bool beginsWith(const Mac& computed, std::span<const std::uint8_t> received);

}  // namespace zonecast::dns
