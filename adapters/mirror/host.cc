#include "adapters/mirror/host.h"

#include <algorithm>
#include <array>

#include <absl/strings/ascii.h>
#include <arpa/inet.h>

namespace zonecast::mirror {
namespace {

constexpr std::size_t kLabelOctetsMax = 63;

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool isLabel(std::string_view label) {
  const auto is_ldh = [](char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-'; };
  return !label.empty() && label.size() <= kLabelOctetsMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, is_ldh);
}

// Of lower-case text. The last label of a name is not a number (RFC 3696 section 2): such a text is
// an IPv4 address or nothing.
bool isName(std::string_view text) {
  std::string_view label;
  for (std::size_t start = 0; start <= text.size(); start += label.size() + 1) {
    label = text.substr(start, text.find('.', start) - start);
    if (!isLabel(label)) return false;
  }
  return !std::ranges::all_of(label, isDigit);
}

std::optional<std::string> addressFromText(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (text.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(family, text.c_str(), address.data()) != 1) return std::nullopt;
  if (inet_ntop(family, address.data(), written.data(), written.size()) == nullptr)
    return std::nullopt;
  return std::string(written.data());
}

}  // namespace

std::optional<std::string> hostFromText(std::string_view text) {
  const bool is_bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  if (!is_bracketed && text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kHostOctetsMax) return std::nullopt;
  std::string lower = absl::AsciiStrToLower({text.data(), text.size()});
  if (is_bracketed || lower.find(':') != std::string::npos) return addressFromText(AF_INET6, lower);
  if (isName(lower)) return lower;
  return addressFromText(AF_INET, lower);
}

}  // namespace zonecast::mirror
