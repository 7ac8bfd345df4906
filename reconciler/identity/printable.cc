// Escapes as in a zone file: what is shown may be pasted back.
#include "reconciler/identity/printable.h"

#include <iterator>

#include <fmt/format.h>

namespace zonecast::identity {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedOctetsMax)) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
    }
  }
  out += text.size() > kQuotedOctetsMax ? "\"..." : "\"";
  return out;
}

}  // namespace zonecast::identity
