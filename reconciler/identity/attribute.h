// Attributes: named, typed, possibly multi-valued settings of a virtual domain, and the operator's
// schema that says which exist, what they may be and who may set them (DESIGN section 5).
// All values; all functions pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "reconciler/identity/claim.h"

namespace zonecast::identity {

enum class AttributeType : std::uint8_t { integer, string, boolean, enumeration, duration };
std::string_view toText(AttributeType type);

// Who may set an attribute; each includes those before it.
enum class Setter : std::uint8_t { operatorOnly, customer, anyone };
std::string_view toText(Setter setter);

using AttributeValue = std::variant<std::int64_t, std::string, bool, std::chrono::seconds>;
using AttributeValues = absl::InlinedVector<AttributeValue, 1>;  // most have one
std::string toText(const AttributeValue& value);                 // "3600", "auth", "true", "3600s"

struct AttributeSpec {
  std::string name;  // lower case; a letter, then letters, digits, '.', '_', '-'; at most 32
  AttributeType type = AttributeType::string;
  Setter setter = Setter::operatorOnly;
  bool multi = false;
  std::optional<std::int64_t> min, max;  // integer; duration in seconds; string: length in octets
  std::vector<std::string> values;       // enumeration
  AttributeValues defaults;              // empty: absent unless set; one unless multi
  std::string help;

  friend bool operator==(const AttributeSpec&, const AttributeSpec&) = default;
};

enum class Undeclared : std::uint8_t { ignore, keep };

struct AttributeSchema {
  std::map<std::string, AttributeSpec, std::less<>> specs;
  Undeclared undeclared = Undeclared::ignore;

  friend bool operator==(const AttributeSchema&, const AttributeSchema&) = default;
};

// One value by its type and bounds; the error says what was expected. Durations are "3600",
// "3600s", "60m", "1h" or "1d"; booleans true, yes, on, 1, false, no, off, 0, of any case.
tl::expected<AttributeValue, std::string> parseValue(const AttributeSpec& spec,
                                                     std::string_view text);

// Name -> values, never an empty vector. Complete: defaults are filled in.
using Attributes = absl::btree_map<std::string, AttributeValues, std::less<>>;

struct AttributeResult {
  Attributes attributes;
  std::vector<std::string> warnings;
};

// The attributes of a virtual domain whose canonical domain says `claim`, where the speaker may set
// what `speaker` allows, and `operator_sets` are the operator's own values (they win, also when
// they are broken: then the claim is not asked). did, alias and v are not attributes.
//
//   what is said of an attribute          | what stands
//   --------------------------------------+----------------------------------------------------------
//   nothing                               | the default
//   values that fit                       | they: in the record's order, duplicates once
//   several, some of which do not fit     | multi: those that fit
//   none that fits                        | the last good value, else the default
//   several, where there can be one       | likewise
//   something by who may not              | likewise
//   something undeclared                  | nothing; or, kept, as text that a customer may set
//
// Whatever did not stand is a warning; what the grammar refused has been one already. A last good
// value that the schema no longer allows is not good.
AttributeResult resolveAttributes(
    const Claim& claim, Setter speaker, const AttributeSchema& schema,
    const std::map<std::string, std::vector<std::string>>& operator_sets,
    const Attributes& last_good);

}  // namespace zonecast::identity
