// What the difference of one name means for the answers of others (see ZoneChange).
#pragma once

#include "reconciler/view/name_tree.h"
#include "reconciler/view/zone.h"

namespace zonecast::view {

struct NameDifference {
  bool came_or_went = false;
  bool beside_wildcard = false;  // topmost of those that came or went, and *.parent is or was there
  bool records = false;
  bool cut = false;    // came or went
  bool dname = false;  // came, went, or leads elsewhere
};

// Adds to `change` what follows from the difference of one node, which is still in its tree.
void note(const NameTree& names, NodeRef ref, const NameDifference& difference, ZoneChange& change);

}  // namespace zonecast::view
