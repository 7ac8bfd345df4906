// Attributes: named, typed, possibly multi-valued settings of a virtual domain, and the operator's
// schema that says which exist, what they may be and who may set them (DESIGN section 5).
// All values; all functions pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/identity/claim.h"

namespace zonecast::identity {

enum class AttributeType : std::uint8_t { integer, string, boolean, enumeration, duration };
std::string_view toText(AttributeType type);

// Who may set an attribute; each includes those before it.
enum class Setter : std::uint8_t { operatorOnly, customer, anyone };
std::string_view toText(Setter setter);

using AttributeValue = std::variant<std::int64_t, std::string, bool, std::chrono::seconds>;
std::string toText(const AttributeValue& value);  // "3600", "auth", "true", "3600s"

struct AttributeSpec {
  std::string name;  // lower case; a letter, then letters, digits, '.', '_', '-'; at most 32
  AttributeType type = AttributeType::string;
  Setter setter = Setter::operatorOnly;
  bool multi = false;
  std::optional<std::int64_t> min, max;   // integer; duration in seconds; string: length in octets
  std::vector<std::string> values;        // enumeration
  std::vector<AttributeValue> defaults;   // empty: absent unless set; one unless multi
  std::string help;
};

enum class Undeclared : std::uint8_t { ignore, keep };

struct AttributeSchema {
  std::map<std::string, AttributeSpec, std::less<>> specs;
  Undeclared undeclared = Undeclared::ignore;
};

// One value by its type and bounds; the error says what was expected.
tl::expected<AttributeValue, std::string> parseValue(const AttributeSpec& spec, std::string_view text);

// Name -> values, never an empty vector. Complete: defaults are filled in.
using Attributes = std::map<std::string, std::vector<AttributeValue>, std::less<>>;

struct AttributeResult {
  Attributes attributes;
  std::vector<std::string> warnings;
};

// The attributes of a virtual domain whose canonical domain says `claim`, where the speaker may set
// what `speaker` allows, and `operator_sets` are the operator's own values (they win). A value that
// fails its schema, or that its setter may not set, spoils itself only: `last_good` stays, else the
// default. did, alias and v are not attributes.
AttributeResult resolveAttributes(const Claim& claim, Setter speaker, const AttributeSchema& schema,
                                  const std::map<std::string, std::vector<std::string>>& operator_sets,
                                  const Attributes& last_good);

}  // namespace zonecast::identity
