// A YAML document as a tree that knows where everything stood.
//
// Of YAML what a configuration needs: mappings, lists and scalars in one document. Anchors, aliases
// and tags are refused, so that a small file stays small. Bounds: 5,000,000 nodes, 16 levels;
// whoever walks the tree may recurse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/errors.h"

namespace zonecast::config {

inline constexpr std::size_t kFileOctetsMax = 64u << 20;
inline constexpr std::size_t kNodesMax = 5'000'000;
inline constexpr std::size_t kLevelsMax = 16;

struct Node {
  enum class Kind : std::uint8_t { nothing, scalar, list, mapping };
  Kind kind = Kind::nothing;
  Position where;           // of `nothing` in a mapping: its key's
  std::string text;         // of a scalar
  std::vector<Node> items;  // of a list; of a mapping key, value, key, value, every key once

  // The value of a key; nothing when the mapping does not have it, or this is no mapping.
  const Node* find(std::string_view key) const;
};

// What stands there, to follow "expected ..., not ": "`5 apples`", "a list", "nothing".
std::string describe(const Node& node);

// `file` is its number among the errors' files. An empty document is an empty mapping. A key that
// stands twice is an error, and its first value stays; nothing when the text cannot be read to its
// end, which is an error too.
std::optional<Node> parseDocument(const std::string& text, Errors& errors, std::uint32_t file = 0);

}  // namespace zonecast::config
