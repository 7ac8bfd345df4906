// The two ways of publishing: a change set in one Function call, and a whole table staged beside
// the old one and swapped in. Both change the store at once or not at all, and advance `standing`
// when they did.
#pragma once

#include "adapters/redis/meta.h"
#include "adapters/redis/opening.h"
#include "reconciler/ports/state_store.h"

namespace zonecast::redis {

// For up to options.batch_max changes.
Task<Expected<plan::Position>> applyChanges(Place place, Standing& standing,
                                            ports::Publication publication);

struct Replacement {
  RawPosition expected;  // what the store must hold, lest nothing is done
  plan::Position next;   // with the chain that it continues: zeroes for a new lineage
  std::vector<plan::Cause> causes;
};
// `table` must stay as it is until the task has ended, or been forgotten by its session.
Task<Expected<plan::Position>> replaceContent(Place place, Standing& standing,
                                              Replacement replacement, const plan::Table& table);

}  // namespace zonecast::redis
