// plan: (published, desired, policy, now) -> change set, and what is held back and why.
//
//   published | desired | source confirmed | action
//   ----------+---------+------------------+------------------------------
//   -         | X       | yes              | add
//   X         | Y       | yes              | change
//   X         | -       | yes              | remove (null policy; retirement comes later)
//   any       | other   | no               | hold: "zone example.com is not confirmed since the start"
//   X         | X       | any              | nothing
//
// With the null policy and everything confirmed: plan(s, s) is empty, and apply(plan(a, b), a) == b.
// Pure: no clock, no log, ordered output.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/plan/change_set.h"
#include "reconciler/plan/table.h"

namespace zonecast::plan {

struct Held {
  derive::Domain domain;
  std::string why;
};

struct Plan {
  ChangeSet changes;
  std::vector<Held> held;
};

// Says why nothing about a domain may be published yet; empty when it may.
using HoldRule = std::function<std::string(const derive::Domain&)>;

// `published` and `desired` may be slices of the whole state, as long as both are sliced by the same keys. A held
// domain holds its virtual domain's change too, in its published and its desired DID: a virtual domain is published
// only as a whole.
Plan plan(const Table& published, const Table& desired, const HoldRule& hold);

void apply(const ChangeSet& changes, Table& table);

// `later` after `earlier`, as one change set: keys that end as they began vanish.
ChangeSet merge(ChangeSet earlier, ChangeSet later);

}  // namespace zonecast::plan
