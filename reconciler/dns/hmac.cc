#include "reconciler/dns/hmac.h"

#include <cstdlib>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

namespace zonecast::dns {
namespace {

// libcrypto fails here only without memory or without SHA-2, and without either of them there is
// nothing to go on with; certainly not with a MAC that was not computed.
void require(bool succeeded) {
  if (!succeeded) std::abort();
}

const char* digestName(TsigAlgorithm algorithm) {
  switch (algorithm) {
    case TsigAlgorithm::hmacSha256:
      return "SHA256";
    case TsigAlgorithm::hmacSha384:
      return "SHA384";
    case TsigAlgorithm::hmacSha512:
      return "SHA512";
  }
  std::abort();
}

}  // namespace

Hmac::Hmac(TsigAlgorithm algorithm, std::span<const std::uint8_t> secret) {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(hmac != nullptr);
  context_.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);  // the context holds it
  require(context_ != nullptr);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(digestName(algorithm)), 0),
      OSSL_PARAM_construct_end(),
  };
  require(EVP_MAC_init(context_.get(), secret.data(), secret.size(), parameters) == 1);
}

Hmac::Hmac(const Hmac& other) : context_(EVP_MAC_CTX_dup(other.context_.get())) {
  require(context_ != nullptr);
}

void Hmac::update(std::span<const std::uint8_t> octets) {
  require(EVP_MAC_update(context_.get(), octets.data(), octets.size()) == 1);
}

Mac Hmac::finish() {
  Mac mac(EVP_MAC_CTX_get_mac_size(context_.get()));
  std::size_t written = 0;
  require(EVP_MAC_final(context_.get(), mac.data(), &written, mac.size()) == 1);
  require(written == mac.size());
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
  return mac;
}

bool beginsWith(const Mac& computed, std::span<const std::uint8_t> received) {
  return received.size() <= computed.size() &&
         CRYPTO_memcmp(computed.data(), received.data(), received.size()) == 0;
}

}  // namespace zonecast::dns
