// Two maps are walked side by side for what differs; what is held is then taken out by groups.
#include "reconciler/plan/plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace zonecast::plan {
namespace {

// Where two maps differ, ascending by key.
template <typename Key, typename Value>
std::vector<Change<Key, Value>> difference(const absl::btree_map<Key, Value>& published,
                                           const absl::btree_map<Key, Value>& desired) {
  std::vector<Change<Key, Value>> changes;
  auto before = published.begin();
  auto after = desired.begin();
  while (before != published.end() || after != desired.end()) {
    const bool gone =
        after == desired.end() || (before != published.end() && before->first < after->first);
    const bool added = !gone && (before == published.end() || after->first < before->first);
    if (gone) {
      changes.push_back({before->first, before->second, std::nullopt});
    } else if (added) {
      changes.push_back({after->first, std::nullopt, after->second});
    } else if (before->second != after->second) {
      changes.push_back({before->first, before->second, after->second});
    }
    if (!added) ++before;
    if (!gone) ++after;
  }
  return changes;
}

// The virtual domains that change, in groups that can only be published together: a domain that
// moves ties the one that it leaves to the one that it enters. A union-find forest over their
// places in the change set, so that the fixpoint of "held with it" costs little more than looking
// at each change once.
class Groups {
 public:
  using Place = std::size_t;

  explicit Groups(const ChangeSet& all)
      : changes_(all.virtual_domains), parents_(changes_.size()), seeds_(changes_.size()) {
    std::iota(parents_.begin(), parents_.end(), Place{0});
    for (const auto& domain : all.domains) {
      const auto left = placeOf(domain.before);
      const auto entered = placeOf(domain.after);
      if (left && entered) parents_[rootOf(*left)] = rootOf(*entered);
    }
  }

  // The virtual domain of an entry, if it changes.
  std::optional<Place> placeOf(const std::optional<DomainEntry>& entry) const {
    if (!entry) return std::nullopt;
    const auto found =
        std::ranges::lower_bound(changes_, entry->did, {}, &VirtualDomainChange::key);
    if (found == changes_.end() || found->key != entry->did) return std::nullopt;
    return static_cast<Place>(found - changes_.begin());
  }

  // Holds the whole group. Of several domains that do, the first is named.
  void hold(Place place, const derive::Domain& seed) {
    auto& named = seeds_[rootOf(place)];
    if (!named) named = &seed;
  }
  // The domain for whose sake the group is held; nothing when it is not.
  const derive::Domain* heldFor(Place place) { return seeds_[rootOf(place)]; }
  const derive::Domain* heldFor(const DomainChange& change) {
    const auto left = placeOf(change.before);
    const auto* seed = left ? heldFor(*left) : nullptr;
    const auto entered = placeOf(change.after);
    return seed || !entered ? seed : heldFor(*entered);
  }

 private:
  Place rootOf(Place place) {
    while (parents_[place] != place) {
      parents_[place] = parents_[parents_[place]];
      place = parents_[place];
    }
    return place;
  }

  const std::vector<VirtualDomainChange>& changes_;
  std::vector<Place> parents_;
  std::vector<const derive::Domain*> seeds_;  // of roots
};

using Reasons = std::map<derive::Domain, std::string>;

// What the rule itself holds: domains that change, and canonical domains of virtual domains that
// change. The rule is asked once about each.
class Seeds {
 public:
  Seeds(const ChangeSet& all, const HoldRule& rule, Groups& groups) : all_(all), rule_(rule) {
    for (const auto& change : all.domains) {
      auto why = rule(change.key);
      if (why.empty()) continue;
      const auto& seed = reasons_.emplace(change.key, std::move(why)).first->first;
      for (const auto place : {groups.placeOf(change.before), groups.placeOf(change.after)}) {
        if (place) groups.hold(*place, seed);
      }
    }
    for (Groups::Place place = 0; place < all.virtual_domains.size(); ++place) {
      const auto& change = all.virtual_domains[place];
      for (const auto* value : {&change.before, &change.after}) {
        const auto* seed = *value ? canonicalThatIsHeld((**value)->canonical) : nullptr;
        if (seed) groups.hold(place, *seed);
      }
    }
  }
  Reasons take() && { return std::move(reasons_); }

 private:
  const derive::Domain* canonicalThatIsHeld(const derive::Domain& canonical) {
    auto known = reasons_.find(canonical);
    const bool was_asked =
        std::ranges::binary_search(all_.domains, canonical, {}, &DomainChange::key);
    if (known == reasons_.end() && !was_asked) {
      if (auto why = rule_(canonical); !why.empty()) {
        known = reasons_.emplace(canonical, std::move(why)).first;
      }
    }
    return known == reasons_.end() ? nullptr : &known->first;
  }

  const ChangeSet& all_;
  const HoldRule& rule_;
  Reasons reasons_;
};

// Moves out of `all` what may be published.
Plan divide(ChangeSet&& all, Groups& groups, const Reasons& seeds) {
  Plan plan;
  Reasons held = seeds;
  for (auto& change : all.domains) {
    if (seeds.contains(change.key)) continue;
    if (const auto* seed = groups.heldFor(change)) {
      held.emplace(change.key, fmt::format("held with {}: {}", seed->text(), seeds.at(*seed)));
    } else {
      plan.changes.domains.push_back(std::move(change));
    }
  }
  for (Groups::Place place = 0; place < all.virtual_domains.size(); ++place) {
    if (groups.heldFor(place)) continue;
    plan.changes.virtual_domains.push_back(std::move(all.virtual_domains[place]));
  }
  plan.changes.records = std::move(all.records);  // of no reader's concern
  for (auto& [domain, why] : held) plan.held.push_back({domain, std::move(why)});
  return plan;
}

}  // namespace

Plan plan(const Table& published, const Table& desired, const HoldRule& hold) {
  ChangeSet all;
  all.domains = difference(published.domains, desired.domains);
  all.virtual_domains = difference(published.virtual_domains, desired.virtual_domains);
  all.records = difference(published.records, desired.records);
  Groups groups(all);
  const Reasons seeds = Seeds(all, hold, groups).take();
  return divide(std::move(all), groups, seeds);
}

}  // namespace zonecast::plan
