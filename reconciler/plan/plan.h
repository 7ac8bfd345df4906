// plan: (published, desired, hold rule) -> change set, and what is held back and why.
//
//   published | desired | source confirmed | action
//   ----------+---------+------------------+------------------------------
//   -         | X       | yes              | add
//   X         | Y       | yes              | change
//   X         | -       | yes              | remove (null policy; retirement comes later)
//   any       | other   | no               | hold: "zone example.com is not confirmed yet"
//   X         | X       | any              | nothing
//
// A virtual domain is published only as a whole, so that readers never see a domain whose DID does
// not list it, or the reverse. What the hold rule holds therefore spreads, until nothing is added:
//
//   held because of the rule                         | held with it
//   -------------------------------------------------+---------------------------------------------
//   a domain that differs                            | its published and its desired virtual domain
//   the canonical domain, published or desired, of a | that virtual domain (its attributes come
//   virtual domain that differs                      | from there)
//   a virtual domain, by either                      | every domain that differs and is in it,
//                                                    | published or desired
//
// With the null policy and everything confirmed, plan(s, s) is empty and apply(plan(a, b), a) == b.
// With any hold rule, apply(plan(a, b), a) is consistent when a and b are. Pure: no clock, no log,
// ordered output; the time grows as n log n.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/plan/change_set.h"
#include "reconciler/plan/table.h"

namespace zonecast::plan {

struct Held {
  derive::Domain domain;
  // The rule's words; after "held with DOMAIN: " when it is that one which the rule holds.
  std::string why;
  friend bool operator==(const Held&, const Held&) = default;
};

struct Plan {
  ChangeSet changes;  // without causes: those are the caller's to tell
  // Ascending by domain. A canonical domain that holds back its virtual domain's attributes is here
  // though its own entry is as it was.
  std::vector<Held> held;
};

// Says why nothing about a domain may be published yet; empty when it may. Pure.
using HoldRule = std::function<std::string(const derive::Domain&)>;

// Both tables are consistent: each domain's DID exists and lists it, and the reverse. They may be
// slices of the whole state, sliced by the same keys, as long as a slice that has a virtual domain
// has every domain that enters or leaves it, and the other way round.
Plan plan(const Table& published, const Table& desired, const HoldRule& hold);

// The result is what was planned only on the table that it was planned against.
void apply(const ChangeSet& changes, Table& table);

// `later` after `earlier`, as one change set: keys that end as they began vanish. Causes are kept,
// in order.
ChangeSet merge(ChangeSet earlier, ChangeSet later);

}  // namespace zonecast::plan
