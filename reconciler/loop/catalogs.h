// What the catalogs say, and which steps lead from the zones that are here to that.
//
//   its zone changed -> read (a pass) -> waits until its zone is confirmed -> worked off, in slices
//
// Only a catalog that is confirmed to be current, and is not broken, brings zones or takes them
// away: one that is broken, expired or not read yet keeps its members. What a catalog lists and may
// not have, or another has, is refused, and remembered with the reason: when that goes, the catalog
// is read again.
//
// Invariants: a customer's catalogs bring zones to this customer alone, and only such that their
// grant covers; they take away nothing but what the same catalog brought. Not thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "reconciler/catalog/content.h"
#include "reconciler/catalog/step.h"
#include "reconciler/discovery/pattern_set.h"
#include "reconciler/loop/zones.h"
#include "reconciler/ports/journal.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

class Catalogs {
 public:
  // All of them must outlive it.
  Catalogs(const Settings& settings, const Zones& zones, const view::View& view,
           ports::Journal& journal);

  // There may be more of them.
  void onSettingsChanged();
  void onGrantChanged(CatalogId catalog);
  void readAgain(CatalogId catalog) { to_read_.insert(catalog); }  // its zone is transferred

  using Content = tl::expected<catalog::Members, catalog::Broken>;
  void onRead(CatalogId catalog, dns::Serial serial, Content content, bool is_confirmed);
  void onConfirmed(CatalogId catalog);
  // What was read and waits to be confirmed never will be.
  void onChanged(CatalogId catalog);

  struct Change {
    CatalogId catalog{};
    catalog::Step step{};
    WantedZone wanted;  // but for `leave`, of which only the name counts
  };
  // The next steps: some, so that a slice is short. Whoever takes them takes them all.
  std::vector<Change> advance(std::size_t names_max);
  bool hasWork() const { return !under_way_.empty(); }

  // It is a catalog no more.
  void stop(CatalogId catalog);

  // A name is free, or nearer to being so; a zone says something else: whoever waits for that is to
  // be read again.
  void onFreed(dns::NameView name);
  void onZoneChanged(dns::NameView apex);
  const absl::btree_set<CatalogId>& toRead() const { return to_read_; }
  void beginReading(CatalogId catalog) { to_read_.erase(catalog); }

  // It was worked off once, so that its members are known; since the last call.
  std::vector<CatalogId> takeSettled() { return std::exchange(settled_, {}); }

  // What is wrong with it, for people; empty when nothing is.
  std::string trouble(CatalogId catalog) const;
  bool isBroken(CatalogId catalog) const { return !at(catalog).broken.empty(); }
  bool isSettled(CatalogId catalog) const { return at(catalog).settled; }
  std::size_t refused() const;

 private:
  struct Refusal {
    std::string why;
    bool awaits_delegation = false;  // by the zone above it
  };
  using Refusals = absl::btree_map<dns::Name, Refusal, dns::CanonicalLess>;
  struct State {
    explicit State(std::span<const discovery::Pattern> patterns) : allow(patterns) {}

    discovery::PatternSet allow;
    std::string broken;
    bool settled = false;
    dns::Serial serial;
    std::optional<catalog::Members> content;  // read, and not worked off
    enum class Stage : std::uint8_t { waiting, leaving, listed } stage{};
    std::optional<dns::Name> cursor;
    Refusals refused, refused_before;
  };
  State& at(CatalogId catalog) { return states_[static_cast<std::size_t>(catalog)]; }
  const State& at(CatalogId catalog) const { return states_[static_cast<std::size_t>(catalog)]; }

  void begin(CatalogId catalog);
  std::size_t passMembers(CatalogId id, std::size_t names_max, std::vector<Change>& changes);
  std::size_t passListed(CatalogId id, std::size_t names_max, std::vector<Change>& changes);
  void finish(CatalogId id);
  void consider(CatalogId id, const dns::Name& zone, const catalog::Member& member,
                std::vector<Change>& changes);
  void refuse(CatalogId id, const dns::Name& zone, Refusal refusal);
  void noteOwner(CatalogId id, const dns::Name& zone, const std::optional<dns::Name>& coo);
  std::optional<catalog::Present> present(CatalogId id, const dns::Name& zone) const;
  bool isAllowed(CatalogId id, const dns::Name& zone) const;
  std::string objection(CatalogId id, const dns::Name& zone) const;
  std::string holder(const dns::Name& zone) const;
  const std::string& customerName(view::CustomerId customer) const;

  const Settings& settings_;
  const Zones& zones_;
  const view::View& view_;
  ports::Journal& journal_;
  std::vector<State> states_;        // by catalog
  std::deque<CatalogId> under_way_;  // each once
  absl::btree_set<CatalogId> to_read_;
  std::vector<CatalogId> settled_;
};

}  // namespace zonecast::loop
