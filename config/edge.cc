// The edge: each rule by its options, and whether a client could reach anything by it.
#include <algorithm>

#include <fmt/format.h>

#include "config/readers.h"

namespace zonecast::config {
namespace {

void checkComplete(const Node& node, Errors& errors) {
  const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
  if (node.kind != Node::Kind::mapping) return;
  if (!has("hosts") && !has("addresses")) {
    errors.add(node.where, "expected `hosts` or `addresses` in an edge rule");
  }
  const auto hasPorts = [&](derive::Transport transport) { return has(toText(transport)); };
  if (std::ranges::none_of(derive::kTransports, hasPorts)) {
    errors.add(node.where, "expected a port in an edge rule: `udp`, `tcp`, `tls`, `ws` or `wss`");
  }
}

}  // namespace

derive::Edge readEdge(const Node& rules, Errors& errors) {
  derive::Edge edge;
  if (rules.kind != Node::Kind::list || rules.items.empty()) {
    errors.add(rules.where,
               fmt::format("expected a list of at least one edge rule, not {}",
                           rules.kind == Node::Kind::list ? "an empty one" : describe(rules)));
    return edge;
  }
  for (const Node& node : rules.items) {
    derive::EdgeRule& rule = edge.rules.emplace_back();
    rule.name = fmt::format("edge[{}]", edge.rules.size() - 1);
    readOptions(node, edgeOptions(), rule, errors);
    checkComplete(node, errors);
  }
  return edge;
}

}  // namespace zonecast::config
