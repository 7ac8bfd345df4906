// Keys, and the text they are configured by.

#include <algorithm>
#include <cassert>
#include <utility>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <openssl/crypto.h>

#include "reconciler/dns/hmac.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/dns/tsig_record.h"

namespace zonecast::dns {
namespace {

std::optional<std::vector<std::uint8_t>> decodeBase64(absl::string_view text) {
  std::string octets;
  const bool decoded = absl::Base64Unescape(text, &octets);
  std::optional<std::vector<std::uint8_t>> secret;
  if (decoded) secret.emplace(octets.begin(), octets.end());
  OPENSSL_cleanse(octets.data(), octets.size());
  return secret;
}

}  // namespace

TsigKey::TsigKey(Name name, TsigAlgorithm algorithm, std::vector<std::uint8_t> secret)
    : name_(std::move(name)), algorithm_(algorithm), secret_(std::move(secret)) {
  assert(!secret_.empty());
  hmac_ = std::make_shared<const Hmac>(algorithm_, secret_);
}

TsigKey::~TsigKey() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

TsigKey& TsigKey::operator=(TsigKey&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(algorithm_, other.algorithm_);
  std::swap(secret_, other.secret_);  // `other` wipes ours
  std::swap(hmac_, other.hmac_);
  return *this;
}

tl::expected<TsigKey, std::string> parseTsigKey(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == last) {
    return tl::unexpected<std::string>("expected algorithm:name:secret, the secret in base64");
  }
  const auto part = [text](std::size_t begin, std::size_t end) {
    return absl::StripAsciiWhitespace(absl::string_view(text.data() + begin, end - begin));
  };
  const absl::string_view algorithm_text = part(0, first);
  const absl::string_view name_text = part(first + 1, last);

  const auto algorithm_name = Name::fromText({algorithm_text.data(), algorithm_text.size()});
  const auto algorithm = algorithm_name ? algorithmNamed(*algorithm_name) : std::nullopt;
  if (!algorithm) {
    return tl::unexpected<std::string>(
        "expected the algorithm to be hmac-sha256, hmac-sha384 or hmac-sha512");
  }
  auto name = Name::fromText({name_text.data(), name_text.size()});
  if (!name) {
    return tl::unexpected("expected the key's name to be a domain name: " +
                          std::string(name.error().what));
  }
  auto secret = decodeBase64(part(last + 1, text.size()));
  if (!secret) return tl::unexpected<std::string>("expected the secret to be in base64");
  if (secret->empty())
    return tl::unexpected<std::string>("expected a secret behind the key's name");
  return TsigKey(*std::move(name), *algorithm, *std::move(secret));
}

}  // namespace zonecast::dns
