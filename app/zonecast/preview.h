// What another configuration would change in what is published: the real core, run over the copies
// of zones on disk and what Redis holds.
#pragma once

#include <string>

#include "app/zonecast/rehearsal.h"
#include "reconciler/plan/change_set.h"
#include "schema/ahead.pb.h"

namespace zonecast {

// `rehearsal` began with `before` and has finished.
v1::PlannedConfiguration preview(Rehearsal& rehearsal, const plan::Table& before);

bool hasChanges(const v1::PlannedConfiguration& planned);
std::string previewText(const v1::PlannedConfiguration& planned);

}  // namespace zonecast
