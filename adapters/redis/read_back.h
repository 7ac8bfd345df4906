// The second half of opening the store: what is in it.
#pragma once

#include <optional>

#include "adapters/redis/meta.h"
#include "adapters/redis/opening.h"
#include "reconciler/ports/state_store.h"

namespace zonecast::redis {

struct Found {
  ports::StoredState state;
  Standing standing;
  bool unchanged = false;
};

// Reads everything, and holds it to its content sum; or, when the store is at `known` still and its
// hashes have the sizes that meta tells, nothing but that. Unlinks what an earlier leader left
// staged.
Task<Expected<Found>> readBack(Place place, plan::Term term, std::optional<plan::Position> known);

// Everything, for who does not publish: nothing is unlinked, and while somebody publishes it is
// read again, some few times.
Task<Expected<ports::StoredState>> lookAt(Place place);

}  // namespace zonecast::redis
