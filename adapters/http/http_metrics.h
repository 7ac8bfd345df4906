// What HTTP counts of itself. The registry owns it all.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace zonecast::http {

struct HttpMetrics {
  explicit HttpMetrics(prometheus::Registry& registry);

  prometheus::Family<prometheus::Counter>& requests;  // by status
  prometheus::Family<prometheus::Counter>& cuts;      // by reason
  prometheus::Gauge& connections;
  prometheus::Gauge& watchers;
};

}  // namespace zonecast::http
