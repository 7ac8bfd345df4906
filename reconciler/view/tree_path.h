// Finds names in a NameTree one after the other, beginning each time at the deepest node that the
// name has in common with the one before: in transfers and walks, and among the questions about one
// domain, consecutive names lie side by side.
//
// Nodes that it has met must not be removed while it is in use. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "reconciler/view/labels.h"
#include "reconciler/view/refs.h"

namespace zonecast::view {

class NameTree;

class TreePath {
 public:
  explicit TreePath(NodeRef apex) { nodes_[0] = apex; }

  NodeRef find(const NameTree& tree, const Labels& labels);  // kNone when there is none
  // How far down find() came, and the node there.
  std::size_t depth() const { return depth_; }
  NodeRef operator[](std::size_t depth) const { return nodes_[depth]; }  // at most depth()
  NodeRef deepest() const { return nodes_[depth_]; }

  // Nodes that had to be added are appended to `added`, parents first.
  NodeRef findOrAdd(NameTree& tree, const Labels& labels, std::vector<NodeRef>* added);

 private:
  void rewind(const NameTree& tree, const Labels& labels);

  std::array<NodeRef, kLabelsMax + 1> nodes_;
  std::size_t depth_ = 0;  // nodes_[depth_] is the last one met
};

}  // namespace zonecast::view
