// The domains that the operator pinned or blocked, and until when.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "reconciler/derive/domain.h"
#include "reconciler/plan/directive.h"
#include "reconciler/time.h"

namespace zonecast::loop {

class Directives {
 public:
  using ByDomain = std::map<derive::Domain, plan::Directive>;

  // Null: there is none. Valid until the next call that is not const.
  const plan::Directive* find(const derive::Domain& domain) const;
  // In place of the one that there was; nothing: there is none any more.
  void set(const derive::Domain& domain, std::optional<plan::Directive> directive);

  const ByDomain& byDomain() const { return by_domain_; }
  std::size_t size() const { return by_domain_.size(); }
  // At most `count` of those whose time is over; they stay until they are set anew.
  std::vector<derive::Domain> over(WallTime now, std::size_t count) const;
  std::optional<plan::Deadline> nextEnd() const;

 private:
  ByDomain by_domain_;
  std::set<std::pair<plan::Deadline, derive::Domain>> by_end_;
};

}  // namespace zonecast::loop
