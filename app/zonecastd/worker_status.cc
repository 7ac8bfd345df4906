#include "app/zonecastd/worker_status.h"

#include <algorithm>

namespace zonecast {
namespace {

std::int64_t wholeSeconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// Nothing when there is no telling. What is read a moment later may be ahead of what we know.
std::optional<std::uint64_t> versionsBehind(const redis::WorkerReport& report,
                                            const std::optional<plan::Position>& position) {
  if (!position || report.lineage != position->lineage.uuid) return std::nullopt;
  const auto newest = static_cast<std::uint64_t>(position->version);
  return newest - std::min(newest, report.version);
}

}  // namespace

v1::Worker toMessage(const redis::WorkerReport& report,
                     const std::optional<plan::Position>& position, Instant now) {
  v1::Worker worker;
  worker.set_worker(report.id);
  worker.set_lineage(report.lineage);
  worker.set_version(report.version);
  if (const auto behind = versionsBehind(report, position)) worker.set_versions_behind(*behind);
  if (report.age) worker.set_age(wholeSeconds(*report.age + (now - report.heard)));
  worker.set_domains(report.domains);
  worker.set_refused(report.refused);
  worker.set_refused_reason(report.refused_reason);
  worker.set_trouble(report.trouble);
  worker.set_heard_seconds_ago(wholeSeconds(now - report.heard));
  return worker;
}

journal::WorkerTally tally(const redis::SeenWorkers& seen,
                           const std::optional<plan::Position>& position, Instant now) {
  journal::WorkerTally tally;
  for (const redis::WorkerReport& report : seen.workers) {
    const auto behind = versionsBehind(report, position);
    ++(!behind ? tally.elsewhere : *behind == 0 ? tally.current : tally.behind);
    tally.in_trouble += !report.trouble.empty();
    tally.refusing += report.refused > 0;
    tally.versions_behind_max = std::max(tally.versions_behind_max, behind.value_or(0));
    if (report.age) tally.age_max = std::max(tally.age_max, *report.age + (now - report.heard));
  }
  return tally;
}

}  // namespace zonecast
