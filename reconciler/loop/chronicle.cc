#include "reconciler/loop/chronicle.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace zonecast::loop {
namespace {

// Some 2 ms.
constexpr std::size_t kExplainedPerSlice = 50;
constexpr std::size_t kDomainsPerSlice = 1000;

}  // namespace

Chronicle::Chronicle(const plan::HistoryPolicy& policy, ports::Disk& disk, Teller tell)
    : policy_(policy), disk_(disk), tell_(std::move(tell)) {}

void Chronicle::add(plan::Version version, std::shared_ptr<const plan::ChangeSet> changes,
                    WallTime now) {
  if (policy_.per_domain == 0 || changes->domains.empty()) return;
  pages_.push_back({version, std::move(changes), plan::deadlineAt(now)});
}

void Chronicle::advance() {
  if (pages_.empty()) return;
  Page& page = pages_.front();
  const auto& changes = page.changes->domains;
  const bool with_record = changes.size() <= kExplainedMax;
  const std::size_t end = std::min(
      changes.size(), page.written + (with_record ? kExplainedPerSlice : kDomainsPerSlice));
  std::vector<plan::DomainEvent> events;
  events.reserve(end - page.written);
  for (; page.written < end; ++page.written) {
    events.push_back(eventOf(page, changes[page.written]));
  }
  disk_.saveHistory(std::move(events), policy_);
  if (page.written == changes.size()) pages_.pop_front();
}

plan::DomainEvent Chronicle::eventOf(const Page& page, const plan::DomainChange& change) const {
  Evidence evidence = tell_(change, page.changes->domains.size() <= kExplainedMax);
  const auto& causes = page.changes->causes;
  return {change.key,
          {.version = page.version,
           .time = page.time,
           .before = change.before,
           .after = change.after,
           .record = std::move(evidence.record),
           .source = std::move(evidence.source),
           .cause = causes.empty() ? std::string() : causes.front().text}};
}

}  // namespace zonecast::loop
