// The zones that there are, by id and by name, while they come and go.
//
// An id is a slot. A zone that is removed keeps its id, and its settings can still be read, until
// release(): whoever refers to it by its id finds the zone that it meant, or that it is gone, and
// never another one. Meanwhile its name may be another zone's already.
//
// Invariants: of each name there is at most one zone that is not gone; an id is given anew only
// after it was released. Not thread-safe.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <absl/container/btree_map.h>

#include "reconciler/dns/name.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::xfr {

class ZoneTable {
 public:
  using ByName = absl::btree_map<dns::NameView, ZoneId, dns::CanonicalLess>;

  ZoneTable() = default;
  explicit ZoneTable(std::span<const ZoneSettings> zones) {
    for (const ZoneSettings& zone : zones) add(zone);
  }

  ZoneId add(ZoneSettings settings) {
    assert(!find(settings.name));
    if (free_.empty()) {
      free_.push_back(idsEnd());
      slots_.emplace_back();
    }
    const ZoneId id = free_.back();
    free_.pop_back();
    slot(id) = {std::make_unique<ZoneSettings>(std::move(settings)), false};
    by_name_.emplace(slot(id).settings->name, id);
    return id;
  }
  // By settings of the same name.
  void replace(ZoneId id, ZoneSettings settings) {
    assert(has(id) && settings.name == slot(id).settings->name.view());
    slot(id).settings->primaries = std::move(settings.primaries);
    slot(id).settings->limits = settings.limits;
  }
  void remove(ZoneId id) {
    assert(has(id));
    by_name_.erase(slot(id).settings->name.view());
    slot(id).gone = true;
  }
  void release(ZoneId id) {
    assert(slot(id).gone);
    slot(id) = {};
    free_.push_back(id);
  }

  bool has(ZoneId id) const {
    return id < idsEnd() && slot(id).settings != nullptr && !slot(id).gone;
  }
  // Not released.
  const ZoneSettings& operator[](ZoneId id) const { return *slot(id).settings; }
  std::optional<ZoneId> find(dns::NameView name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  }
  const ByName& byName() const { return by_name_; }
  std::size_t size() const { return by_name_.size(); }
  // Every id is below it; some are of no zone.
  ZoneId idsEnd() const { return ZoneId{static_cast<std::uint32_t>(slots_.size())}; }

 private:
  struct Slot {
    std::unique_ptr<ZoneSettings> settings;
    bool gone = false;
  };
  Slot& slot(ZoneId id) { return slots_[static_cast<std::size_t>(id)]; }
  const Slot& slot(ZoneId id) const { return slots_[static_cast<std::size_t>(id)]; }

  std::vector<Slot> slots_;
  std::vector<ZoneId> free_;
  ByName by_name_;  // its keys live in the slots
};

}  // namespace zonecast::xfr
