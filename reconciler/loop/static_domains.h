// The virtual domains that stand in the configuration, found by domain and by DID.
//
// What the configuration says of a domain stands in place of all that DNS says of it. Whose DID is
// whose holds for them as for all others: one that another customer has is contested.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "reconciler/loop/settings.h"

namespace zonecast::loop {

class StaticDomains {
 public:
  explicit StaticDomains(const Settings& settings);  // which must outlive it
  void onSettingsChanged();

  // Valid until the settings change; null: it is not among them.
  const StaticVirtualDomain* find(const derive::Domain& domain) const;
  const StaticVirtualDomain* under(const identity::Did& did) const;
  const std::vector<derive::Domain>& domains() const { return domains_; }

 private:
  const Settings& settings_;
  std::vector<derive::Domain> domains_;
  // Indices into the settings.
  absl::flat_hash_map<derive::Domain, std::size_t> by_domain_;
  absl::flat_hash_map<identity::Did, std::size_t> by_did_;
};

}  // namespace zonecast::loop
