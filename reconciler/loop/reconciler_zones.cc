// How zones come and go, and what catalogs have to do with it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {
namespace {

constexpr std::size_t kNamesPerSlice = 128;    // of a catalog that is worked off
constexpr std::size_t kRemovalsPerTurn = 100;  // the rest is due at once
constexpr Duration kBusyRetry = std::chrono::seconds{1};

}  // namespace

bool Reconciler::addZone(WantedZone wanted, bool reset) {
  const std::optional<xfr::ZoneId> known = zoneNamed(wanted.settings.name);
  if (!known) {
    enter(zones_.add(std::move(wanted)));
  } else if (zones_.entry(*known).binding.customer == wanted.binding.customer) {
    change(*known, std::move(wanted), reset);
  } else {
    return false;
  }
  settle();
  return true;
}

bool Reconciler::removeZone(dns::NameView name, std::string cause) {
  const std::optional<xfr::ZoneId> zone = zoneNamed(name);
  if (!zone) return false;
  if (const auto catalog = zones_.entry(*zone).binding.catalog) dissolve(*catalog, cause);
  leave(*zone, std::move(cause));
  settle();
  return true;
}

void Reconciler::dissolve(CatalogId catalog, const std::string& cause) {
  catalogs_.stop(catalog);
  const Zones::Names members = zones_.membersOf(catalog);
  for (const dns::Name& member : members) leave(*zoneNamed(member), cause);
}

bool Reconciler::isConfirmed(view::ZoneIndex zone) const {
  if (trusts_copies_) return true;
  const Zones::Entry& entry = zones_.entry(idOf(zone));
  return entry.leaving ? entry.was_confirmed : secondary_.isConfirmed(idOf(zone));
}

void Reconciler::enterView(xfr::ZoneId zone) {
  const std::size_t index = static_cast<std::size_t>(zone);
  if (index >= searching_.size()) searching_.resize(index + 1);
  searching_[index] = false;
  const ZoneBinding& binding = zones_.entry(zone).binding;
  const dns::Name& name = zones_.settings(zone).name;
  if (binding.catalog) {
    view_.addCatalog(indexOf(zone), name, binding.customer);
  } else {
    view_.addZone(indexOf(zone), name, binding.customer, binding.shared);
  }
  intake_.add(zone);
}

void Reconciler::enter(xfr::ZoneId zone) {
  enterView(zone);
  secondary_.add(zone, ports_.clock.now());
}

// The copy that is held stays, and is checked by what is wanted now.
void Reconciler::change(xfr::ZoneId zone, WantedZone wanted, bool reset) {
  const Now now = ports_.clock.now();
  const Zones::Entry& entry = zones_.entry(zone);
  const bool was_leaving = entry.leaving.has_value();
  const bool asks_otherwise = was_leaving ||
                              zones_.settings(zone).primaries != wanted.settings.primaries ||
                              zones_.settings(zone).limits != wanted.settings.limits;
  if (!wanted.binding.catalog) view_.setShared(indexOf(zone), wanted.binding.shared);
  const auto last_success =
      was_leaving ? entry.last_success : secondary_.status(zone, now).last_success;
  if (asks_otherwise) {
    secondary_.remove(zone, now);
    lookAtExpiry(zone);
  }
  zones_.replace(zone, std::move(wanted));
  if (asks_otherwise) {
    secondary_.add(zone, now);
    if (view_.zone(indexOf(zone)) != nullptr) {
      secondary_.restore(zone, intake_.heldCopy(zone, last_success.value_or(WallTime{})));
    }
  }
  if (was_leaving) {
    const dns::Name& name = zones_.settings(zone).name;
    begin(ZoneLeaving{name}, {fmt::format("zone {} is back", name.toText()), std::nullopt}, false);
  }
  if (reset) secondary_.retransfer(zone, now);
}

void Reconciler::leave(xfr::ZoneId zone, std::string cause) {
  if (zones_.entry(zone).leaving) return;
  const Now now = ports_.clock.now();
  const xfr::ZoneStatus status = secondary_.status(zone, now);
  secondary_.remove(zone, now);
  noticed_.erase(zone);
  unanswered_.erase(zone);
  expired_.erase(zone);
  const std::string name = zones_.settings(zone).name.toText();
  zones_.leave(zone, cause, status.confirmed, status.last_success.value_or(WallTime{}), now);
  catalogs_.onFreed(zones_.settings(zone).name);
  // What was never transferred has nothing to be kept for.
  if (view_.zone(indexOf(zone)) == nullptr) return remove(zone, cause);
  begin(ZoneLeaving{zones_.settings(zone).name},
        {fmt::format("zone {} leaves", name), std::nullopt}, false);
  ports_.journal.record(ports::ZoneLeaves{name, std::move(cause), settings_.retire.zone_gone});
}

