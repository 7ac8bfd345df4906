#include "reconciler/view/name_tree.h"

#include <cassert>
#include <new>

#include "absl/hash/hash.h"

namespace zonecast::view {

namespace {

constexpr std::size_t kLabelAt = offsetof(Node, label_length) + 1;

std::size_t cellOctets(std::size_t label_length) {
  return kLabelAt + label_length;
}

struct ChildKey {
  NodeRef parent;
  std::string_view label;
  template <typename H>
  friend H AbslHashValue(H h, const ChildKey& key) {
    return H::combine(H::combine_contiguous(std::move(h), key.label.data(), key.label.size()),
                      key.parent, key.label.size());
  }
};

std::uint32_t hashOf(NodeRef parent, std::string_view label) {
  return static_cast<std::uint32_t>(absl::HashOf(ChildKey{parent, label}));
}

}  // namespace

NameTree::NameTree(dns::Name apex) : apex_name_(std::move(apex)), apex_(create(kNone, {})) {}

NodeRef NameTree::create(NodeRef parent, std::string_view label) {
  const NodeRef ref = arena_.allocate(cellOctets(label.size()));
  Node* node = new (arena_.at(ref)) Node;
  node->parent = parent;
  node->label_length = static_cast<std::uint8_t>(label.size());
  label.copy(reinterpret_cast<char*>(arena_.at(ref) + kLabelAt), label.size());
  return ref;
}

std::string_view NameTree::label(NodeRef ref) const {
  return {reinterpret_cast<const char*>(arena_.at(ref) + kLabelAt), node(ref).label_length};
}

NodeRef NameTree::child(NodeRef parent, std::string_view label) const {
  return child(parent, label, hashOf(parent, label));
}

NodeRef NameTree::child(NodeRef parent, std::string_view label, std::uint32_t hash) const {
  return index_.find(
      hash, [&](NodeRef ref) { return node(ref).parent == parent && this->label(ref) == label; });
}

std::pair<NodeRef, bool> NameTree::findOrAddChild(NodeRef parent, std::string_view label) {
  const std::uint32_t hash = hashOf(parent, label);
  if (const NodeRef there = child(parent, label, hash); there != kNone) return {there, false};
  const NodeRef added = create(parent, label);
  index_.insert(hash, added);
  ++node(parent).children;
  return {added, true};
}

void NameTree::remove(NodeRef leaf) {
  assert(leaf != apex_ && node(leaf).children == 0);
  const NodeRef parent = node(leaf).parent;
  index_.erase(hashOf(parent, label(leaf)), leaf);
  --node(parent).children;
  arena_.release(leaf, cellOctets(node(leaf).label_length));
}

dns::NameView NameTree::name(NodeRef ref, NameBuffer& buffer) const {
  char* end = buffer.data();
  for (; ref != apex_; ref = node(ref).parent) {
    const std::string_view label = this->label(ref);
    *end++ = static_cast<char>(label.size());
    end = label.copy(end, label.size()) + end;
  }
  const std::string_view apex = apex_name_.view().wire();
  end = apex.copy(end, apex.size()) + end;
  return dns::NameView::fromCanonicalWire(
      {buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

dns::Name NameTree::name(NodeRef ref) const {
  NameBuffer buffer;
  return dns::Name(name(ref, buffer));
}

NodeRef NameTree::firstFrom(NodeRef place) const {
  while (place != kNone && arena_.isReleased(place)) {
    place = arena_.next(place, arena_.releasedOctets(place));
  }
  return place;
}

NodeRef NameTree::following(NodeRef ref) const {
  return arena_.next(ref, cellOctets(node(ref).label_length));
}

}  // namespace zonecast::view
