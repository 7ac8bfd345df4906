#include "reconciler/view/tree_path.h"

#include "reconciler/view/name_tree.h"

namespace zonecast::view {

void TreePath::rewind(const NameTree& tree, const Labels& labels) {
  std::size_t common = 0;
  while (common < depth_ && common < labels.size() &&
         tree.label(nodes_[common + 1]) == labels[common]) {
    ++common;
  }
  depth_ = common;
}

NodeRef TreePath::find(const NameTree& tree, const Labels& labels) {
  rewind(tree, labels);
  while (depth_ < labels.size()) {
    const NodeRef child = tree.child(nodes_[depth_], labels[depth_]);
    if (child == kNone) return kNone;
    nodes_[++depth_] = child;
  }
  return nodes_[depth_];
}

NodeRef TreePath::findOrAdd(NameTree& tree, const Labels& labels, std::vector<NodeRef>* added) {
  rewind(tree, labels);
  while (depth_ < labels.size()) {
    const auto [child, is_new] = tree.findOrAddChild(nodes_[depth_], labels[depth_]);
    if (is_new && added != nullptr) added->push_back(child);
    nodes_[++depth_] = child;
  }
  return nodes_[depth_];
}

}  // namespace zonecast::view