void Reconciler::removeThoseWhoLeft(const Now& now) {
  for (std::size_t i = 0; i < kRemovalsPerTurn; ++i) {
    const std::optional<xfr::ZoneId> zone = zones_.takeOver(now.mono);
    if (!zone) return;
    if (intake_.readyFor(*zone)) {
      remove(*zone, std::string(zones_.entry(*zone).leaving->cause));
    } else {
      zones_.postpone(*zone, now.mono + kBusyRetry);
    }
  }
}

// No pass has it. What rested on it is derived anew, and then the id is free.
void Reconciler::remove(xfr::ZoneId zone, const std::string& cause) {
  const dns::Name name = zones_.settings(zone).name;
  const view::CustomerId customer = zones_.entry(zone).binding.customer;
  secondary_.remove(zone, ports_.clock.now());
  gate_.forget(zone);
  confirmed_at_.erase(zone);
  noticed_.erase(zone);
  unanswered_.erase(zone);
  expired_.erase(zone);
  searching_[static_cast<std::size_t>(zone)] = true;
  zones_.remove(zone);
  begin(ZoneGone{zone, name, customer, view_.removeZone(indexOf(zone))},
        {fmt::format("zone {} is gone", name.toText()), std::nullopt}, false);
  catalogs_.onFreed(name);
  ports_.journal.record(ports::ZoneRemoved{name.toText(), cause});
  enterSuccessor(name);
}

// -- what is known from before

void Reconciler::restoreBinding(const ports::SavedBinding& saved) {
  const bool is_configured = zoneNamed(saved.zone).has_value();
  const auto zone = zones_.restore(saved, ports_.clock.now());
  if (!zone || is_configured) return;
  enterView(*zone);
  if (!zones_.entry(*zone).leaving) secondary_.add(*zone, ports_.clock.now());
}

void Reconciler::settleBindings() {
  std::vector<xfr::ZoneId> empty;
  for (const auto& [name, zone] : zones_.table().byName()) {
    zones_.save(zone);
    const Zones::Entry& entry = zones_.entry(zone);
    if (!entry.leaving) continue;
    if (view_.zone(indexOf(zone)) == nullptr) empty.push_back(zone);
    const Duration left = entry.leaving->until - ports_.clock.now().wall;
    ports_.journal.record(ports::ZoneLeaves{name.toText(), entry.leaving->cause, left});
  }
  for (const xfr::ZoneId zone : empty) {
    remove(zone, std::string(zones_.entry(zone).leaving->cause));
  }
}

// -- catalogs

void Reconciler::readCatalog(xfr::ZoneId zone, plan::Cause cause, bool save_full_copy) {
  const CatalogId id = *zones_.entry(zone).binding.catalog;
  const CatalogSettings& catalog = zones_.catalog(id);
  catalogs_.onChanged(id);
  begin(CatalogReading{zone, std::make_unique<catalog::Reader>(catalog.zone, catalog.members_max)},
        std::move(cause), save_full_copy);
}

void Reconciler::takeCatalog(const CatalogReading& reading) {
  if (zones_.entry(reading.zone).leaving) return;
  catalogs_.onRead(*zones_.entry(reading.zone).binding.catalog,
                   view_.zone(indexOf(reading.zone))->serial(), reading.reader->take(),
                   isConfirmed(indexOf(reading.zone)));
}

void Reconciler::workOnCatalogs() {
  const auto to_read = catalogs_.toRead();
  for (const CatalogId catalog : to_read) {
    const xfr::ZoneId zone = *zoneNamed(zones_.catalog(catalog).zone);
    if (!intake_.readyFor(zone)) continue;  // its pass is under way, and then it is its turn
    catalogs_.beginReading(catalog);
    intake_.occupy(zone);
    readCatalog(zone, {fmt::format("catalog {}", zones_.catalog(catalog).zone.toText()), {}},
                false);
  }
  for (Catalogs::Change& change : catalogs_.advance(kNamesPerSlice)) apply(std::move(change));
  for (const CatalogId catalog : catalogs_.takeSettled()) {
    view_.endPending(indexOf(*zoneNamed(zones_.catalog(catalog).zone)));
    const view::CustomerId customer = zones_.catalog(catalog).customer;
    if (view_.hasAll(customer)) {
      begin(ZonesKnown{customer}, {"all zones are known", std::nullopt}, false);
    }
  }
}

void Reconciler::apply(Catalogs::Change change) {
  using catalog::Step;
  const std::string catalog = zones_.catalog(change.catalog).zone.toText();
  dns::Name name = change.wanted.settings.name;
  if (change.step == Step::leave) {
    if (const auto zone = zoneNamed(name)) {
      leave(*zone, fmt::format("it is not a member of catalog {} any more", catalog));
    }
    return;
  }
  const ZoneBinding binding = change.wanted.binding;
  const bool reset = change.step == Step::reset || change.step == Step::move;
  if (!addZone(std::move(change.wanted), reset) || change.step == Step::none) return;
  ports_.journal.record(ports::ZoneAdded{
      name.toText(), settings_.customers[static_cast<std::size_t>(binding.customer)].name, catalog,
      std::string(catalog::toText(change.step))});
}

}  // namespace zonecast::loop
