#include "schema/digest.h"

#include <cassert>

#include <openssl/evp.h>

namespace zonecast::schema {

Sha256Hasher::Sha256Hasher()
    : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  [[maybe_unused]] const int begun = EVP_DigestInit_ex(context_, algorithm_, nullptr);
  assert(begun == 1);
}

Sha256Hasher::~Sha256Hasher() {
  EVP_MD_CTX_free(context_);
  EVP_MD_free(algorithm_);
}

void Sha256Hasher::update(std::string_view octets) {
  EVP_DigestUpdate(context_, octets.data(), octets.size());
}

Sha256 Sha256Hasher::finish() {
  Sha256 digest{};
  EVP_DigestFinal_ex(context_, digest.data(), nullptr);
  EVP_DigestInit_ex(context_, nullptr, nullptr);
  return digest;
}

void ContentSum::add(std::string_view hash, std::string_view field, std::string_view value) {
  sum_ += term(hash, field, value);
}

void ContentSum::remove(std::string_view hash, std::string_view field, std::string_view value) {
  sum_ -= term(hash, field, value);
}

std::uint64_t ContentSum::term(std::string_view hash, std::string_view field,
                               std::string_view value) {
  for (const std::string_view part : {hash, field, value}) {
    const auto size = static_cast<std::uint32_t>(part.size());
    const std::array<char, 4> length{static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                                     static_cast<char>(size >> 8), static_cast<char>(size)};
    hasher_.update({length.data(), length.size()});
    hasher_.update(part);
  }
  const Sha256 digest = hasher_.finish();
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < 8; ++i) result = result << 8 | digest[i];
  return result;
}

Sha256 nextChain(const Sha256& previous, std::span<const std::string> entries) {
  Sha256Hasher hasher;
  hasher.update({reinterpret_cast<const char*>(previous.data()), previous.size()});
  for (const std::string& entry : entries) hasher.update(entry);
  return hasher.finish();
}

}  // namespace zonecast::schema
