// What of `discovery` is more than options: the token's key, the attributes of discovered domains,
// and what its mode asks for.
#include <string>
#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "config/files.h"
#include "config/readers.h"
#include "reconciler/discovery/token.h"

namespace zonecast::config {
namespace {

using discovery::Mode;

constexpr std::size_t kKeyFileOctetsMax = 4096;

using Key = std::vector<std::uint8_t>;

// What stands in the file, or as its name by mistake, is not shown: it may be a secret.
tl::expected<Key, std::string> loadKey(const std::filesystem::path& file,
                                       std::vector<std::string>& warnings) {
  auto text = readSecret(file, kKeyFileOctetsMax, warnings);
  if (!text) return tl::unexpected("expected a key file that can be read: " + text.error());
  std::string octets;
  const bool is_base64 = absl::Base64Unescape(absl::StripAsciiWhitespace(*text), &octets);
  Key key(octets.begin(), octets.end());
  OPENSSL_cleanse(text->data(), text->size());
  OPENSSL_cleanse(octets.data(), octets.size());
  if (!is_base64 || key.size() < discovery::kTokenKeyOctetsMin) {
    return tl::unexpected(fmt::format("expected at least {} octets in base64 in the key file",
                                      discovery::kTokenKeyOctetsMin));
  }
  return key;
}

void readKey(const Node& node, Draft& draft, Errors& errors) {
  if (node.kind != Node::Kind::scalar || node.text.find('\0') != std::string::npos)
    return addMismatch(node, "the path of a key file", errors);
  auto key = loadKey(draft.directory / node.text, draft.result.warnings);
  if (!key) return errors.add(node.where, key.error());
  draft.result.settings.discovery.token_key = *std::move(key);
}

void checkMode(const Node& section, const discovery::Settings& settings, Errors& errors) {
  const Node* allow = section.find("allow");
  const Node* mode = section.find("mode");
  if (settings.mode == Mode::listed && settings.allow.empty() && allow == nullptr) {
    errors.add(mode->where, "expected `discovery.allow` beside the mode listed");
  }
  if (settings.mode != Mode::listed && allow != nullptr) {
    errors.add(
        allow->where,
        "expected `discovery.allow` beside `mode: listed` alone: in other modes it restricts "
        "nothing");
  }
  if (settings.mode == Mode::token && section.find("token_key_file") == nullptr) {
    errors.add(mode->where, "expected `discovery.token_key_file` beside the mode token");
  }
}

}  // namespace

void readDiscovery(const Node& section, Draft& draft, Errors& errors) {
  if (section.kind != Node::Kind::mapping) return;  // said already
  loop::Settings& settings = draft.result.settings;
  if (const Node* file = section.find("token_key_file")) readKey(*file, draft, errors);
  if (const Node* attributes = section.find("attributes")) {
    settings.discovery.attributes =
        readOperatorAttributes(*attributes, settings.attributes, errors);
  }
  checkMode(section, settings.discovery, errors);
}

}  // namespace zonecast::config
