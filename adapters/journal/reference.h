// What documents the metrics: themselves.
#pragma once

#include <string>

namespace zonecast::journal {

// config/prometheus/METRICS.md: every metric with its type, its labels with their values where all
// of these are known, and what it says.
std::string metricsPage();

}  // namespace zonecast::journal
