#include "reconciler/view/view.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace zonecast::view {

using dns::Name;
using dns::NameView;
using dns::RrType;

View::ZoneEntry& View::makeEntry(ZoneIndex index, Name apex, CustomerId owner) {
  const auto at = static_cast<std::size_t>(index);
  if (at >= zones_.size()) zones_.resize(at + 1);
  ZoneEntry& entry = zones_[at];
  assert(!entry.content && !entry.missing);
  entry = {};
  entry.apex = std::move(apex);
  entry.owner = owner;
  setMissing(entry, true);
  return entry;
}

void View::addZone(ZoneIndex index, Name apex, CustomerId owner, bool shared) {
  [[maybe_unused]] const bool is_new = by_apex_.emplace(apex, index).second;
  assert(is_new);
  apex_labels_.set(apex.view().labelCount());
  makeEntry(index, std::move(apex), owner).shared = shared;
}

void View::addCatalog(ZoneIndex index, Name apex, CustomerId owner) {
  makeEntry(index, std::move(apex), owner).answers = false;
}

void View::endPending(ZoneIndex catalog) {
  assert(!at(catalog).answers);
  setMissing(at(catalog), false);
}

std::unique_ptr<Zone> View::removeZone(ZoneIndex index) {
  ZoneEntry& entry = at(index);
  if (entry.answers) by_apex_.erase(entry.apex);
  auto content = install(index, nullptr);
  setMissing(entry, false);
  return content;
}

void View::setMissing(ZoneEntry& zone, bool missing) {
  if (std::exchange(zone.missing, missing) == missing) return;
  std::size_t& zones = missing_[zone.owner];
  missing ? ++zones : --zones;
  if (zones == 0) missing_.erase(zone.owner);
}

std::unique_ptr<Zone> View::install(ZoneIndex zone, std::unique_ptr<Zone> content) {
  assert(!content || content->apex() == apex(zone));
  const bool is_loaded = content != nullptr;
  auto before = std::exchange(at(zone).content, std::move(content));
  if (is_loaded == (before != nullptr)) return before;
  is_loaded ? ++loaded_ : --loaded_;
  if (at(zone).answers) setMissing(at(zone), !is_loaded);
  return before;
}

template <typename Accept>
std::optional<ZoneIndex> View::mostSpecific(NameView name, Accept accept) const {
  for (std::size_t labels = name.labelCount();; --labels) {
    if (apex_labels_.test(labels)) {
      const auto found = by_apex_.find(name);
      if (found != by_apex_.end() && accept(at(found->second))) return found->second;
    }
    if (labels == 0) return std::nullopt;
    name = name.parent();
  }
}

std::optional<ZoneIndex> View::zoneFor(CustomerId customer, NameView name) const {
  return mostSpecific(
      name, [customer](const ZoneEntry& zone) { return zone.shared || zone.owner == customer; });
}

std::optional<ZoneIndex> View::zoneAbove(NameView name) const {
  return mostSpecific(name, [](const ZoneEntry&) { return true; });
}

void View::addWatched(Name name, CustomerId customer) {
  watched_labels_.set(name.view().labelCount());
  watched_.insert_or_assign(std::move(name), customer);
}

std::optional<CustomerId> View::watcher(NameView name) const {
  const auto watched = watched_.find(name);
  return watched == watched_.end() ? std::nullopt : std::optional(watched->second);
}

std::optional<CustomerId> View::speaker(NameView name) const {
  for (std::size_t labels = name.labelCount();; --labels) {
    if (apex_labels_.test(labels)) {
      const auto zone = by_apex_.find(name);
      if (zone != by_apex_.end()) return owner(zone->second);
    }
    if (watched_labels_.test(labels)) {
      const auto watched = watched_.find(name);
      if (watched != watched_.end()) return watched->second;
    }
    if (labels == 0) return std::nullopt;
    name = name.parent();
  }
}

namespace {

using Kind = ZoneAnswer::Kind;

Evidence evidenceOf(ZoneIndex index, const Zone& zone, const ZoneAnswer& answer, NameView question,
                    RrType type) {
  Evidence evidence{.source = FromZone{index, zone.serial()},
                    .asked = Name(question),
                    .name = answer.source,
                    .type = type,
                    .kind = Evidence::Kind::rrset,
                    .ttl = answer.rrset.ttl};
  switch (answer.kind) {
    case Kind::cname:
      evidence.type = RrType::cname;
      evidence.kind = Evidence::Kind::cname;
      break;
    case Kind::dname:
    case Kind::tooLong:
      evidence.type = RrType::dname;
      evidence.kind = Evidence::Kind::dname;
      break;
    case Kind::nodata:
      evidence.kind = Evidence::Kind::nodata;
      evidence.ttl = zone.negativeTtl();
      break;
    case Kind::nxdomain:
      evidence.name = Name(question);
      evidence.kind = Evidence::Kind::nxdomain;
      evidence.ttl = zone.negativeTtl();
      break;
    default:
      break;
  }
  return evidence;
}

void giveUp(Answer& answer, std::string why, bool is_outside = false) {
  answer.kind = Answer::Kind::notKnown;
  answer.why = std::move(why);
  answer.is_outside = is_outside;
}

// Takes over what one zone says to `answer.name`; true when it is an alias that leads on.
bool takeOver(ZoneAnswer&& said, Answer& answer) {
  switch (said.kind) {
    case Kind::cname:
    case Kind::dname:
      answer.name = std::move(said.target);
      return true;
    case Kind::data:
      answer.kind = Answer::Kind::data;
      answer.rrset = std::move(said.rrset);
      return false;
    case Kind::nodata:
      answer.kind = Answer::Kind::nodata;
      return false;
    case Kind::nxdomain:
      answer.kind = Answer::Kind::nxdomain;
      return false;
    case Kind::tooLong:
      giveUp(answer, fmt::format("the DNAME at {} makes too long a name of {}",
                                 said.source.toText(), answer.name.toText()));
      return false;
    case Kind::delegated:
      giveUp(answer,
             fmt::format("delegated away at {}: {}", said.source.toText(), answer.name.toText()),
             true);
      return false;
  }
  return false;
}

}  // namespace

Answer View::lookup(CustomerId customer, NameView name, RrType type) const {
  Way way;
  return lookup(customer, name, type, way);
}

Answer View::lookup(CustomerId customer, NameView name, RrType type, Way& way) const {
  Answer answer;
  answer.name = Name(name);
  for (std::uint32_t aliases = 0; aliases <= alias_chain_max_; ++aliases) {
    const auto index = zoneFor(customer, answer.name);
    if (!index) {
      giveUp(answer, "outside the customer's zones: " + answer.name.toText(), true);
      return answer;
    }
    const Zone* content = zone(*index);
    if (content == nullptr) {
      giveUp(answer, fmt::format("zone {} is not transferred yet", apex(*index).toText()));
      return answer;
    }
    if (std::exchange(way.zone, content) != content) way.path = content->pathFromApex();
    ZoneAnswer said = content->lookup(answer.name, type, *way.path);
    if (said.kind != Kind::delegated) {
      answer.evidence.push_back(evidenceOf(*index, *content, said, answer.name, type));
    }
    if (!takeOver(std::move(said), answer)) return answer;
  }
  giveUp(answer, fmt::format("more than {} aliases in a row from {} (derive.alias_chain_max)",
                             alias_chain_max_, name.toText()));
  return answer;
}

}  // namespace zonecast::view
