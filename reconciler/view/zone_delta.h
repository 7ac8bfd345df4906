// A chain of deltas on its way into a zone (RFC 1995): applied step by step, then either committed
// or taken back.
//
// Invariants: until then, removed records are unlinked but not released and no node is removed, so
// taking back cannot fail and the names and records of both versions can be read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/flat_hash_set.h"
#include "reconciler/view/tree_path.h"
#include "reconciler/view/zone_change.h"
#include "reconciler/view/zone_content.h"

namespace zonecast::view {

class DeltaApplication {
 public:
  explicit DeltaApplication(ZoneContent& zone) : zone_(zone), path_(zone.names.apex()) {}

  tl::expected<void, Refusal> apply(const Delta& delta);
  // One of these ends the application.
  ZoneChange commit();
  void takeBack();

 private:
  using NodeSet = absl::flat_hash_set<NodeRef>;
  struct Existence {
    std::vector<NodeRef> emptied;  // leaves first
    NodeSet came, went;
    NodeSet passed;  // came and went within the chain
  };

  tl::expected<void, Refusal> remove(const DeltaRecord& record);
  tl::expected<void, Refusal> add(const DeltaRecord& record);
  void remember(const Edit& edit);
  std::vector<NodeRef> touchedNodes() const;
  Existence existence() const;
  NameDifference differenceOf(NodeRef ref, std::span<Edit> edits, const Existence& existence) const;
  bool isBesideWildcard(NodeRef ref, const Existence& existence) const;
  void forget(const Existence& existence);

  ZoneContent& zone_;
  TreePath path_;
  std::vector<Edit> edits_;
  std::vector<NodeRef> created_;  // parents first
};

}  // namespace zonecast::view
