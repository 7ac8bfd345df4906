#include "app/zonecastd/history_service.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"

namespace zonecast {
namespace {

constexpr std::size_t kDomainsPerPage = 2000;  // looked at, some milliseconds

v1::ControlResponse failure(v1::Failure::Kind kind, std::string text) {
  v1::ControlResponse response;
  response.mutable_failure()->set_kind(kind);
  response.mutable_failure()->set_text(std::move(text));
  return response;
}

void fill(v1::HistoryEntry& to, const derive::Domain& domain, const plan::HistoryEntry& from,
          bool is_first) {
  to.set_version(static_cast<std::uint64_t>(from.version));
  to.set_time(from.time.time_since_epoch().count());
  to.set_what(std::string(plan::whatHappened(from, is_first)));
  if (from.before) *to.mutable_before() = redis::toMessage(domain, *from.before);
  if (from.after) *to.mutable_after() = redis::toMessage(domain, *from.after);
  to.set_record(from.record);
  to.set_source(from.source);
  to.set_cause(from.cause);
}

void addDifference(v1::Diff& diff, const derive::Domain& domain, const plan::DomainHistory& history,
                   plan::Version from, plan::Version to) {
  const plan::StateAt before = plan::stateAt(history, from);
  const plan::StateAt after = plan::stateAt(history, to);
  const auto end = std::ranges::upper_bound(history.entries, to, {}, &plan::HistoryEntry::version);
  const bool is_changed = end != history.entries.begin() && std::prev(end)->version > from;
  const bool is_known = before.is_known && after.is_known;
  if (is_known && (!is_changed || before.entry == after.entry)) return;
  v1::DiffLine& line = *diff.add_domains();
  line.set_domain(std::string(domain.text()));
  line.set_unknown(!is_known);
  if (before.entry) *line.mutable_before() = redis::toMessage(domain, *before.entry);
  if (after.entry) *line.mutable_after() = redis::toMessage(domain, *after.entry);
  if (!is_changed) return;
  const bool is_first = std::prev(end) == history.entries.begin() && !history.is_cut;
  fill(*line.mutable_last(), domain, *std::prev(end), is_first);
}

// Why nothing can be said; empty when it can.
std::string objection(const tl::expected<std::optional<plan::Version>, std::string>& since,
                      std::uint64_t from, std::uint64_t to, std::optional<plan::Version> newest) {
  if (!since) return since.error();
  const auto last = static_cast<std::uint64_t>(newest.value_or(plan::Version{}));
  if (to > last) return fmt::format("version {} is not published yet: {} is the newest", to, last);
  if (!*since) return "no history is kept yet";
  const auto first = static_cast<std::uint64_t>(**since);
  if (from >= first) return {};
  return fmt::format(
      "version {} is older than what is kept, which begins with {}; history.days "
      "and history.per_domain say how long",
      from, first);
}

}  // namespace

v1::ControlResponse answerHistory(const ports::History& history,
                                  const v1::HistoryRequest& request) {
  const auto domain = derive::Domain::fromHost(request.domain());
  if (!domain) return failure(v1::Failure::INVALID, domain.error());
  const auto found = history.historyOf(*domain);
  if (!found) return failure(v1::Failure::NOT_FOUND, found.error());
  if (!*found) {
    return failure(v1::Failure::NOT_FOUND,
                   fmt::format("nothing is kept of {}: it has not been published, or not for as "
                               "long as history.days says",
                               domain->text()));
  }
  v1::ControlResponse response;
  v1::History& told = *response.mutable_history();
  told.set_domain(std::string(domain->text()));
  told.set_cut((*found)->is_cut);
  bool is_first = !(*found)->is_cut;
  for (const plan::HistoryEntry& entry : (*found)->entries) {
    fill(*told.add_entries(), *domain, entry, std::exchange(is_first, false));
  }
  return response;
}

v1::ControlResponse answerDiff(const ports::History& history, const v1::DiffRequest& request,
                               std::optional<plan::Version> newest) {
  if (request.from() >= request.to()) {
    return failure(v1::Failure::INVALID, "expected two versions, the earlier one first");
  }
  if (auto why = objection(history.historySince(), request.from(), request.to(), newest);
      !why.empty()) {
    return failure(v1::Failure::NOT_FOUND, std::move(why));
  }
  v1::ControlResponse response;
  v1::Diff& diff = *response.mutable_diff();
  const plan::Version from{request.from()}, to{request.to()};
  auto next =
      history.visitHistory(request.after(), kDomainsPerPage,
                           [&](const derive::Domain& domain, const plan::DomainHistory& one) {
                             addDifference(diff, domain, one, from, to);
                           });
  if (!next) return failure(v1::Failure::NOT_FOUND, next.error());
  diff.set_next(next->value_or(""));
  return response;
}

}  // namespace zonecast
