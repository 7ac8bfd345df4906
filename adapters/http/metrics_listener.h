// Serves /metrics to Prometheus, on threads of prometheus-cpp's own (civetweb), on loopback.
#pragma once

#include <memory>
#include <string>

#include <prometheus/exposer.h>
#include <prometheus/registry.h>
#include <tl/expected.hpp>

#include "reconciler/xfr/endpoint.h"

namespace zonecast::http {

class MetricsListener {
 public:
  static tl::expected<std::unique_ptr<MetricsListener>, std::string> open(
      const xfr::Endpoint& endpoint, std::shared_ptr<prometheus::Registry> registry);

 private:
  MetricsListener(const xfr::Endpoint& endpoint, std::shared_ptr<prometheus::Registry> registry);

  prometheus::Exposer exposer_;
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace zonecast::http
