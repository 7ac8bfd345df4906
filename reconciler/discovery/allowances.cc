#include "reconciler/discovery/allowances.h"

#include <iterator>

namespace zonecast::discovery {

Allowance Allowances::of(std::string_view who, Instant now) const {
  if (const auto known = known_.find(who); known != known_.end()) return known->second->allowance;
  return hasRoom(now) ? Allowance::holding(quota_, tokensOfNewcomer(), now) : of_the_others_;
}

void Allowances::take(std::string_view who, Instant now) {
  if (const auto known = known_.find(who); known != known_.end()) {
    by_age_.splice(by_age_.end(), by_age_, known->second);
    return known->second->allowance.take(quota_, now);
  }
  if (!hasRoom(now)) return of_the_others_.take(quota_, now);
  if (known_.size() >= remembered_max_) {
    known_.erase(by_age_.front().who);
    by_age_.pop_front();
  }
  by_age_.push_back({std::string(who), Allowance::holding(quota_, tokensOfNewcomer(), now)});
  by_age_.back().allowance.take(quota_, now);
  known_.emplace(by_age_.back().who, std::prev(by_age_.end()));
}

void Allowances::takeInVain(std::string_view who, Instant now) {
  if (known_.contains(who)) take(who, now);
}

bool Allowances::hasRoom(Instant now) const {
  if (known_.size() < remembered_max_) return true;
  return !by_age_.empty() && by_age_.front().allowance.isFull(now);
}

}  // namespace zonecast::discovery
