// The host part of a SIP URI, checked once (RFC 3261 section 25.1 `host`, RFC 1123 section 2.1).
#include "reconciler/derive/domain.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "absl/strings/ascii.h"

namespace zonecast::derive {
namespace {

constexpr std::size_t kDomainOctetsMax = 253;

bool isLdhLabel(std::string_view label) {
  const auto is_ldh = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= dns::kLabelOctetsMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_ldh);
}

bool isNumeric(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What objection() lets pass, without its text.
bool isLdhName(dns::NameView name) {
  std::string_view label;
  for (std::string_view rest = name.wire(); rest.size() > 1; rest.remove_prefix(label.size() + 1)) {
    label = rest.substr(1, static_cast<std::uint8_t>(rest.front()));
    if (!isLdhLabel(label)) return false;
  }
  return !label.empty() && !isNumeric(label);
}

// What keeps lower-case `text` from being a domain; empty when nothing does.
std::string_view objection(std::string_view text) {
  if (text.empty()) return "a domain has at least one label";
  if (text.size() > kDomainOctetsMax) return "a domain has at most 253 octets";
  std::string_view label;
  for (std::size_t start = 0; start <= text.size(); start += label.size() + 1) {
    label = text.substr(start, text.find('.', start) - start);
    if (!isLdhLabel(label)) {
      return "a domain's labels are 1-63 letters, digits and inner hyphens";
    }
  }
  // RFC 3696 section 2: a top-level domain is never all-numeric, so that an IPv4 literal is no
  // name.
  if (isNumeric(label)) return "a domain's last label is not a number";
  return {};
}

// An address of that family in its one form.
std::optional<std::string> canonicalAddress(int family, std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (text.size() >= written.size() || text.find('\0') != std::string_view::npos) return {};
  std::ranges::copy(text, written.begin());
  in6_addr address{};  // or an in_addr
  if (inet_pton(family, written.data(), &address) != 1) return {};
  return std::string(inet_ntop(family, &address, written.data(), written.size()));
}

}  // namespace

tl::expected<Domain, std::string> Domain::fromHost(std::string_view text) {
  const bool has_brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  const bool is_ipv6 = has_brackets || text.find(':') != std::string_view::npos;
  const auto address =
      is_ipv6 ? canonicalAddress(AF_INET6, has_brackets ? text.substr(1, text.size() - 2) : text)
              : canonicalAddress(AF_INET, text);
  if (!address) return fromText(text);
  const std::string wire = static_cast<char>(address->size()) + *address + '\0';
  return Domain(*address, dns::NameView::fromCanonicalWire(wire));
}

// The one label holds what would part several.
bool Domain::isAddress() const {
  return name().firstLabel().size() == text().size() &&
         text().find_first_of(".:") != std::string_view::npos;
}

tl::expected<Domain, std::string> Domain::fromText(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  // Bounded before it is copied: the text may come from anywhere.
  if (text.size() > kDomainOctetsMax) {
    return tl::unexpected(fmt::format("{}, not {}", objection(text), text.size()));
  }
  std::string lower(text);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  if (const std::string_view why = objection(lower); !why.empty()) {
    return tl::unexpected(fmt::format("{}: \"{}\"", why, lower));
  }
  const auto name = dns::Name::fromText(lower);
  assert(name.has_value());  // LDH labels of at most 253 octets are a name
  return Domain(lower, *name);
}

tl::expected<Domain, std::string> Domain::fromName(dns::NameView name) {
  if (!isLdhName(name)) return fromText(name.isRoot() ? std::string() : name.toText());
  // Between its labels the wire format has their lengths where the text has dots.
  std::array<char, dns::kNameOctetsMax> text;
  std::size_t size = 0;
  for (std::string_view rest = name.wire(); rest.size() > 1;) {
    const auto length = static_cast<std::uint8_t>(rest.front());
    if (size > 0) text[size++] = '.';
    size += rest.copy(&text[size], length, 1);
    rest.remove_prefix(length + 1u);
  }
  return Domain({text.data(), size}, name);
}

}  // namespace zonecast::derive
