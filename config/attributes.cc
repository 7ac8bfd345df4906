// The attributes' schema, and the values that attributes are given.
#include <algorithm>
#include <optional>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "config/readers.h"
#include "reconciler/identity/claim.h"
#include "reconciler/identity/value_text.h"

namespace zonecast::config {
namespace {

using identity::AttributeSpec;
using identity::AttributeType;

bool isAttributeName(std::string_view name) {
  const auto isNameOctet = [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= identity::kTagNameOctetsMax &&
         absl::ascii_islower(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, isNameOctet) &&
         std::ranges::find(identity::kOwnTags, name) == identity::kOwnTags.end();
}

// What a bound of such values is: itself a value, or a length in octets.
std::optional<AttributeSpec> specOfBound(AttributeType type) {
  AttributeSpec spec;
  switch (type) {
    case AttributeType::integer:
    case AttributeType::duration:
      spec.type = type;
      return spec;
    case AttributeType::string:
      spec.type = AttributeType::integer;
      spec.min = 0;
      spec.max = identity::kValueOctetsMax;
      return spec;
    case AttributeType::boolean:
    case AttributeType::enumeration:
      break;
  }
  return std::nullopt;
}

std::optional<std::int64_t> readBound(const Node& declaration, std::string_view name,
                                      AttributeType type, Errors& errors) {
  const Node* node = declaration.find(name);
  if (node == nullptr) return std::nullopt;
  const auto spec = specOfBound(type);
  if (!spec) {
    errors.add(node->where,
               fmt::format("expected no `{}` for the type {}", name, identity::toText(type)));
    return std::nullopt;
  }
  const AttributeTexts bound = readAttributeValues(*node, *spec, errors);
  if (bound.empty()) return std::nullopt;
  const auto* seconds = std::get_if<std::chrono::seconds>(&bound.front().second);
  return seconds ? seconds->count() : std::get<std::int64_t>(bound.front().second);
}

void readBounds(const Node& declaration, AttributeSpec& spec, Errors& errors) {
  spec.min = readBound(declaration, "min", spec.type, errors);
  spec.max = readBound(declaration, "max", spec.type, errors);
  if (spec.min && spec.max && *spec.min > *spec.max) {
    errors.add(
        declaration.find("max")->where,
        fmt::format("expected `max` to be at least `min`, {}, not {}", *spec.min, *spec.max));
  }
}

void checkEnumeration(const Node& declaration, const AttributeSpec& spec, Errors& errors) {
  const Node* values = declaration.find("values");
  const bool is_enumeration = spec.type == AttributeType::enumeration;
  if (is_enumeration && values == nullptr) {
    errors.add(declaration.where, "`values` is missing: expected what an enum's values may be");
  } else if (!is_enumeration && values != nullptr) {
    errors.add(values->where,
               fmt::format("expected no `values` for the type {}", identity::toText(spec.type)));
  }
}

AttributeSpec readDeclaration(const Node& name, const Node& declaration, Errors& errors) {
  const std::size_t errors_before = errors.count();
  AttributeSpec spec;
  spec.name = name.text;
  if (!isAttributeName(name.text)) {
    errors.add(name.where,
               fmt::format("expected a name of an attribute, a lower-case letter and at most 31 "
                           "lower-case letters, digits, `.`, `_` or `-`, not {}",
                           shown(name.text)));
  }
  readOptions(declaration, attributeOptions(), spec, errors);
  if (errors.count() == errors_before) {
    checkEnumeration(declaration, spec, errors);
    readBounds(declaration, spec, errors);
  }
  const Node* defaults = declaration.find("default");
  if (defaults != nullptr && errors.count() == errors_before) {
    for (auto& [text, value] : readAttributeValues(*defaults, spec, errors)) {
      spec.defaults.push_back(std::move(value));
    }
  }
  if (errors.count() == errors_before) return spec;
  return freeText(name.text);
}

}  // namespace

void readAttributes(const Node& attributes, identity::AttributeSchema& schema, Errors& errors) {
  if (!checkMapping(attributes, "a mapping of attributes' names", errors)) return;
  for (std::size_t i = 0; i < attributes.items.size(); i += 2) {
    const Node& name = attributes.items[i];
    schema.specs.emplace(name.text, readDeclaration(name, attributes.items[i + 1], errors));
  }
}

identity::AttributeSpec freeText(std::string_view name) {
  AttributeSpec spec;
  spec.name = name;
  spec.multi = true;
  return spec;
}

AttributeTexts readAttributeValues(const Node& node, const AttributeSpec& spec, Errors& errors) {
  const bool is_list = node.kind == Node::Kind::list;
  if (is_list && (node.items.empty() || (node.items.size() > 1 && !spec.multi))) {
    errors.add(node.where,
               fmt::format("expected {}, not a list of {}",
                           spec.multi ? "at least one value" : "one value", node.items.size()));
    return {};
  }
  AttributeTexts values;
  const auto readItem = [&](const Node& item) {
    if (item.kind != Node::Kind::scalar) return addMismatch(item, "a value", errors);
    auto value = identity::parseValue(spec, item.text);
    if (value) {
      values.emplace_back(item.text, *std::move(value));
    } else {
      errors.add(item.where, fmt::format("{}, not {}", value.error(), shown(item.text)));
    }
  };
  if (!is_list) readItem(node);
  if (is_list) std::ranges::for_each(node.items, readItem);
  return values;
}

std::map<std::string, std::vector<std::string>> readOperatorAttributes(
    const Node& attributes, const identity::AttributeSchema& schema, Errors& errors) {
  std::map<std::string, std::vector<std::string>> all;
  if (!checkMapping(attributes, "a mapping of attributes' names", errors)) return all;
  static const AttributeSpec kUndeclared = freeText("");
  const bool keeps = schema.undeclared == identity::Undeclared::keep;
  std::vector<std::string_view> declared;
  for (const auto& [name, spec] : schema.specs) declared.push_back(name);
  for (std::size_t i = 0; i < attributes.items.size(); i += 2) {
    const Node& name = attributes.items[i];
    const auto spec = schema.specs.find(name.text);
    if (spec == schema.specs.end() && !keeps) {
      addUnknown(name, "attribute", declared, errors);
      continue;
    }
    auto& texts = all[name.text];
    for (auto& [text, value] :
         readAttributeValues(attributes.items[i + 1],
                             spec == schema.specs.end() ? kUndeclared : spec->second, errors)) {
      texts.push_back(std::move(text));
    }
  }
  return all;
}

}  // namespace zonecast::config
