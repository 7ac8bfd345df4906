// How the core takes on other settings while it runs: at once what it only reads, then zone by zone
// what zones are wanted for, in slices, and then, when something else may come of it, all domains.
#include <utility>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {
namespace {

constexpr std::size_t kOrdersPerSlice = 64;
constexpr const char* kNotNamed = "the configuration does not name it any more";

}  // namespace

void Reconciler::onSettingsChanged(Reconfiguration news) {
  const Now now = ports_.clock.now();
  view_.setAliasChainMax(settings_.derive.alias_chain_max);
  answers_.adopt(settings_.answers, settings_.resolvers);
  gate_.adopt(settings_.notify);
  zones_.onSettingsChanged();
  catalogs_.onSettingsChanged();
  book_.onSettingsChanged();
  newcomers_.onSettingsChanged();
  secondary_.onSettingsChanged(now);
  for (dns::Name& name : news.gone) orders_.emplace_back(ZoneUnnamed{std::move(name)});
  for (WantedZone& wanted : news.wanted) orders_.emplace_back(std::move(wanted));
  for (const CatalogId catalog : news.catalogs) orders_.emplace_back(catalog);
  if (news.derives_anew) {
    orders_.emplace_back(WatchedAnew{std::move(news.unwatched), std::move(news.watched)});
  }
  settle();
}

void Reconciler::workOnOrders() {
  for (std::size_t i = 0; i < kOrdersPerSlice && !orders_.empty(); ++i) {
    Order order = std::move(orders_.front());
    orders_.pop_front();
    std::visit([this](auto& what) { carryOut(std::move(what)); }, order);
  }
}

// Who brought it otherwise goes on to do so.
void Reconciler::carryOut(ZoneUnnamed unnamed) {
  successors_.erase(unnamed.name);
  const auto zone = zoneNamed(unnamed.name);
  if (!zone || zones_.entry(*zone).origin().catalog) return;
  removeZone(unnamed.name, kNotNamed);
}

void Reconciler::carryOut(WantedZone wanted) {
  const dns::Name name = wanted.settings.name;
  const ZoneBinding binding = wanted.binding;
  successors_.erase(name);
  const auto known = zoneNamed(name);
  const bool is_same = known && zones_.entry(*known).binding.customer == binding.customer &&
                       zones_.entry(*known).binding.catalog == binding.catalog;
  if (known && !is_same) return succeed(*known, std::move(wanted));
  const bool is_back = known && zones_.entry(*known).leaving;
  addZone(std::move(wanted));
  if (!known || is_back) tell(is_back ? catalog::Step::back : catalog::Step::add, name, binding);
  if (binding.catalog) readAgain(*binding.catalog);
}

// A zone of this name becomes another customer's, or a catalog, or one no more. Its domains stay as
// they are published until it is transferred.
void Reconciler::succeed(xfr::ZoneId zone, WantedZone wanted) {
  const Now now = ports_.clock.now();
  const dns::Name name = wanted.settings.name;
  const std::string cause = "the configuration has it for something else";
  if (const auto catalog = zones_.entry(zone).binding.catalog) dissolve(*catalog, cause);
  successors_.insert_or_assign(name, std::move(wanted));
  if (intake_.readyFor(zone)) return remove(zone, cause);
  leave(zone, cause);
  zones_.postpone(zone, now.mono);
}

void Reconciler::enterSuccessor(const dns::Name& name) {
  auto successor = successors_.extract(name);
  if (successor.empty()) return;
  const ZoneBinding binding = successor.mapped().binding;
  enter(zones_.add(std::move(successor.mapped())));
  tell(catalog::Step::add, name, binding);
}

void Reconciler::tell(catalog::Step step, const dns::Name& name, const ZoneBinding& binding) {
  ports_.journal.record(ports::ZoneAdded{
      name.toText(), settings_.customers[static_cast<std::size_t>(binding.customer)].name, "",
      std::string(catalog::toText(step))});
}

void Reconciler::carryOut(CatalogId catalog) {
  catalogs_.onGrantChanged(catalog);
  for (const dns::Name& member : zones_.membersOf(catalog)) {
    orders_.emplace_back(MemberAnew{catalog, member});
  }
  readAgain(catalog);
}

void Reconciler::carryOut(MemberAnew member) {
  if (!zones_.membersOf(member.catalog).contains(member.zone)) return;
  const xfr::ZoneId zone = *zoneNamed(member.zone);
  change(zone, zones_.memberOf(member.catalog, member.zone, zones_.entry(zone).origin()), false);
}

void Reconciler::readAgain(CatalogId catalog) {
  const auto zone = zoneNamed(zones_.catalog(catalog).zone);
  const bool is_it = zone && zones_.entry(*zone).binding.catalog == catalog;
  if (is_it && !zones_.entry(*zone).leaving && view_.zone(indexOf(*zone)) != nullptr) {
    catalogs_.readAgain(catalog);
  }
}

void Reconciler::carryOut(WatchedAnew names) {
  for (const dns::Name& name : names.unwatched) view_.removeWatched(name);
  for (const WatchedName& watched : names.watched) {
    view_.addWatched(watched.name, watched.customer);
  }
  begin(SettingsChanged{std::move(names.unwatched)}, {"the configuration", std::nullopt}, false);
}

}  // namespace zonecast::loop
