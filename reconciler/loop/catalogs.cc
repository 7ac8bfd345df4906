#include "reconciler/loop/catalogs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {

using catalog::Member;
using catalog::MemberNode;
using catalog::Present;
using catalog::Step;

Catalogs::Catalogs(const Settings& settings, const Zones& zones, const view::View& view,
                   ports::Journal& journal)
    : settings_(settings), zones_(zones), view_(view), journal_(journal) {
  for (const CatalogSettings& catalog : settings.catalogs) states_.emplace_back(catalog.allow);
}

void Catalogs::onSettingsChanged() {
  while (states_.size() < settings_.catalogs.size()) {
    states_.emplace_back(settings_.catalogs[states_.size()].allow);
  }
}

void Catalogs::onGrantChanged(CatalogId id) {
  at(id).allow = discovery::PatternSet(zones_.catalog(id).allow);
}

void Catalogs::onRead(CatalogId id, dns::Serial serial, Content content, bool is_confirmed) {
  State& state = at(id);
  state.serial = serial;
  if (!content) {
    // What was read before and is not worked off yet would be older than this.
    state.content.reset();
    if (state.stage != State::Stage::waiting) std::erase(under_way_, id);
    state.stage = State::Stage::waiting;
    state.broken = std::move(content.error().text);
    journal_.record(ports::CatalogBroken{zones_.catalog(id).zone.toText(), state.broken});
    return;
  }
  state.broken.clear();
  state.content = *std::move(content);
  if (is_confirmed || state.stage != State::Stage::waiting) begin(id);
}

void Catalogs::onConfirmed(CatalogId id) {
  const State& state = at(id);
  if (state.content && state.stage == State::Stage::waiting) begin(id);
}

void Catalogs::onChanged(CatalogId id) {
  if (at(id).stage == State::Stage::waiting) at(id).content.reset();
}

void Catalogs::begin(CatalogId id) {
  State& state = at(id);
  if (state.stage == State::Stage::waiting) {
    under_way_.push_back(id);
    state.refused_before = std::move(state.refused);
  }
  state.refused.clear();
  state.stage = State::Stage::leaving;
  state.cursor.reset();
}

std::vector<Catalogs::Change> Catalogs::advance(std::size_t names_max) {
  std::vector<Change> changes;
  while (names_max > 0 && !under_way_.empty()) {
    const CatalogId id = under_way_.front();
    const bool leaving = at(id).stage == State::Stage::leaving;
    names_max -= leaving ? passMembers(id, names_max, changes) : passListed(id, names_max, changes);
    // What is listed is looked at only when whatever leaves has left.
    if (leaving) break;
  }
  return changes;
}

// Those that it brought, and does not list any more or may not bring any more.
std::size_t Catalogs::passMembers(CatalogId id, std::size_t names_max,
                                  std::vector<Change>& changes) {
  State& state = at(id);
  const Zones::Names& members = zones_.membersOf(id);
  auto name = state.cursor ? members.upper_bound(*state.cursor) : members.begin();
  std::size_t passed = 0;
  for (; passed < names_max && name != members.end(); ++name, ++passed) {
    const bool is_listed = isAllowed(id, *name) && state.content->contains(*name);
    if (stepFor(present(id, *name), nullptr) == Step::leave && !is_listed) {
      changes.push_back({id, Step::leave, {{*name, {}, {}}, {}, {}}});
    }
    state.cursor = *name;
  }
  if (name == members.end()) {
    state.stage = State::Stage::listed;
    state.cursor.reset();
  }
  return passed;
}

std::size_t Catalogs::passListed(CatalogId id, std::size_t names_max,
                                 std::vector<Change>& changes) {
  State& state = at(id);
  auto member = state.cursor ? state.content->upper_bound(*state.cursor) : state.content->begin();
  std::size_t passed = 0;
  for (; passed < names_max && member != state.content->end(); ++member, ++passed) {
    consider(id, member->first, member->second, changes);
    state.cursor = member->first;
  }
  if (member == state.content->end()) finish(id);
  return passed + 1;
}

void Catalogs::finish(CatalogId id) {
  State& state = at(id);
  journal_.record(ports::CatalogRead{zones_.catalog(id).zone.toText(), state.serial,
                                     state.content->size(), state.refused.size()});
  state.content.reset();
  state.refused_before.clear();
  state.stage = State::Stage::waiting;
  under_way_.pop_front();
  if (!std::exchange(state.settled, true)) settled_.push_back(id);
}

void Catalogs::consider(CatalogId id, const dns::Name& zone, const Member& member,
                        std::vector<Change>& changes) {
  const std::optional<Present> there = present(id, zone);
  const bool is_ours = there && there->from == Present::From::thisCatalog && !there->leaving;
  if (!isAllowed(id, zone)) {
    return refuse(id, zone, {"its name is not among what `allow` of this catalog covers"});
  }
  const Step step = stepFor(there, &member);
  if (step == Step::clash) return refuse(id, zone, {holder(zone)});
  if (step == Step::add || step == Step::back) {
    if (std::string why = objection(id, zone); !why.empty()) {
      return refuse(id, zone, {std::move(why), true});
    }
  }
  const MemberNode& node = member.node(is_ours ? there->label : std::string());
  if (member.nodes.size() > 1) {
    refuse(id, zone,
           {fmt::format("it stands there {} times, and counts once, as {}", member.nodes.size(),
                        node.label)});
  }
  noteOwner(id, zone, node.coo);
  const auto known = zones_.find(zone);
  if (step == Step::none && known && zones_.entry(*known).origin().coo == node.coo) return;
  Origin origin{id, node.label, node.groups, node.coo};
  changes.push_back({id, step, zones_.memberOf(id, zone, std::move(origin))});
}

