#include "adapters/journal/reference.h"

#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "adapters/journal/metrics.h"

namespace zonecast::journal {
namespace {

constexpr std::string_view kHead = R"(# Every metric of zonecastd

Made from the metrics themselves (`zonecastd --help-metrics`); a test holds this page to them. They are served at
`http.listen`. Zones, domains and senders are never labels: `zonecast zone-status` and `zonecast explain` name them.

| metric | type | labels | what it says |
|---|---|---|---|
)";

class NoTime final : public ports::Clock {
 public:
  Now now() const override { return {}; }
};

std::string_view toText(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "untyped";
  }
}

using Values = std::map<std::string, std::set<std::string>>;  // by label

Values labelsOf(const prometheus::MetricFamily& family) {
  Values labels;
  for (const prometheus::ClientMetric& series : family.metric) {
    for (const auto& label : series.label) labels[label.name].insert(label.value);
  }
  return labels;
}

std::string text(const Values& labels, bool has_all) {
  std::string cell;
  for (const auto& [name, values] : labels) {
    cell += fmt::format("{}`{}`", cell.empty() ? "" : ", ", name);
    if (has_all) cell += fmt::format(": {}", fmt::join(values, ", "));
  }
  return cell;
}

}  // namespace

std::string metricsPage(const std::function<void(prometheus::Registry&)>& register_more) {
  const NoTime clock;
  Metrics metrics(clock);
  register_more(*metrics.registry());
  metrics.observe({});
  metrics.observeWorkers({});
  std::set<std::string> from_the_start;
  for (const auto& family : metrics.registry()->Collect()) from_the_start.insert(family.name);
  metrics.record(
      xfr::ZoneFailure{.step = {}, .zone = {}, .primary = {}, .reason = "r", .text = ""});
  metrics.observeCallback("callback", {});
  std::map<std::string, std::string> rows;
  for (const auto& family : metrics.registry()->Collect()) {
    const bool has_all = from_the_start.contains(family.name);
    rows[family.name] = fmt::format("| `{}` | {} | {} | {} |\n", family.name, toText(family.type),
                                    text(labelsOf(family), has_all), family.help);
  }
  std::string page(kHead);
  for (const auto& [name, row] : rows) page += row;
  return page;
}

}  // namespace zonecast::journal
