// The grammar of schema/TXT.md, and the attributes that come of it.
//
// The input: where the record is split into strings, and its text. Holds: what is read is within
// the grammar; written again with everything escaped it is read the same; how it is split, or what
// other records stand beside it, makes no difference; a tag spoils itself only; and attributes are
// complete, within their schema, set by who may set them, and settled (asked again, they stay).
#include <string>

#include "absl/strings/ascii.h"
#include "reconciler/identity/attribute.h"
#include "reconciler/identity/claim.h"
#include "reconciler/identity/value_text.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

using identity::Claim;
using identity::Setter;

constexpr identity::ClaimLimits kLimits{.tags_max = 8, .octets_max = 1024};

bool isTagName(std::string_view name) {
  const auto fits = [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 32 &&
         absl::ascii_islower(static_cast<unsigned char>(name[0])) &&
         std::ranges::all_of(name, fits);
}

void checkWarnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    require(!warning.empty() && isPrintable(warning), "a warning is one printable sentence");
  }
}

void checkClaim(const Claim& claim, std::string_view text) {
  checkWarnings(claim.warnings);
  if (!claim.present) {
    require(claim.tags.empty() && claim.spoiled.empty(),
            "a record that does not apply says nothing");
    require(claim.warnings.size() == 1, "and a warning says why");
    return;
  }
  require(text.size() <= kLimits.octets_max, "a record that applies is within the limit");
  require(claim.tags.size() + claim.spoiled.size() <= kLimits.tags_max, "so are its tags");
  require(claim.spoiled.size() <= claim.warnings.size(), "every spoiled tag has its warning");
  for (const auto& tag : claim.tags) {
    require(isTagName(tag.name) && tag.name != "v", "a tag has a name");
    require(!identity::valueFault(tag.value), "a tag has a value");
  }
}

