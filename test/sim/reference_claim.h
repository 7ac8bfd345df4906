// What a `_sipvhost` record says, read as schema/TXT.md has it, and which attributes come of it. It
// shares no code with the core.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/sim/reference_dns.h"

namespace zonecast::sim {

struct ReferenceClaim {
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> spoiled;  // names whose value the grammar refuses
};

// Of the whole TXT RRset; nothing when no record applies.
ReferenceClaim readClaim(const std::vector<Octets>& rdatas);

// Nothing when the claim has no did= that is a DID, or several.
std::optional<std::string> didAsked(const ReferenceClaim& claim);

// It lets that domain in, or says that it belongs to it.
bool hasAlias(const ReferenceClaim& claim, const std::string& domain);
bool hasAliases(const ReferenceClaim& claim);

struct AttributeRule {
  std::string type;  // integer, string, boolean, enum, duration
  bool multi = false;
  bool settable = false;  // by a customer
  bool settable_by_anyone = false;
  std::optional<long> min, max;
  std::vector<std::string> words;     // of an enum
  std::vector<std::string> defaults;  // as they are published
};
using AttributeRules = std::map<std::string, AttributeRule>;
// As they are published: "3600s", "true".
using AttributeTexts = std::map<std::string, std::vector<std::string>>;

// What a virtual domain whose canonical domain says `claim` has, after it had `before`. It is a
// customer's, or anyone's.
AttributeTexts attributesOf(const ReferenceClaim& claim, const AttributeRules& rules,
                            const AttributeTexts& before, bool is_customers);

}  // namespace zonecast::sim
