// Which zones there are, where each comes from, and which of them are leaving.
//
//   wanted -> here -> leaving -> gone -> released
//              ^         |
//              '---------'  wanted again, and all is as it was
//
// A zone is wanted because the configuration or a catalog names it. When nobody wants it any more
// it is leaving: kept as it is, and asked about no more, for retire.zone_gone; then it is gone,
// and its id is free once nothing depends on it. What a zone is bound to is kept on disk, since at
// the next start nobody may say so yet.
//
// Invariant: an id may be given to another zone only when no pass has it and no verdict names it,
// except verdicts of domains that wait to be derived again. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "reconciler/loop/settings.h"
#include "reconciler/ports/disk.h"
#include "reconciler/rare.h"
#include "reconciler/xfr/agenda.h"
#include "reconciler/xfr/zone_table.h"

namespace zonecast::loop {

// Where a zone comes from: the configuration, or a catalog that lists it so.
struct Origin {
  std::optional<CatalogId> catalog{};
  std::string label{};
  std::vector<std::string> groups{};
  std::optional<dns::Name> coo{};
};

struct WantedZone {
  xfr::ZoneSettings settings;
  ZoneBinding binding;
  Origin origin{};
};

struct Leaving {
  WallTime since, until;
  std::string cause;  // "example.com is not a member of catalog.example any more"
};

class Zones {
 public:
  // There are 100,000 of them: what most have nothing to say of stands elsewhere.
  struct Entry {
    ZoneBinding binding;
    Rare<Origin> member;  // nothing: the configuration names it
    Rare<Leaving> leaving;
    bool was_confirmed = false;  // when it began to leave, or was saved
    WallTime last_success{};     // likewise
    Instant alarm = xfr::kNever;
    Rare<ports::SavedBinding> saved;  // as the disk had it at the start, until then

    const Origin& origin() const;
  };

  // `settings` and `disk` must outlive it. What is configured is here already.
  Zones(const Settings& settings, ports::Disk& disk);

  void onSettingsChanged() { members_.resize(settings_.catalogs.size()); }

  const xfr::ZoneTable& table() const { return table_; }
  const xfr::ZoneSettings& settings(xfr::ZoneId zone) const { return table_[zone]; }
  const Entry& entry(xfr::ZoneId zone) const { return entries_[static_cast<std::size_t>(zone)]; }
  std::optional<xfr::ZoneId> find(dns::NameView name) const { return table_.find(name); }
  const CatalogSettings& catalog(CatalogId id) const {
    return settings_.catalogs[static_cast<std::size_t>(id)];
  }
  // Those that it brought and that are not leaving.
  using Names = absl::btree_set<dns::Name, dns::CanonicalLess>;
  const Names& membersOf(CatalogId catalog) const {
    return members_[static_cast<std::size_t>(catalog)];
  }
  std::size_t members() const;
  std::size_t leaving() const { return leaving_; }

  xfr::ZoneId add(WantedZone wanted);
  // By what is wanted of it now; it leaves no more.
  void replace(xfr::ZoneId zone, WantedZone wanted);
  void leave(xfr::ZoneId zone, std::string cause, bool is_confirmed, WallTime last_success,
             const Now& now);
  void unconfirm(xfr::ZoneId zone) { at(zone).was_confirmed = false; }
  std::optional<xfr::ZoneId> takeOver(Instant now);  // one whose time to leave is over
  void postpone(xfr::ZoneId zone, Instant until);    // that is not ready to be removed
  Instant nextDeadline() const { return agenda_.first(); }
  void remove(xfr::ZoneId zone);   // from disk, too
  void release(xfr::ZoneId zone);  // nothing refers to the id any more

  // Before the start. What it is to be bound to, or nothing when it cannot stay.
  std::optional<xfr::ZoneId> restore(const ports::SavedBinding& saved, const Now& now);
  void setLastSuccess(xfr::ZoneId zone, WallTime at) { this->at(zone).last_success = at; }
  void save(xfr::ZoneId zone);  // unless it is as the disk had it

  // What a catalog's settings make of a member.
  WantedZone memberOf(CatalogId catalog, dns::NameView zone, Origin origin) const;

 private:
  Entry& at(xfr::ZoneId zone) { return entries_[static_cast<std::size_t>(zone)]; }
  xfr::ZoneId enter(WantedZone wanted);
  void setOrigin(xfr::ZoneId zone, Origin origin);
  void setLeaving(xfr::ZoneId zone, Rare<Leaving> leaving, Instant until);
  std::optional<view::CustomerId> customerNamed(std::string_view name) const;
  std::optional<CatalogId> catalogNamed(std::string_view name, view::CustomerId customer) const;
  ports::SavedBinding bindingOf(xfr::ZoneId zone) const;

  const Settings& settings_;
  ports::Disk& disk_;
  xfr::ZoneTable table_;
  std::vector<Entry> entries_;  // by id
  std::vector<Names> members_;  // by catalog
  std::size_t leaving_ = 0;
  xfr::Agenda<xfr::ZoneId> agenda_;
};

}  // namespace zonecast::loop
