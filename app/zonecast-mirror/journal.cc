#include "app/zonecast-mirror/journal.h"

#include <utility>

#include <fmt/format.h>

#include "adapters/process/service_manager.h"

namespace zonecast {

using logging::Line;

void Journal::onLoading(const std::string& why) {
  loading_ = {};
  out_.info(line("loading everything: " + why));
  process::tellStatus("loading everything: " + why);
}

void Journal::tellProgress(const mirror::Loading& loading) {
  process::tellStatus(
      fmt::format("loading everything: {} of {} entries", loading.entries, loading.entries_in_all));
  if (!loading_.admits(loading.entries, loop_.now().mono)) return;
  out_.info(line("reading everything goes on")
                .add("entries", loading.entries)
                .add("in_all", loading.entries_in_all));
}

void Journal::onLoaded(const mirror::Serving& serving) {
  out_.info(line("loaded", serving));
  tellRefusals(serving);
}

void Journal::onVersion(const mirror::Serving& serving) {
  out_.debug(line("a version is shown", serving));
  tellRefusals(serving);
}

void Journal::onCurrent(const mirror::Serving& serving) {
  out_.info(line("the table is current", serving));
  process::tellStatus("the table is current");
  if (when_current_) when_current_();
}

void Journal::onTrouble(const std::string& why) {
  out_.warn(line("the table stays as it is: " + why));
  process::tellStatus("the table stays as it is: " + why);
}

void Journal::onRelayTrouble(const std::string& why) {
  warnSeldom(relay_troubles_, why, line("not told to Redis: " + why));
}

void Journal::tellRefusals(const mirror::Serving& serving) {
  if (serving.refused == 0 || serving.last_refusal == last_refusal_) return;
  last_refusal_ = serving.last_refusal;
  warnSeldom(refusals_, "",
             line("published entries are not served, among them: " + last_refusal_, serving)
                 .add("refused", serving.refused));
}

Line Journal::line(const std::string& words) const {
  return Line(words).add("table", table_);
}

Line Journal::line(const std::string& words, const mirror::Serving& serving) const {
  return Line(words)
      .add("lineage", serving.position.lineage)
      .add("version", serving.position.version)
      .add("domains", serving.domains)
      .add("table", table_);
}

void Journal::warnSeldom(logging::Repeats& repeats, const std::string& subject, Line line) {
  const auto omitted = repeats.admit(subject, loop_.now().mono);
  if (!omitted) return;
  omitted->addTo(line);
  out_.warn(line);
}

}  // namespace zonecast
