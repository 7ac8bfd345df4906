#include "config/option.h"

namespace zonecast::config {

bool checkMapping(const Node& node, std::string_view expected, Errors& errors) {
  if (node.kind == Node::Kind::mapping) return true;
  addMismatch(node, expected, errors);
  return false;
}

void addUnknown(const Node& key, std::string_view what, std::span<const std::string_view> known,
                Errors& errors) {
  errors.add(key.where,
             fmt::format("unknown {} {}{}", what, shown(key.text), suggestion(key.text, known)));
}

void addMismatch(const Node& node, std::string_view expected, Errors& errors) {
  errors.add(node.where, fmt::format("expected {}, not {}", expected, describe(node)));
}

}  // namespace zonecast::config
