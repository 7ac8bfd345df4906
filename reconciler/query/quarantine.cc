#include "reconciler/query/quarantine.h"

#include <algorithm>

namespace zonecast::query {
namespace {

using Why = Failure::Why;

// Whether it took, or would take, long enough to be in the way of others.
bool isSlow(Why why) {
  return why == Why::timeout || why == Why::unreachable;
}

// "_sip._udp.example.com" is asked for the sake of "example.com".
dns::Name domainOf(dns::NameView name) {
  while (name.startsWithUnderscore()) name = name.parent();
  return dns::Name(name);
}

}  // namespace

Quarantine::Key Quarantine::keyOf(const Request& request) {
  const Upstream& upstream = request.upstream;
  const bool by_name = upstream.kind == Upstream::Kind::resolver;
  return {upstream.servers.front(), by_name ? domainOf(request.question.name) : dns::Name()};
}

const Quarantine::Case* Quarantine::find(const Request& request) const {
  if (cases_.empty()) return nullptr;
  const auto found = cases_.find(keyOf(request));
  return found == cases_.end() ? nullptr : &found->second;
}

void Quarantine::failed(const Request& request, const Failure& failure, Instant now) {
  if (failure.why == Why::unproven) return;
  const Upstream& upstream = request.upstream;
  if (upstream.kind == Upstream::Kind::authoritative && !isSlow(failure.why)) return;
  const Key key = keyOf(request);
  const auto [entry, added] = cases_.try_emplace(key);
  Case& found = entry->second;
  // Those that were under way when it began are the same failure.
  if (!added && now < found.until) return;
  const Duration grown = settings_.first * (std::int64_t{1} << std::min(found.failures, 20u));
  found = {found.failures + 1, now + std::min(grown, settings_.longest), failure};
  if (!added) return;
  by_age_.push_back(key);
  makeRoom();
}

void Quarantine::makeRoom() {
  while (by_age_.size() > settings_.remembered_max) {
    cases_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

}  // namespace zonecast::query
