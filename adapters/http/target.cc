#include "adapters/http/target.h"

#include <algorithm>
#include <optional>

#include <strings.h>

namespace zonecast::http {
namespace {

constexpr std::size_t kParametersMax = 16;

// Between `separator`s; at least one part.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hexadecimal(text[i + 1]), low = hexadecimal(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c < ' ' || c > '~') return std::nullopt;
    out += c;
  }
  return out;
}

tl::unexpected<std::string> unreadable() {
  return tl::unexpected<std::string>(
      "the target of the request is malformed: expected a path that begins with /, of ASCII "
      "characters, and %XX for those with a meaning of their own");
}

}  // namespace

tl::expected<Target, std::string> targetFromText(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  Target target;
  if (text.size() > kScheme.size() &&
      ::strncasecmp(text.data(), kScheme.data(), kScheme.size()) == 0) {
    text.remove_prefix(kScheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
    if (target.authority.empty()) return unreadable();
    if (text.empty()) text = "/";
  }
  if (!text.starts_with('/')) return unreadable();
  const std::size_t mark = text.find('?');
  for (std::string_view segment : split(text.substr(1, mark - 1), '/')) {
    auto plain = decoded(segment);
    if (!plain) return unreadable();
    target.path.push_back(*std::move(plain));
  }
  if (mark == std::string_view::npos) return target;
  for (const std::string_view parameter : split(text.substr(mark + 1), '&')) {
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    auto name = decoded(parameter.substr(0, equals));
    auto value = decoded(parameter.substr(std::min(equals + 1, parameter.size())));
    if (!name || !value || target.query.size() == kParametersMax) return unreadable();
    target.query.emplace_back(*std::move(name), *std::move(value));
  }
  return target;
}

}  // namespace zonecast::http
