#include "adapters/http/http_metrics.h"

namespace zonecast::http {

HttpMetrics::HttpMetrics(prometheus::Registry& registry)
    : requests(prometheus::BuildCounter()
                   .Name("zonecast_http_requests_total")
                   .Help("HTTP requests answered, by status.")
                   .Register(registry)),
      cuts(prometheus::BuildCounter()
               .Name("zonecast_http_cuts_total")
               .Help("HTTP connections cut: for a newer one beyond http.connections_max, for "
                     "http.request_timeout, or for events that were not read.")
               .Register(registry)),
      connections(prometheus::BuildGauge()
                      .Name("zonecast_http_connections")
                      .Help("HTTP connections open.")
                      .Register(registry)
                      .Add({})),
      watchers(prometheus::BuildGauge()
                   .Name("zonecast_http_watchers")
                   .Help("Of these, those that watch /v1/events.")
                   .Register(registry)
                   .Add({})) {
  for (const char* status : {"200", "400", "401", "404", "405", "421", "431", "503"}) {
    requests.Add({{"status", status}});
  }
  for (const char* why : {"crowd", "slowness", "lag"}) cuts.Add({{"reason", why}});
}

}  // namespace zonecast::http
