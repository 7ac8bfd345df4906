// Readers for the parts of a configuration that are more than options.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"

namespace zonecast::config {

derive::Edge readEdge(const Node& rules, Errors& errors);

// A declaration that has errors becomes one that any value fits, so that one mistake is one
// message.
void readAttributes(const Node& attributes, identity::AttributeSchema& schema, Errors& errors);

// An attribute that takes any texts: one that is undeclared and kept.
identity::AttributeSpec freeText(std::string_view name);

// What is set for an attribute, a value or a list: the texts and what they mean.
using AttributeTexts = std::vector<std::pair<std::string, identity::AttributeValue>>;
AttributeTexts readAttributeValues(const Node& node, const identity::AttributeSpec& spec,
                                   Errors& errors);

// What the operator sets, by attribute, as texts that fit the schema.
std::map<std::string, std::vector<std::string>> readOperatorAttributes(
    const Node& attributes, const identity::AttributeSchema& schema, Errors& errors);

// The token's key and the attributes of discovered domains; the options and the attributes' schema
// stand in the draft already.
void readDiscovery(const Node& section, Draft& draft, Errors& errors);

// The virtual domains that stand in the configuration; the customers stand in the settings already.
void readStatic(const Node& list, loop::Settings& settings, Errors& errors);

// The customers with their primaries, zones, watched names and static domains, those that speak for
// themselves last; all else stands in the draft already.
void readCustomers(const Node& root, Draft& draft, Errors& errors);

}  // namespace zonecast::config
