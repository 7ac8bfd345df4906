// DIDs, as the operator sees them and hands them over.
#include <fmt/format.h>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {

DidReport Reconciler::reportOn(const identity::Did& did) const {
  DidReport report{did, {}, {}, {}, {}};
  if (const auto used = published_.virtual_domains.find(did);
      used != published_.virtual_domains.end()) {
    report.in_use = used->second;
  }
  if (const plan::DidRecord* record = dids_.record(did)) report.record = *record;
  if (report.record && report.record->freed) {
    const WallTime until = WallTime(*report.record->freed) + settings_.did_keep;
    const bool is_discovered =
        settings_.discovered &&
        report.record->customer ==
            settings_.customers[static_cast<std::size_t>(*settings_.discovered)].name;
    if (!is_discovered && until > ports_.clock.now().wall) report.kept_until = until;
  }
  if (const auto dispute = dids_.disputes().find(did); dispute != dids_.disputes().end()) {
    report.dispute = dispute->second;
  }
  return report;
}

std::optional<DidReport> Reconciler::didReport(const identity::Did& did) const {
  return dids_.isKnown(did) ? std::optional(reportOn(did)) : std::nullopt;
}

std::vector<DidReport> Reconciler::didReports(const identity::Did* after,
                                              std::size_t dids_max) const {
  const auto behind = [after](const auto& map) {
    return after == nullptr ? map.begin() : map.upper_bound(*after);
  };
  auto used = behind(published_.virtual_domains);
  auto recorded = behind(published_.records);
  std::vector<DidReport> reports;
  while (reports.size() < dids_max) {
    const bool has_used = used != published_.virtual_domains.end();
    const bool has_recorded = recorded != published_.records.end();
    if (!has_used && !has_recorded) break;
    const bool is_used = has_used && (!has_recorded || used->first <= recorded->first);
    const identity::Did did = is_used ? used->first : recorded->first;
    if (is_used) ++used;
    if (has_recorded && recorded->first == did) ++recorded;
    reports.push_back(reportOn(did));
  }
  return reports;
}

tl::expected<std::string, std::string> Reconciler::handOver(const identity::Did& did,
                                                            std::string_view customer) {
  const bool was_disputed = dids_.disputes().contains(did);
  auto done = dids_.handOver(did, customer);
  if (!done) return done;
  plan::Cause cause{fmt::format("the operator handed DID {} over", did.text()), std::nullopt};
  std::vector<DomainId> domains = book_.contenders(did);
  if (was_disputed) {
    for (const derive::Domain& member : book_.members(did)) domains.push_back(*book_.find(member));
    publisher_.releaseHeld(did);
  }
  if (!domains.empty()) begin(DomainsDue{std::move(domains)}, std::move(cause), false);
  settle();
  return done;
}

}  // namespace zonecast::loop
