#include "reconciler/loop/held_domains.h"

#include <utility>

namespace zonecast::loop {

void HeldDomains::hold(const derive::Domain& domain, std::string why,
                       std::vector<identity::Did> dids, derive::Sources zones) {
  release(domain);
  for (const identity::Did& did : dids) by_did_[did].insert(domain);
  for (const view::ZoneIndex zone : zones) by_zone_[zone].insert(domain);
  zones_.emplace(domain, std::move(zones));
  reasons_.emplace(domain, std::move(why));
  dids_.emplace(domain, std::move(dids));
}

namespace {

// A key may stand twice in `keys`.
template <typename Keys, typename Key>
void takeOut(const derive::Domain& domain, const Keys& keys,
             std::map<Key, std::set<derive::Domain>>& index) {
  for (const Key& key : keys) {
    const auto under = index.find(key);
    if (under == index.end()) continue;
    under->second.erase(domain);
    if (under->second.empty()) index.erase(under);
  }
}

}  // namespace

void HeldDomains::release(const derive::Domain& domain) {
  const auto known = dids_.find(domain);
  if (known == dids_.end()) return;
  takeOut(domain, known->second, by_did_);
  takeOut(domain, zones_.at(domain), by_zone_);
  dids_.erase(known);
  zones_.erase(domain);
  reasons_.erase(domain);
}

void HeldDomains::clear() {
  *this = {};
}

std::vector<derive::Domain> HeldDomains::heldWith(const derive::Domain& domain) const {
  std::vector<derive::Domain> group;
  const auto known = dids_.find(domain);
  if (known == dids_.end()) return group;
  for (const identity::Did& did : known->second) {
    const std::set<derive::Domain>& under = by_did_.at(did);
    group.insert(group.end(), under.begin(), under.end());
  }
  return group;
}

std::vector<derive::Domain> HeldDomains::under(const identity::Did& did) const {
  const auto known = by_did_.find(did);
  if (known == by_did_.end()) return {};
  return {known->second.begin(), known->second.end()};
}

std::vector<derive::Domain> HeldDomains::restingOn(view::ZoneIndex zone) const {
  const auto known = by_zone_.find(zone);
  if (known == by_zone_.end()) return {};
  return {known->second.begin(), known->second.end()};
}

}  // namespace zonecast::loop
