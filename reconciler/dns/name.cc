#include "reconciler/dns/name.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include <absl/hash/hash.h>
#include <fmt/format.h>

#include "reconciler/dns/ascii.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

constexpr std::string_view kLongName = "name longer than 255 octets";

std::size_t labelOctets(std::string_view wire) {
  return static_cast<unsigned char>(wire[0]);
}

std::string_view withoutFirstLabel(std::string_view wire) {
  return wire.substr(1 + labelOctets(wire));
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

void appendEscaped(std::string& text, std::string_view label) {
  for (const char c : label) {
    if (c <= ' ' || c >= 0x7f) {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    } else {
      if (std::string_view("\"().;\\@$").find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
}

// The octet that an escape stands for: \X is X, \DDD a decimal number (RFC 1035 section 5.1). `at`
// is behind the backslash, and is moved behind the escape; nothing when it is not well-formed.
std::optional<char> unescape(std::string_view text, std::size_t& at) {
  if (at == text.size()) return std::nullopt;
  if (!isDigit(text[at])) return text[at++];
  unsigned value = 0;
  for (const std::size_t end = at + 3; at < end; ++at) {
    if (at == text.size() || !isDigit(text[at])) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[at] - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<char>(value);
}

// Where the labels of a name begin, the first label first.
struct LabelStarts {
  explicit LabelStarts(std::string_view wire) {
    for (std::size_t at = 0; wire[at] != 0; at += 1 + labelOctets(wire.substr(at))) {
      start[count++] = static_cast<std::uint8_t>(at);
    }
  }
  std::array<std::uint8_t, kNameOctetsMax / 2 + 1> start;
  std::size_t count = 0;
};

std::string_view labelAt(std::string_view wire, std::size_t at) {
  return wire.substr(at + 1, labelOctets(wire.substr(at)));
}

}  // namespace

std::size_t NameView::labelCount() const {
  std::size_t count = 0;
  for (std::string_view rest = wire_; rest.size() > 1; rest = withoutFirstLabel(rest)) ++count;
  return count;
}

std::string_view NameView::firstLabel() const {
  return wire_.substr(1, labelOctets(wire_));
}

NameView NameView::parent() const {
  assert(!isRoot());
  return NameView(withoutFirstLabel(wire_));
}

NameView NameView::suffix(std::size_t labels) const {
  const std::size_t count = labelCount();
  assert(labels <= count);
  NameView result = *this;
  for (std::size_t i = labels; i < count; ++i) result = result.parent();
  return result;
}

bool NameView::isAtOrUnder(NameView ancestor) const {
  if (!wire_.ends_with(ancestor.wire_)) return false;
  std::string_view rest = wire_;  // the match must begin where a label does
  while (rest.size() > ancestor.wire_.size()) rest = withoutFirstLabel(rest);
  return rest.size() == ancestor.wire_.size();
}

std::string NameView::toText() const {
  if (isRoot()) return ".";
  std::string text;
  for (NameView rest = *this; !rest.isRoot(); rest = rest.parent()) {
    if (!text.empty()) text += '.';
    appendEscaped(text, rest.firstLabel());
  }
  return text;
}

std::strong_ordering compareCanonically(NameView a, NameView b) {
  const LabelStarts a_labels(a.wire());
  const LabelStarts b_labels(b.wire());
  for (std::size_t i = 1; i <= std::min(a_labels.count, b_labels.count); ++i) {
    const int order = labelAt(a.wire(), a_labels.start[a_labels.count - i])
                          .compare(labelAt(b.wire(), b_labels.start[b_labels.count - i]));
    if (order != 0) return order <=> 0;
  }
  return a_labels.count <=> b_labels.count;
}

tl::expected<Name, Malformed> Name::fromText(std::string_view text) {
  if (text == ".") return Name();
  if (text.empty()) return tl::unexpected(Malformed{"empty name", 0});
  std::string wire(1, '\0');
  std::size_t label = 0;  // where the length octet of the label in progress stands
  const auto endLabel = [&] {
    wire[label] = static_cast<char>(wire.size() - label - 1);
    label = wire.size();
    wire += '\0';
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t here = at;
    char c = text[at++];
    if (c == '.') {
      if (wire.size() == label + 1) return tl::unexpected(Malformed{"empty label", here});
      endLabel();
      continue;
    }
    if (c == '\\') {
      const std::optional<char> octet = unescape(text, at);
      if (!octet) return tl::unexpected(Malformed{"escape is neither \\X nor \\DDD", here});
      c = *octet;
    }
    wire += c;
    if (wire.size() - label - 1 > kLabelOctetsMax) {
      return tl::unexpected(Malformed{"label longer than 63 octets", here});
    }
    if (wire.size() >= kNameOctetsMax) return tl::unexpected(Malformed{kLongName, here});
  }
  if (wire.size() > label + 1) endLabel();
  ascii::foldCopy(wire.data(), wire.data(), wire.size());
  return Name(NameView::fromCanonicalWire(wire));
}

tl::expected<Name, Malformed> Name::fromWire(std::span<const std::uint8_t> wire) {
  std::array<char, kNameOctetsMax> octets;
  WireReader in(wire);
  const NameView name = in.expandName(octets);  // from offset 0 no compression pointer leads back
  return in.finish(Name(name));
}

tl::expected<Name, Malformed> Name::prepend(std::string_view label, NameView rest) {
  if (label.empty()) return tl::unexpected(Malformed{"empty label", 0});
  if (label.size() > kLabelOctetsMax) {
    return tl::unexpected(Malformed{"label longer than 63 octets", 0});
  }
  if (1 + label.size() + rest.wire().size() > kNameOctetsMax) {
    return tl::unexpected(Malformed{kLongName, 0});
  }
  Name name;
  name.wire_.resize(1 + label.size());
  name.wire_[0] = static_cast<char>(label.size());
  ascii::foldCopy(name.wire_.data() + 1, label.data(), label.size());
  name.append(rest.wire());
  return name;
}

tl::expected<Name, Malformed> Name::substitute(NameView name, NameView owner, NameView target) {
  assert(name.isAtOrUnder(owner));
  const std::size_t kept = name.wire().size() - owner.wire().size();
  if (kept + target.wire().size() > kNameOctetsMax) return tl::unexpected(Malformed{kLongName, 0});
  Name result;
  result.wire_.clear();
  result.append(name.wire().substr(0, kept));
  result.append(target.wire());
  return result;
}

std::size_t NameHash::operator()(NameView n) const {
  return absl::HashOf(n);
}

}  // namespace zonecast::dns
