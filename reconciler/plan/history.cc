#include "reconciler/plan/history.h"

#include <algorithm>
#include <utility>

namespace zonecast::plan {
namespace {

std::optional<Version> dropFirst(DomainHistory& history, std::size_t count) {
  if (count == 0) return std::nullopt;
  const Version newest = history.entries[count - 1].version;
  history.entries.erase(history.entries.begin(),
                        history.entries.begin() + static_cast<std::ptrdiff_t>(count));
  history.is_cut = true;
  return newest;
}

}  // namespace

std::string_view whatHappened(const HistoryEntry& entry, bool is_first) {
  if (!entry.after) return "removed";
  if (!entry.before) return is_first ? "hosted" : "returned";
  if (entry.before->did != entry.after->did) return "moved";
  if (entry.before->state == entry.after->state) return "changed";
  return entry.after->state == State::retiring ? "retired" : "returned";
}

StateAt stateAt(const DomainHistory& history, Version version) {
  const auto later = std::ranges::upper_bound(history.entries, version, {}, &HistoryEntry::version);
  if (later != history.entries.begin()) return {true, std::prev(later)->after};
  if (later == history.entries.end()) return {!history.is_cut, std::nullopt};
  // The first that is kept says what was before it; when there were others, since when is not
  // known.
  return {!history.is_cut, later->before};
}

std::optional<Version> append(DomainHistory& history, HistoryEntry entry,
                              const HistoryPolicy& policy) {
  const Deadline now = entry.time;
  // What was lost on the way to the disk may come again.
  std::erase_if(history.entries, [&](const HistoryEntry& e) { return e.version >= entry.version; });
  history.entries.push_back(std::move(entry));
  std::optional<Version> dropped = dropOld(history, now, policy);
  const std::size_t kept = history.entries.size();
  const std::size_t over = kept - std::min<std::size_t>(kept, policy.per_domain);
  return std::max(dropped, dropFirst(history, over));
}

std::optional<Version> dropOld(DomainHistory& history, Deadline now, const HistoryPolicy& policy) {
  const auto isOld = [&](const HistoryEntry& entry) {
    return now - entry.time > std::chrono::days(policy.days) && now > entry.time;
  };
  const auto young = std::ranges::find_if_not(history.entries, isOld);
  std::size_t old = static_cast<std::size_t>(young - history.entries.begin());
  const bool is_published = !history.entries.empty() && history.entries.back().after.has_value();
  if (is_published && old == history.entries.size()) --old;
  return dropFirst(history, old);
}

}  // namespace zonecast::plan
