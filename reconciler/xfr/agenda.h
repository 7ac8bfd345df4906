// Who is to be woken when, for many sleepers: setting, moving and taking the first are O(log n),
// and nobody ever looks through all of them.
//
// Invariant: the agenda holds (slot, id) exactly when the slot, which the sleeper itself keeps, is
// not kNever; so nothing but set() and takeDue()'s caller writes to a slot. Sleepers due at the
// same instant are taken in the order of their ids.
#pragma once

#include <optional>
#include <utility>

#include <absl/container/btree_set.h>

#include "reconciler/time.h"

namespace zonecast::xfr {

inline constexpr Instant kNever = Instant::max();

template <typename Id>
class Agenda {
 public:
  void set(Id id, Instant& slot, Instant at) {
    if (slot == at) return;
    if (slot != kNever) entries_.erase({slot, id});
    if (at != kNever) entries_.insert({at, id});
    slot = at;
  }

  // Wakes the sleeper at `at`, unless it is to be woken earlier anyway.
  void bringForward(Id id, Instant& slot, Instant at) {
    if (at < slot) set(id, slot, at);
  }

  // The first sleeper that is due, taken off: whoever takes it sets its slot to kNever.
  std::optional<Id> takeDue(Instant now) {
    if (first() > now || entries_.empty()) return std::nullopt;
    const Id id = entries_.begin()->second;
    entries_.erase(entries_.begin());
    return id;
  }

  Instant first() const { return entries_.empty() ? kNever : entries_.begin()->first; }

 private:
  absl::btree_set<std::pair<Instant, Id>> entries_;
};

}  // namespace zonecast::xfr