// Once, as long as the reason stays.
void Catalogs::refuse(CatalogId id, const dns::Name& zone, Refusal refusal) {
  State& state = at(id);
  const auto before = state.refused_before.find(zone);
  if (before == state.refused_before.end() || before->second.why != refusal.why) {
    journal_.record(
        ports::MemberRefused{zones_.catalog(id).zone.toText(), zone.toText(), refusal.why});
  }
  state.refused.insert_or_assign(zone, std::move(refusal));
}

// The catalog that shall have the zone may have been refused it so far.
void Catalogs::noteOwner(CatalogId id, const dns::Name& zone, const std::optional<dns::Name>& coo) {
  if (!coo) return;
  const auto known = zones_.find(*coo);
  const auto other = known ? zones_.entry(*known).binding.catalog : std::nullopt;
  if (other && *other != id && at(*other).refused.contains(zone)) to_read_.insert(*other);
}

std::optional<Present> Catalogs::present(CatalogId id, const dns::Name& zone) const {
  const std::optional<xfr::ZoneId> known = zones_.find(zone);
  if (!known) return std::nullopt;
  const Zones::Entry& entry = zones_.entry(*known);
  Present present{.from = Present::From::elsewhere,
                  .same_customer = entry.binding.customer == zones_.catalog(id).customer,
                  .leaving = entry.leaving.has_value(),
                  .label = entry.origin().label,
                  .groups = entry.origin().groups};
  if (entry.origin().catalog) {
    present.from =
        entry.origin().catalog == id ? Present::From::thisCatalog : Present::From::anotherCatalog;
    present.comes_here = entry.origin().coo == zones_.catalog(id).zone;
  }
  return present;
}

bool Catalogs::isAllowed(CatalogId id, const dns::Name& zone) const {
  return !zone.view().isRoot() && at(id).allow.matches(zone.toText());
}

// DESIGN section 5: what lies below another customer's zone needs that one's delegation.
std::string Catalogs::objection(CatalogId id, const dns::Name& zone) const {
  const view::CustomerId customer = zones_.catalog(id).customer;
  const auto watcher = view_.watcher(zone);
  const auto speaker = watcher ? watcher : view_.speaker(zone);
  if (!speaker || *speaker == customer) return "";
  const auto above = view_.zoneAbove(zone);
  if (watcher || !above || view_.owner(*above) != *speaker) {
    return fmt::format("customer {} speaks for this name, which it watches",
                       customerName(*speaker));
  }
  const view::Zone* content = view_.zone(*above);
  const bool is_delegated = content != nullptr && content->lookup(zone, dns::RrType::ns).kind ==
                                                      view::ZoneAnswer::Kind::delegated;
  if (is_delegated || view_.apex(*above) == zone.view()) return "";
  return fmt::format("it lies in zone {} of customer {}, which does not delegate it",
                     view_.apex(*above).toText(), customerName(*speaker));
}

std::string Catalogs::holder(const dns::Name& zone) const {
  const Zones::Entry& entry = zones_.entry(*zones_.find(zone));
  if (entry.leaving) {
    return fmt::format("customer {} has this zone for some time yet: it is leaving",
                       customerName(entry.binding.customer));
  }
  if (!entry.origin().catalog) {
    return fmt::format("the configuration has this zone already, for customer {}",
                       customerName(entry.binding.customer));
  }
  return fmt::format("catalog {} has this zone already, for customer {}",
                     zones_.catalog(*entry.origin().catalog).zone.toText(),
                     customerName(entry.binding.customer));
}

const std::string& Catalogs::customerName(view::CustomerId customer) const {
  return settings_.customers[static_cast<std::size_t>(customer)].name;
}

void Catalogs::stop(CatalogId id) {
  State& state = at(id);
  std::erase(under_way_, id);
  to_read_.erase(id);
  state = State(zones_.catalog(id).allow);
}

void Catalogs::onFreed(dns::NameView name) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].refused.contains(name))
      to_read_.insert(CatalogId{static_cast<std::uint32_t>(i)});
  }
}

void Catalogs::onZoneChanged(dns::NameView apex) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const Refusals& refused = states_[i].refused;
    const auto is_below = [&](auto it) {
      return it != refused.end() && it->first.view().isAtOrUnder(apex);
    };
    auto below = refused.upper_bound(apex);
    while (is_below(below) && !below->second.awaits_delegation) ++below;
    if (is_below(below)) to_read_.insert(CatalogId{static_cast<std::uint32_t>(i)});
  }
}

std::string Catalogs::trouble(CatalogId id) const {
  const State& state = at(id);
  if (!state.broken.empty()) {
    return fmt::format("the catalog is broken, and its members stay as they are: {}", state.broken);
  }
  if (state.refused.empty()) return "";
  const auto& [zone, refusal] = *state.refused.begin();
  return fmt::format("{} of its members are refused: {}: {}", state.refused.size(), zone.toText(),
                     refusal.why);
}

std::size_t Catalogs::refused() const {
  std::size_t count = 0;
  for (const State& state : states_) count += state.refused.size();
  return count;
}

}  // namespace zonecast::loop
