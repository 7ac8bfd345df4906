#include "app/zonecastd/long_work.h"

#include <fmt/format.h>

namespace zonecast {
namespace {

using logging::Line;

LongWork firstTransfers(const loop::Overview& overview) {
  const auto& [transfers, records] = overview.transfers;
  return {Line("transfers go on")
              .add("zones_loaded", overview.zones_loaded)
              .add("zones", overview.zones)
              .add("transfers", transfers)
              .add("records_arriving", records),
          fmt::format("{} of {} zones loaded, {} transfers with {} records so far under way",
                      overview.zones_loaded, overview.zones, transfers, records),
          overview.zones_loaded + records};
}

LongWork entriesMoved(const redis::EntriesMoved& moved, bool is_open) {
  const char* what = is_open ? "staged in Redis" : "read back from Redis";
  return {Line(fmt::format("entries are {}", what))
              .add("entries", moved.done)
              .add("in_all", moved.in_all),
          fmt::format("{} of {} entries {}", moved.done, moved.in_all, what), moved.done};
}

}  // namespace

std::vector<LongWork> longWork(const loop::Overview& overview,
                               const std::optional<redis::EntriesMoved>& moved) {
  std::vector<LongWork> work;
  if (overview.transfers.transfers > 0 && overview.zones_loaded < overview.zones)
    work.push_back(firstTransfers(overview));
  if (overview.domains_to_derive > 0) {
    work.push_back({Line("deriving goes on").add("domains_to_derive", overview.domains_to_derive),
                    fmt::format("{} domains to derive", overview.domains_to_derive),
                    overview.domains_to_derive});
  }
  if (overview.store == loop::StoreState::planning) {
    work.push_back({Line("planning goes on").add("domains_waiting", overview.domains_waiting),
                    fmt::format("{} domains to plan", overview.domains_waiting),
                    overview.domains_waiting});
  }
  if (moved) work.push_back(entriesMoved(*moved, loop::isOpen(overview.store)));
  return work;
}

std::string longWorkText(const std::vector<LongWork>& work) {
  std::string text;
  for (const LongWork& each : work) text += (text.empty() ? "" : ", ") + each.text;
  return text;
}

void LongWorkLog::observe(const std::vector<LongWork>& work, Instant now) {
  if (work.empty()) {
    progress_ = {};
    return;
  }
  std::uint64_t done = 0;
  for (const LongWork& each : work) done = done * 31 + each.done;
  if (!progress_.admits(done, now)) return;
  for (const LongWork& each : work) out_.info(each.line);
}

}  // namespace zonecast
