// The grammar of schema/TXT.md, read from left to right: one tag is split, decoded and checked at a
// time, and nothing that it holds can spoil the next.
#include "reconciler/identity/claim.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "reconciler/dns/record.h"
#include "reconciler/identity/printable.h"
#include "reconciler/identity/value_text.h"

namespace zonecast::identity {
namespace {

std::string_view withoutBlanksAround(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the first tag, which may be empty, and its ';' off `rest`.
std::string_view takeTag(std::string_view& rest) {
  const auto end = rest.find(';');
  const auto tag = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return withoutBlanksAround(tag);
}

std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return out;
}

// A tag at its first '='.
struct Halves {
  std::string_view name, value;
};
std::optional<Halves> split(std::string_view tag) {
  const auto equals = tag.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return Halves{withoutBlanksAround(tag.substr(0, equals)),
                withoutBlanksAround(tag.substr(equals + 1))};
}

bool isVersionName(std::string_view name) {
  return name == "v" || name == "V";
}

bool isVersion(std::string_view tag) {
  const auto halves = split(tag);
  return halves && isVersionName(halves->name) &&
         halves->value == kClaimVersion.substr(kClaimVersion.find('=') + 1);
}

bool isName(std::string_view name) {
  const auto is_rest = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kTagNameOctetsMax &&
         absl::ascii_isalpha(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, is_rest);
}

std::optional<unsigned> hexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hexDigit(text[i + 1]);
    const auto low = hexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return out;
}

// What is wrong with the value of a tag; nothing when `decoded` got it.
std::string takeValue(std::string_view text, std::string& decoded) {
  auto value = percentDecoded(text);
  if (!value) return "'%' takes two hexadecimal digits; write %25 for '%' itself";
  if (const auto fault = valueFault(*value)) return fmt::format("the value {}", *fault);
  decoded = *std::move(value);
  return {};
}

// Adds one tag that is not empty, or what spoiled it.
void addTag(std::string_view text, Claim& claim) {
  const auto ignore = [&claim](std::string_view tag, std::string_view why) {
    claim.warnings.push_back(fmt::format("tag {} is ignored: {}", tag, why));
  };
  const auto halves = split(text);
  if (!halves) return ignore(quoted(text), "write it as name=value");
  if (!isName(halves->name)) {
    return ignore(quoted(halves->name),
                  "a name is a letter, then letters, digits, '.', '_' or '-', at most 32 in all");
  }
  ClaimTag tag{folded(halves->name), {}};
  if (isVersionName(tag.name)) return ignore(tag.name, "it stands once, in front");
  if (const auto why = takeValue(halves->value, tag.value); !why.empty()) {
    ignore(tag.name, why);
    return claim.spoiled.push_back(std::move(tag.name));
  }
  claim.tags.push_back(std::move(tag));
}

Claim notApplied(std::string why) {
  Claim claim;
  claim.warnings.push_back(std::move(why));
  return claim;
}

std::vector<std::string_view> valuesOf(const Claim& claim, std::string_view name) {
  std::vector<std::string_view> values;
  for (const ClaimTag& tag : claim.tags) {
    if (tag.name == name) values.push_back(tag.value);
  }
  return values;
}

}  // namespace

std::vector<std::string_view> tokensIn(const Claim& claim) {
  return valuesOf(claim, "token");
}

std::vector<std::string_view> aliasesIn(const Claim& claim) {
  return valuesOf(claim, "alias");
}

std::optional<Claim> parseClaimRecord(std::string_view text, const ClaimLimits& limits) {
  std::string_view rest = text;
  if (!isVersion(takeTag(rest))) return std::nullopt;
  if (text.size() > limits.octets_max) {
    return notApplied(fmt::format("the record has {} octets, more than {}: none of it applies",
                                  text.size(), limits.octets_max));
  }
  Claim claim;
  claim.present = true;
  for (std::uint32_t count = 0; !rest.empty();) {
    const auto tag = takeTag(rest);
    if (tag.empty()) continue;
    if (++count > limits.tags_max) {
      return notApplied(
          fmt::format("the record has more than {} tags: none of it applies", limits.tags_max));
    }
    addTag(tag, claim);
  }
  return claim;
}

Claim parseClaim(std::span<const std::span<const std::uint8_t>> rdatas, const ClaimLimits& limits) {
  std::optional<Claim> ours;
  std::size_t count = 0;
  for (const auto rdata : rdatas) {
    const auto text = dns::joinTxt(rdata);
    if (!text) continue;  // malformed: nobody can tell whose it is
    auto claim = parseClaimRecord(*text, limits);
    if (claim && ++count == 1) ours = std::move(claim);
  }
  if (count > 1) {
    return notApplied(fmt::format("{} records start with {}: none applies; leave one of them",
                                  count, kClaimVersion));
  }
  return ours.value_or(Claim{});
}

}  // namespace zonecast::identity
