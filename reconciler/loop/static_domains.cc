#include "reconciler/loop/static_domains.h"

namespace zonecast::loop {

StaticDomains::StaticDomains(const Settings& settings) : settings_(settings) {
  onSettingsChanged();
}

void StaticDomains::onSettingsChanged() {
  domains_.clear();
  by_domain_.clear();
  by_did_.clear();
  for (std::size_t i = 0; i < settings_.statics.size(); ++i) {
    by_did_.emplace(identity::Did::fromText(settings_.statics[i].did).value(), i);
    for (const std::string& text : settings_.statics[i].domains) {
      domains_.push_back(derive::Domain::fromHost(text).value());
      by_domain_.emplace(domains_.back(), i);
    }
  }
}

const StaticVirtualDomain* StaticDomains::find(const derive::Domain& domain) const {
  const auto found = by_domain_.find(domain);
  return found == by_domain_.end() ? nullptr : &settings_.statics[found->second];
}

const StaticVirtualDomain* StaticDomains::under(const identity::Did& did) const {
  const auto found = by_did_.find(did);
  return found == by_did_.end() ? nullptr : &settings_.statics[found->second];
}

}  // namespace zonecast::loop
