// What documents the metrics: themselves.
#pragma once

#include <functional>
#include <string>

#include <prometheus/registry.h>

namespace zonecast::journal {

// config/prometheus/METRICS.md: every metric with its type, its labels with their values where all
// of these are known, and what it says.
// `register_more` adds those of other adapters.
std::string metricsPage(const std::function<void(prometheus::Registry&)>& register_more);

}  // namespace zonecast::journal
