// The one place that says which octets make a DID.
#include "reconciler/identity/did.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "reconciler/identity/printable.h"

namespace zonecast::identity {
namespace {

bool isDidCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("._:~-").find(c) != std::string_view::npos;
}

}  // namespace

tl::expected<Did, std::string> Did::fromText(std::string_view text) {
  if (text.empty() || text.size() > kDidOctetsMax || !std::ranges::all_of(text, isDidCharacter)) {
    return tl::unexpected(
        fmt::format("{} is not a DID: 1 to {} letters, digits, '.', '_', ':', '~' or '-' make one",
                    quoted(text), kDidOctetsMax));
  }
  return Did(SharedText(text));
}

}  // namespace zonecast::identity
