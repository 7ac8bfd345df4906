#include "adapters/http/metrics_listener.h"

#include <exception>

#include <fmt/format.h>

namespace zonecast::http {
namespace {

constexpr std::size_t kThreads = 2;

}  // namespace

MetricsListener::MetricsListener(const xfr::Endpoint& endpoint,
                                 std::shared_ptr<prometheus::Registry> registry)
    : exposer_(xfr::toText(endpoint), kThreads), registry_(std::move(registry)) {
  exposer_.RegisterCollectable(registry_);
}

tl::expected<std::unique_ptr<MetricsListener>, std::string> MetricsListener::open(
    const xfr::Endpoint& endpoint, std::shared_ptr<prometheus::Registry> registry) {
  try {
    return std::unique_ptr<MetricsListener>(new MetricsListener(endpoint, std::move(registry)));
  } catch (const std::exception& error) {  // civetweb's way to say that the port is taken
    return tl::unexpected(fmt::format("metrics.listen {}: {}; is the port in use?",
                                      xfr::toText(endpoint), error.what()));
  }
}

}  // namespace zonecast::http
