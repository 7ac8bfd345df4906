// The names of a zone as a tree of labels below the apex: what exists, empty non-terminals included
// (RFC 4592 section 2.2.2).
//
// A node holds its own label only and is found by (parent, label) in a hash index, so a question is
// answered by walking down one label at a time, which is also how cuts, DNAMEs and wildcards are
// met in the order in which they count.
//
// Invariants: a node other than the apex has a parent; `children` is how many nodes name it as
// theirs; every node but the apex is in the index.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/dns/name.h"
#include "reconciler/view/arena.h"
#include "reconciler/view/labels.h"
#include "reconciler/view/name_index.h"
#include "reconciler/view/refs.h"

namespace zonecast::view {

// Which types a node has, as far as a lookup or a visitor must know before it reads the records.
enum TypeBits : std::uint8_t {
  kHasNaptr = 1,
  kHasSrv = 2,
  kHasTxt = 4,
  kHasAddress = 8,
  kHasNs = 16,
  kHasCname = 32,
  kHasDname = 64,
};

struct Node {
  NodeRef parent = kNone;
  RecordRef records = kNone;  // the first of its chain (see RecordStore)
  std::uint32_t children = 0;
  std::uint8_t types = 0;  // TypeBits
  std::uint8_t label_length = 0;
  // the label's octets follow
};

using NameBuffer = std::array<char, dns::kNameOctetsMax>;

class NameTree {
 public:
  explicit NameTree(dns::Name apex);

  dns::NameView apexName() const { return apex_name_; }
  NodeRef apex() const { return apex_; }

  NodeRef child(NodeRef parent, std::string_view label) const;  // kNone when there is none
  NodeRef wildcardOf(NodeRef parent) const { return child(parent, "*"); }
  std::pair<NodeRef, bool> findOrAddChild(NodeRef parent, std::string_view label);  // true: added
  void remove(NodeRef leaf);  // without children

  Node& node(NodeRef ref) { return *reinterpret_cast<Node*>(arena_.at(ref)); }
  const Node& node(NodeRef ref) const { return *reinterpret_cast<const Node*>(arena_.at(ref)); }
  std::string_view label(NodeRef ref) const;
  bool isWildcard(NodeRef ref) const { return ref != apex_ && label(ref) == "*"; }
  dns::NameView name(NodeRef ref, NameBuffer& buffer) const;
  dns::Name name(NodeRef ref) const;

  // The first node at or after a place; kNone when there is none. Good across changes.
  NodeRef firstFrom(NodeRef place) const;
  NodeRef start() const { return apex_; }
  NodeRef following(NodeRef ref) const;  // the place after a node: kNone at the end

  void trim() { arena_.trim(); }
  std::size_t octets() const { return arena_.octets() + index_.octets(); }
  std::size_t arenaOctets() const { return arena_.octets(); }
  std::size_t deadOctets() const { return arena_.deadOctets(); }

 private:
  NodeRef child(NodeRef parent, std::string_view label, std::uint32_t hash) const;
  NodeRef create(NodeRef parent, std::string_view label);

  dns::Name apex_name_;
  Arena arena_;
  NodeRef apex_;
  NameIndex index_;
};

}  // namespace zonecast::view
