// What the nodes and records of a zone are called within it: places in its arenas.
#pragma once

#include "reconciler/view/arena.h"

namespace zonecast::view {

using NodeRef = Arena::Ref;
using RecordRef = Arena::Ref;
inline constexpr Arena::Ref kNone = Arena::kNone;

}  // namespace zonecast::view
