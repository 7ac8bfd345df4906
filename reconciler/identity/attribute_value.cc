// One value: what each type takes, and how it is written.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "reconciler/identity/attribute.h"
#include "reconciler/identity/value_text.h"

namespace zonecast::identity {
namespace {

using Parsed = tl::expected<AttributeValue, std::string>;

bool withinBounds(const AttributeSpec& spec, std::int64_t number) {
  return (!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max);
}

tl::unexpected<std::string> expected(const AttributeSpec& spec, std::string_view what,
                                     std::string_view unit) {
  std::string bounds;
  if (spec.min && spec.max) {
    bounds = fmt::format(" from {}{} to {}{}", *spec.min, unit, *spec.max, unit);
  } else if (spec.min) {
    bounds = fmt::format(" of at least {}{}", *spec.min, unit);
  } else if (spec.max) {
    bounds = fmt::format(" of at most {}{}", *spec.max, unit);
  }
  return tl::unexpected(fmt::format("expected {}{}", what, bounds));
}

// The whole of `text` as a number.
std::optional<std::int64_t> toNumber(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Parsed parseInteger(const AttributeSpec& spec, std::string_view text) {
  const auto number = toNumber(text);
  if (!number || !withinBounds(spec, *number)) return expected(spec, "an integer", "");
  return *number;
}

Parsed parseString(const AttributeSpec& spec, std::string_view text) {
  if (valueFault(text) || !withinBounds(spec, static_cast<std::int64_t>(text.size()))) {
    return expected(spec, "a text of at most 255 octets UTF-8 without control characters",
                    " octets");
  }
  return std::string(text);
}

Parsed parseBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 4> kTrue{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> kFalse{"false", "no", "off", "0"};
  std::string word(text);
  for (char& c : word) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
  return tl::unexpected(std::string("expected true, yes, on, 1, false, no, off or 0"));
}

Parsed parseEnumeration(const AttributeSpec& spec, std::string_view text) {
  if (std::ranges::find(spec.values, text) != spec.values.end()) return std::string(text);
  return tl::unexpected(fmt::format("expected one of {}", fmt::join(spec.values, ", ")));
}

std::optional<std::int64_t> secondsIn(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 60 * 60;
    case 'd':
      return 24 * 60 * 60;
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> toSeconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto unit = secondsIn(text.back());
  if (unit) text.remove_suffix(1);
  const auto number = toNumber(text);
  if (!number || *number < 0) return std::nullopt;
  const auto seconds_in_unit = unit.value_or(1);
  if (*number > std::numeric_limits<std::int64_t>::max() / seconds_in_unit) return std::nullopt;
  return *number * seconds_in_unit;
}

Parsed parseDuration(const AttributeSpec& spec, std::string_view text) {
  const auto seconds = toSeconds(text);
  if (!seconds || !withinBounds(spec, *seconds)) {
    return expected(spec, "a duration such as 3600, 3600s, 60m, 1h or 1d", "s");
  }
  return std::chrono::seconds(*seconds);
}

}  // namespace

std::string_view toText(AttributeType type) {
  switch (type) {
    case AttributeType::integer:
      return "integer";
    case AttributeType::string:
      return "string";
    case AttributeType::boolean:
      return "boolean";
    case AttributeType::enumeration:
      return "enum";
    case AttributeType::duration:
      return "duration";
  }
  return "unknown";
}

std::string_view toText(Setter setter) {
  switch (setter) {
    case Setter::operatorOnly:
      return "operator";
    case Setter::customer:
      return "customer";
    case Setter::anyone:
      return "anyone";
  }
  return "unknown";
}

std::string toText(const AttributeValue& value) {
  struct Writer {
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::chrono::seconds s) const { return fmt::format("{}s", s.count()); }
  };
  return std::visit(Writer{}, value);
}

Parsed parseValue(const AttributeSpec& spec, std::string_view text) {
  switch (spec.type) {
    case AttributeType::integer:
      return parseInteger(spec, text);
    case AttributeType::string:
      return parseString(spec, text);
    case AttributeType::boolean:
      return parseBoolean(text);
    case AttributeType::enumeration:
      return parseEnumeration(spec, text);
    case AttributeType::duration:
      return parseDuration(spec, text);
  }
  return tl::unexpected(std::string("expected a known type"));
}

}  // namespace zonecast::identity
