#include "reconciler/loop/directives.h"

namespace zonecast::loop {

const plan::Directive* Directives::find(const derive::Domain& domain) const {
  const auto found = by_domain_.find(domain);
  return found == by_domain_.end() ? nullptr : &found->second;
}

void Directives::set(const derive::Domain& domain, std::optional<plan::Directive> directive) {
  if (const auto known = by_domain_.find(domain); known != by_domain_.end()) {
    by_end_.erase({known->second.until, domain});
    by_domain_.erase(known);
  }
  if (!directive) return;
  by_domain_.emplace(domain, *directive);
  by_end_.emplace(directive->until, domain);
}

std::vector<derive::Domain> Directives::over(WallTime now, std::size_t count) const {
  std::vector<derive::Domain> domains;
  for (const auto& [until, domain] : by_end_) {
    if (domains.size() == count || WallTime(until) > now) break;
    domains.push_back(domain);
  }
  return domains;
}

std::optional<plan::Deadline> Directives::nextEnd() const {
  if (by_end_.empty()) return std::nullopt;
  return by_end_.begin()->first;
}

}  // namespace zonecast::loop
