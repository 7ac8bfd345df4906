#include "reconciler/view/zone_change.h"

namespace zonecast::view {

void note(const NameTree& names, NodeRef ref, const NameDifference& difference,
          ZoneChange& change) {
  if (!difference.came_or_went && !difference.records) return;
  if (difference.cut || difference.dname || difference.beside_wildcard) {
    change.subtrees.push_back(names.name(ref));
  }
  if (names.isWildcard(ref)) change.subtrees.push_back(names.name(names.node(ref).parent));
  change.owners.push_back(names.name(ref));
}

}  // namespace zonecast::view
