// Which primaries are one server: several customers may have theirs at one address and port, each
// under a key of its own. What a server can bear is counted for the server, not for each of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <absl/container/btree_map.h>

#include "reconciler/xfr/secondary.h"

namespace zonecast::xfr {

enum class ServerId : std::uint32_t {};  // in the order in which the primaries name them

class Servers {
 public:
  explicit Servers(std::span<const PrimarySettings> primaries) { extend(primaries); }

  // By those that stand behind the ones that are known, which are as they were.
  void extend(std::span<const PrimarySettings> primaries) {
    for (const PrimarySettings& primary : primaries.subspan(of_.size())) {
      const ServerId next{static_cast<std::uint32_t>(endpoints_.size())};
      const auto [server, is_new] = known_.try_emplace(primary.endpoint, next);
      if (is_new) endpoints_.push_back(primary.endpoint);
      of_.push_back(server->second);
    }
  }

  std::size_t count() const { return endpoints_.size(); }
  std::size_t primaries() const { return of_.size(); }
  ServerId of(PrimaryId primary) const { return of_[static_cast<std::size_t>(primary)]; }
  const Endpoint& endpoint(ServerId server) const {
    return endpoints_[static_cast<std::size_t>(server)];
  }

 private:
  absl::btree_map<Endpoint, ServerId> known_;
  std::vector<ServerId> of_;         // by primary
  std::vector<Endpoint> endpoints_;  // by server
};

}  // namespace zonecast::xfr
