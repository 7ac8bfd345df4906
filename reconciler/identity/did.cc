// The one place that says which octets make a DID.
#include "reconciler/identity/did.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "absl/strings/ascii.h"
#include "reconciler/identity/printable.h"

namespace zonecast::identity {
namespace {

bool isDidCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("._:~-").find(c) != std::string_view::npos;
}

// Of a name that leaves no room for the number, the end.
std::string numberedName(std::string_view name, std::uint32_t number) {
  if (number == 1) return std::string(name);
  const auto suffix = fmt::format("~{}", number);
  const auto room = std::min(name.size(), kDidOctetsMax - suffix.size());
  return fmt::format("{}{}", name.substr(name.size() - room), suffix);
}

// RFC 9562 section 5.5: SHA-1 over the name space (appendix A, DNS) and the name, its first 16
// octets with the version and the variant put in.
std::string nameBasedUuid(std::string_view name) {
  constexpr std::array<std::uint8_t, 16> kDnsNameSpace{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad,
                                                       0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0,
                                                       0x4f, 0xd4, 0x30, 0xc8};
  std::string octets(kDnsNameSpace.begin(), kDnsNameSpace.end());
  octets += name;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(octets.data(), octets.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  digest[6] = static_cast<std::uint8_t>(0x50 | (digest[6] & 0x0f));
  digest[8] = static_cast<std::uint8_t>(0x80 | (digest[8] & 0x3f));
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

}  // namespace

Did ownDid(const derive::Domain& domain, DidKind kind, std::uint32_t number) {
  if (kind == DidKind::name && number == 1) return Did::of(domain);
  const std::string name = numberedName(domain.text(), number);
  const auto did = Did::fromText(kind == DidKind::name ? name : nameBasedUuid(name));
  assert(did);
  return *did;
}

bool looksLikeUuid(const Did& did) {
  const std::string_view text = did.text();
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-';
}

tl::expected<Did, std::string> Did::fromText(std::string_view text) {
  if (text.empty() || text.size() > kDidOctetsMax || !std::ranges::all_of(text, isDidCharacter)) {
    return tl::unexpected(
        fmt::format("{} is not a DID: 1 to {} letters, digits, '.', '_', ':', '~' or '-' make one",
                    quoted(text), kDidOctetsMax));
  }
  return Did(SharedText(text));
}

}  // namespace zonecast::identity
