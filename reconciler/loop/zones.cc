#include "reconciler/loop/zones.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {

const Origin& Zones::Entry::origin() const {
  static const Origin configured;
  return member ? *member : configured;
}

Zones::Zones(const Settings& settings, ports::Disk& disk)
    : settings_(settings), disk_(disk), members_(settings.catalogs.size()) {
  entries_.reserve(settings.zones.size());
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    enter({settings.secondary.zones[i], settings.zones[i]});
  }
}

std::size_t Zones::members() const {
  std::size_t count = 0;
  for (const Names& names : members_) count += names.size();
  return count;
}

xfr::ZoneId Zones::enter(WantedZone wanted) {
  const xfr::ZoneId zone = table_.add(std::move(wanted.settings));
  if (zone >= xfr::ZoneId{static_cast<std::uint32_t>(entries_.size())}) entries_.emplace_back();
  at(zone) = {};
  at(zone).binding = wanted.binding;
  setOrigin(zone, std::move(wanted.origin));
  return zone;
}

xfr::ZoneId Zones::add(WantedZone wanted) {
  const xfr::ZoneId zone = enter(std::move(wanted));
  save(zone);
  return zone;
}

void Zones::replace(xfr::ZoneId zone, WantedZone wanted) {
  setLeaving(zone, std::nullopt, xfr::kNever);
  table_.replace(zone, std::move(wanted.settings));
  at(zone).binding = wanted.binding;
  setOrigin(zone, std::move(wanted.origin));
  save(zone);
}

void Zones::setOrigin(xfr::ZoneId zone, Origin origin) {
  Entry& entry = at(zone);
  const dns::Name& name = table_[zone].name;
  if (entry.member) members_[static_cast<std::size_t>(*entry.member->catalog)].erase(name);
  entry.member = {};
  if (origin.catalog) entry.member = std::move(origin);
  if (entry.member) members_[static_cast<std::size_t>(*entry.member->catalog)].insert(name);
}

void Zones::setLeaving(xfr::ZoneId zone, Rare<Leaving> leaving, Instant until) {
  Entry& entry = at(zone);
  leaving_ += leaving.has_value();
  leaving_ -= entry.leaving.has_value();
  entry.leaving = std::move(leaving);
  agenda_.set(zone, entry.alarm, until);
}

void Zones::leave(xfr::ZoneId zone, std::string cause, bool is_confirmed, WallTime last_success,
                  const Now& now) {
  Entry& entry = at(zone);
  entry.was_confirmed = is_confirmed;
  entry.last_success = last_success;
  if (entry.member) {
    members_[static_cast<std::size_t>(*entry.member->catalog)].erase(table_[zone].name);
  }
  setLeaving(zone, Leaving{now.wall, now.wall + settings_.retire.zone_gone, std::move(cause)},
             now.mono + settings_.retire.zone_gone);
  save(zone);
}

std::optional<xfr::ZoneId> Zones::takeOver(Instant now) {
  const auto zone = agenda_.takeDue(now);
  if (zone) at(*zone).alarm = xfr::kNever;
  return zone;
}

void Zones::postpone(xfr::ZoneId zone, Instant until) {
  agenda_.set(zone, at(zone).alarm, until);
}

void Zones::remove(xfr::ZoneId zone) {
  setLeaving(zone, std::nullopt, xfr::kNever);
  setOrigin(zone, {});
  const dns::Name& name = table_[zone].name;
  disk_.removeZone(name);
  disk_.removeBinding(name);
  table_.remove(zone);
}

void Zones::release(xfr::ZoneId zone) {
  at(zone) = {};
  table_.release(zone);
}

// -- what is kept on disk

std::optional<view::CustomerId> Zones::customerNamed(std::string_view name) const {
  const auto found = std::ranges::find(settings_.customers, name, &CustomerSettings::name);
  if (found == settings_.customers.end()) return std::nullopt;
  return view::CustomerId{static_cast<std::uint32_t>(found - settings_.customers.begin())};
}

std::optional<CatalogId> Zones::catalogNamed(std::string_view name,
                                             view::CustomerId customer) const {
  const auto found = std::ranges::find_if(settings_.catalogs, [&](const CatalogSettings& catalog) {
    return catalog.customer == customer && catalog.zone.toText() == name;
  });
  if (found == settings_.catalogs.end()) return std::nullopt;
  return CatalogId{static_cast<std::uint32_t>(found - settings_.catalogs.begin())};
}

std::optional<xfr::ZoneId> Zones::restore(const ports::SavedBinding& saved, const Now& now) {
  const auto customer = customerNamed(saved.customer);
  const std::optional<xfr::ZoneId> configured = find(saved.zone);
  if (configured) {
    at(*configured).saved = saved;
    return configured;
  }
  if (!customer) {
    disk_.removeBinding(saved.zone);
    return std::nullopt;
  }
  const auto catalog = catalogNamed(saved.catalog, *customer);
  Origin origin{catalog, saved.label, saved.groups, std::nullopt};
  WantedZone wanted = catalog ? memberOf(*catalog, saved.zone, std::move(origin))
                              : WantedZone{{saved.zone, {}, {}}, {*customer, false}};
  const xfr::ZoneId zone = enter(std::move(wanted));
  at(zone).saved = saved;
  if (saved.leaving_since || !catalog) {
    const WallTime since = saved.leaving_since.value_or(now.wall);
    std::string cause = saved.cause;
    if (!saved.leaving_since) {
      cause = saved.catalog.empty()
                  ? "the configuration does not name it any more"
                  : fmt::format("the configuration does not name its catalog {} any more",
                                saved.catalog);
    }
    // The wall clock may have been set meanwhile.
    const Duration left = std::clamp<Duration>(since + settings_.retire.zone_gone - now.wall, {},
                                               settings_.retire.zone_gone);
    if (catalog) members_[static_cast<std::size_t>(*catalog)].erase(saved.zone);
    setLeaving(zone, Leaving{since, now.wall + left, std::move(cause)}, now.mono + left);
  }
  return zone;
}

ports::SavedBinding Zones::bindingOf(xfr::ZoneId zone) const {
  const Entry& entry = this->entry(zone);
  ports::SavedBinding binding{
      .zone = table_[zone].name,
      .customer = settings_.customers[static_cast<std::size_t>(entry.binding.customer)].name};
  if (entry.member) {
    binding.catalog = catalog(*entry.member->catalog).zone.toText();
    binding.label = entry.member->label;
    binding.groups = entry.member->groups;
  }
  if (entry.leaving) {
    binding.leaving_since = entry.leaving->since;
    binding.cause = entry.leaving->cause;
  }
  return binding;
}

void Zones::save(xfr::ZoneId zone) {
  const Rare<ports::SavedBinding> there = std::exchange(at(zone).saved, {});
  const ports::SavedBinding binding = bindingOf(zone);
  if (there != binding) disk_.saveBinding(binding);
}

WantedZone Zones::memberOf(CatalogId id, dns::NameView zone, Origin origin) const {
  const CatalogSettings& catalog = this->catalog(id);
  const auto group = std::ranges::find_if(catalog.groups, [&origin](const auto& each) {
    return std::ranges::find(origin.groups, each.first) != origin.groups.end();
  });
  const MemberSettings& settings = group == catalog.groups.end() ? catalog.members : group->second;
  return {{dns::Name(zone), settings.primaries, settings.limits},
          {catalog.customer, false},
          std::move(origin)};
}

}  // namespace zonecast::loop
