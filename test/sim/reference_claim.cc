#include "test/sim/reference_claim.h"

#include <algorithm>
#include <charconv>

namespace zonecast::sim {
namespace {

using Tags = std::vector<std::string>;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string stripped(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string joined(const Octets& rdata) {
  std::string text;
  for (std::size_t at = 0; at < rdata.size(); at += 1u + rdata[at]) {
    text.append(rdata.begin() + static_cast<long>(at) + 1,
                rdata.begin() + static_cast<long>(at) + 1 + rdata[at]);
  }
  return text;
}

Tags tagsOf(const std::string& text) {
  Tags tags;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    tags.push_back(stripped(text.substr(at, end - at)));
    at = end + 1;
  }
  return tags;
}

bool isName(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || name.size() > 32 || !letter(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::optional<std::string> decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned octet = 0;
    if (i + 3 > text.size()) return std::nullopt;
    const char* first = text.data() + i + 1;
    const auto [end, error] = std::from_chars(first, first + 2, octet, 16);
    if (error != std::errc() || end != first + 2) return std::nullopt;
    out += static_cast<char>(octet);
    i += 2;
  }
  return out;
}

// RFC 3629 section 3: how many octets follow the first, and the least code point that needs them.
bool isText(const std::string& value) {
  if (value.size() > 255) return false;
  for (std::size_t i = 0; i < value.size();) {
    const auto first = static_cast<std::uint8_t>(value[i++]);
    const int more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (more < 0 || first >= 0xf8) return false;
    std::uint32_t point = more == 0 ? first : first & (0x3fu >> more);
    for (int n = 0; n < more; ++n) {
      if (i == value.size() || (static_cast<std::uint8_t>(value[i]) & 0xc0) != 0x80) return false;
      point = point << 6 | (static_cast<std::uint8_t>(value[i++]) & 0x3fu);
    }
    static constexpr std::uint32_t kLeast[]{0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return false;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
  }
  return true;
}

struct Halves {
  std::string name, value;
};
std::optional<Halves> halvesOf(const std::string& tag) {
  const std::size_t equals = tag.find('=');
  if (equals == std::string::npos) return std::nullopt;
  return Halves{lower(stripped(tag.substr(0, equals))), stripped(tag.substr(equals + 1))};
}

bool isOurs(const Tags& tags) {
  const auto version = halvesOf(tags.front());
  return version && version->name == "v" && version->value == "sipvhost1";
}

ReferenceClaim claimOf(const Tags& tags, std::size_t octets) {
  ReferenceClaim claim;
  std::size_t count = 0;
  for (std::size_t i = 1; i < tags.size(); ++i) {
    if (tags[i].empty()) continue;
    ++count;
    const auto halves = halvesOf(tags[i]);
    if (!halves || !isName(halves->name) || halves->name == "v") continue;
    const auto value = decoded(halves->value);
    if (value && isText(*value)) {
      claim.tags.emplace_back(halves->name, *value);
    } else {
      claim.spoiled.push_back(halves->name);
    }
  }
  return count > 32 || octets > 4096 ? ReferenceClaim{} : claim;
}

std::optional<long> integerOf(const std::string& text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool within(const AttributeRule& rule, long value) {
  return (!rule.min || value >= *rule.min) && (!rule.max || value <= *rule.max);
}

// The value as it is published; nothing when it does not fit.
std::optional<std::string> fitted(const AttributeRule& rule, const std::string& text) {
  if (rule.type == "string") {
    return within(rule, static_cast<long>(text.size())) ? std::optional(text) : std::nullopt;
  }
  if (rule.type == "enum") {
    return std::ranges::count(rule.words, text) > 0 ? std::optional(text) : std::nullopt;
  }
  if (rule.type == "boolean") {
    const std::string word = lower(text);
    if (word == "true" || word == "yes" || word == "on" || word == "1") return "true";
    if (word == "false" || word == "no" || word == "off" || word == "0") return "false";
    return std::nullopt;
  }
  if (rule.type == "integer") {
    const auto value = integerOf(text);
    return value && within(rule, *value) ? std::optional(std::to_string(*value)) : std::nullopt;
  }
  static const std::map<char, long> kUnits{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  const auto unit = text.empty() ? kUnits.end() : kUnits.find(text.back());
  const bool has_unit = unit != kUnits.end();
  const auto count = integerOf(has_unit ? text.substr(0, text.size() - 1) : text);
  if (!count || *count < 0) return std::nullopt;
  const long seconds = *count * (has_unit ? unit->second : 1);
  return within(rule, seconds) ? std::optional(std::to_string(seconds) + "s") : std::nullopt;
}

}  // namespace

ReferenceClaim readClaim(const std::vector<Octets>& rdatas) {
  ReferenceClaim claim;
  int ours = 0;
  for (const Octets& rdata : rdatas) {
    const std::string text = joined(rdata);
    const Tags tags = tagsOf(text);
    if (!isOurs(tags)) continue;
    ++ours;
    claim = claimOf(tags, text.size());
  }
  return ours == 1 ? claim : ReferenceClaim{};
}

std::optional<std::string> didAsked(const ReferenceClaim& claim) {
  std::vector<std::string> asked;
  for (const auto& [name, value] : claim.tags) {
    if (name == "did") asked.push_back(value);
  }
  if (asked.size() != 1 || std::ranges::count(claim.spoiled, "did") > 0) return std::nullopt;
  const std::string& did = asked.front();
  const bool fits = !did.empty() && did.size() <= 253 &&
                    did.find_first_not_of(
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789._:~-") == std::string::npos;
  return fits ? std::optional(did) : std::nullopt;
}

bool hasAlias(const ReferenceClaim& claim, const std::string& domain) {
  return std::ranges::any_of(claim.tags, [&](const auto& tag) {
    // A final dot is no part of a domain, and case is none of its difference.
    return tag.first == "alias" &&
           (lower(tag.second) == domain || lower(tag.second) == domain + ".");
  });
}

bool hasAliases(const ReferenceClaim& claim) {
  return std::ranges::any_of(claim.tags, [](const auto& tag) { return tag.first == "alias"; });
}

AttributeTexts attributesOf(const ReferenceClaim& claim, const AttributeRules& rules,
                            const AttributeTexts& before, bool is_customers) {
  AttributeTexts attributes;
  for (const auto& [name, rule] : rules) {
    std::vector<std::string> said, values;
    for (const auto& [tag, value] : claim.tags) {
      if (tag == name) said.push_back(value);
    }
    const auto times =
        said.size() + static_cast<std::size_t>(std::ranges::count(claim.spoiled, name));
    const bool may_set = is_customers ? rule.settable : rule.settable_by_anyone;
    if (may_set && (rule.multi || times <= 1)) {
      for (const std::string& text : said) {
        const auto value = fitted(rule, text);
        if (value && std::ranges::count(values, *value) == 0) values.push_back(*value);
      }
    }
    if (values.empty()) {
      const auto last_good = before.find(name);
      const bool keeps = times > 0 && last_good != before.end();
      values = keeps ? last_good->second : rule.defaults;
    }
    if (!values.empty()) attributes[name] = values;
  }
  return attributes;
}

}  // namespace zonecast::sim
