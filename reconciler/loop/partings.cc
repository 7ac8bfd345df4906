#include "reconciler/loop/partings.h"

namespace zonecast::loop {
namespace {

constexpr Duration kAgainAfter = std::chrono::seconds{5};

}  // namespace

const Parting* Partings::find(DomainId domain) const {
  const auto found = partings_.find(domain);
  return found == partings_.end() ? nullptr : &found->second.parting;
}

void Partings::set(DomainId domain, const Parting& parting) {
  end(domain);
  partings_.emplace(domain, Entry{parting, parting.until});
  by_due_.emplace(parting.until, domain);
}

void Partings::end(DomainId domain) {
  rest(domain);
  partings_.erase(domain);
}

void Partings::rest(DomainId domain) {
  const auto found = partings_.find(domain);
  if (found == partings_.end() || !found->second.due) return;
  by_due_.erase({*found->second.due, domain});
  found->second.due.reset();
}

bool Partings::isResting(DomainId domain) const {
  const auto found = partings_.find(domain);
  return found != partings_.end() && !found->second.due;
}

std::vector<DomainId> Partings::takeDue(Instant now, std::size_t count) {
  std::vector<DomainId> domains;
  while (domains.size() < count && !by_due_.empty() && by_due_.begin()->first <= now) {
    const DomainId domain = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    Entry& entry = partings_.at(domain);
    entry.due = now + kAgainAfter;
    by_due_.emplace(*entry.due, domain);
    domains.push_back(domain);
  }
  return domains;
}

std::optional<Instant> Partings::nextDeadline() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

}  // namespace zonecast::loop
