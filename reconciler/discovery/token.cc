#include "reconciler/discovery/token.h"

#include <cassert>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "reconciler/dns/hmac.h"

namespace zonecast::discovery {
namespace {

constexpr std::size_t kTokenOctets = 16;
// So that a key that serves for something else, too, says nothing there that is a token here.
constexpr std::string_view kPurpose = "zonecast discovery token:";

std::span<const std::uint8_t> octetsOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string tokenFor(const derive::Domain& domain, std::span<const std::uint8_t> key) {
  assert(key.size() >= kTokenKeyOctetsMin);
  dns::Hmac hmac(dns::TsigAlgorithm::hmacSha256, key);
  hmac.update(octetsOf(kPurpose));
  hmac.update(octetsOf(domain.text()));
  const dns::Mac mac = hmac.finish();
  std::string token;
  for (std::size_t i = 0; i < kTokenOctets; ++i)
    fmt::format_to(std::back_inserter(token), "{:02x}", mac[i]);
  return token;
}

bool tokenMatches(const derive::Domain& domain, std::span<const std::uint8_t> key,
                  std::string_view given) {
  const std::string token = tokenFor(domain, key);
  return given.size() == token.size() &&
         CRYPTO_memcmp(token.data(), given.data(), token.size()) == 0;
}

}  // namespace zonecast::discovery