std::string escaped(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    (text += '%') += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

// As a careful zone owner would write it.
std::string write(const Claim& claim) {
  std::string text(identity::kClaimVersion);
  for (const auto& tag : claim.tags) text += "; " + tag.name + "=" + escaped(tag.value);
  return text;
}

// TXT RDATA of strings that are `size` octets long.
Octets rdataOf(std::string_view text, std::size_t size) {
  Octets rdata;
  do {
    const std::string_view piece = text.substr(0, size);
    rdata.push_back(static_cast<std::uint8_t>(piece.size()));
    rdata.insert(rdata.end(), piece.begin(), piece.end());
    text.remove_prefix(piece.size());
  } while (!text.empty());
  return rdata;
}

Claim claimOf(std::initializer_list<std::span<const std::uint8_t>> rdatas) {
  const std::vector<std::span<const std::uint8_t>> all(rdatas);
  return identity::parseClaim(all, kLimits);
}

void checkRrset(std::string_view text, std::size_t string_octets,
                const std::optional<Claim>& claim) {
  const Octets record = rdataOf(text, string_octets);
  const Octets others = rdataOf("v=spf1 -all", 255);
  const Octets malformed{5, 'a'};
  require(claimOf({record}) == claim.value_or(Claim{}), "strings are joined without a blank");
  require(claimOf({others, record, malformed}) == claim.value_or(Claim{}),
          "records that are not ours count for nothing");
  const Claim twice = claimOf({record, record});
  require(!claim || (!twice.present && twice.tags.empty() && twice.warnings.size() == 1),
          "of two records none applies");
}

// Another tag, behind all others, changes nothing about them.
void checkOneMore(std::string_view text, const Claim& claim) {
  const auto more = identity::parseClaimRecord(std::string(text) + ";one.more=%31", kLimits);
  require(more.has_value(), "another tag does not make it somebody else's");
  if (!claim.present || !more->present) return;
  Claim expected = claim;
  expected.tags.push_back({"one.more", "1"});
  require(*more == expected, "a tag spoils itself only");
}

identity::AttributeSchema schema(identity::Undeclared undeclared) {
  using identity::AttributeType;
  identity::AttributeSchema schema;
  schema.undeclared = undeclared;
  const auto declare = [&](identity::AttributeSpec spec) { schema.specs[spec.name] = spec; };
  declare({.name = "max",
           .type = AttributeType::integer,
           .setter = Setter::customer,
           .min = -5,
           .max = 1000,
           .values = {},
           .defaults = {std::int64_t{7}},
           .help = {}});
  declare({.name = "motd",
           .type = AttributeType::string,
           .setter = Setter::anyone,
           .min = {},
           .max = 8,
           .values = {},
           .defaults = {},
           .help = {}});
  declare({.name = "rec",
           .type = AttributeType::boolean,
           .setter = Setter::anyone,
           .min = {},
           .max = {},
           .values = {},
           .defaults = {false},
           .help = {}});
  declare({.name = "qop",
           .type = AttributeType::enumeration,
           .setter = Setter::customer,
           .multi = true,
           .min = {},
           .max = {},
           .values = {"auth", "auth-int"},
           .defaults = {std::string("auth")},
           .help = {}});
  declare({.name = "exp",
           .type = AttributeType::duration,
           .setter = Setter::customer,
           .min = 60,
           .max = 86400,
           .values = {},
           .defaults = {std::chrono::seconds(3600)},
           .help = {}});
  declare({.name = "peer",
           .type = AttributeType::boolean,
           .setter = Setter::operatorOnly,
           .min = {},
           .max = {},
           .values = {},
           .defaults = {true},
           .help = {}});
  return schema;
}

void checkAttributes(const identity::Attributes& attributes,
                     const identity::AttributeSchema& schema, Setter speaker) {
  for (const auto& [name, spec] : schema.specs) {
    const auto found = attributes.find(name);
    require(found != attributes.end() || spec.defaults.empty(), "what has a default is there");
    if (found == attributes.end()) continue;
    require(spec.setter >= speaker || found->second == spec.defaults,
            "nobody sets what they may not");
    require(spec.multi || found->second.size() == 1, "one value, unless there may be several");
    for (const auto& value : found->second) {
      const auto again = identity::parseValue(spec, identity::toText(value));
      require(again && *again == value, "a value is within its schema, and its text says it");
    }
  }
  for (const auto& [name, values] : attributes) {
    require(!values.empty(), "what is there has a value");
    require(schema.undeclared == identity::Undeclared::keep || schema.specs.contains(name),
            "what is not declared is ignored");
    require(name != "did" && name != "alias" && name != "v",
            "tags with a meaning are no attributes");
  }
}

void checkResolution(const Claim& claim) {
  static const identity::AttributeSchema kSchemas[] = {schema(identity::Undeclared::ignore),
                                                       schema(identity::Undeclared::keep)};
  for (const auto& schema : kSchemas) {
    for (const Setter speaker : {Setter::customer, Setter::anyone}) {
      const auto result = identity::resolveAttributes(claim, speaker, schema, {}, {});
      checkWarnings(result.warnings);
      checkAttributes(result.attributes, schema, speaker);
      const auto again = identity::resolveAttributes(claim, speaker, schema, {}, result.attributes);
      require(again.attributes == result.attributes && again.warnings == result.warnings,
              "asked again, attributes stay");
    }
  }
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  Input input(data, size);
  const std::size_t string_octets = 1 + input.u8() % 255;
  const std::string_view text = asChars(input.rest());

  const auto claim = identity::parseClaimRecord(text, kLimits);
  checkRrset(text, string_octets, claim);
  if (!claim) return 0;
  checkClaim(*claim, text);
  checkOneMore(text, *claim);
  checkResolution(*claim);
  if (!claim->present) return 0;
  Claim written = *claim;
  written.warnings.clear();
  written.spoiled.clear();
  const std::string careful = write(written);
  if (careful.size() > kLimits.octets_max) return 0;
  require(identity::parseClaimRecord(careful, kLimits) == written,
          "written with everything escaped, it says the same");
  return 0;
}
