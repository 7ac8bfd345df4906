// The page on metrics is what they are.
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/http/http_metrics.h"
#include "adapters/journal/reference.h"

namespace zonecast::journal {
namespace {

void registerMore(prometheus::Registry& registry) {
  http::HttpMetrics{registry};
}

using testing::HasSubstr;

TEST(MetricsPage, IsTheCommittedOne) {
  std::ifstream file(std::string(ZONECAST_SOURCES) + "/config/prometheus/METRICS.md");
  std::ostringstream committed;
  committed << file.rdbuf();
  EXPECT_EQ(committed.str(), metricsPage(registerMore))
      << "renew it: zonecastd --help-metrics >config/prometheus/METRICS.md";
}

TEST(MetricsPage, HasLabelsWithTheirValuesWhereTheseAreKnown) {
  const std::string page = metricsPage(registerMore);
  EXPECT_THAT(page, HasSubstr("| `zonecast_redis_up` | gauge |  | 1 while the store is open. |\n"));
  EXPECT_THAT(page, HasSubstr("| `zonecast_transfers_total` | counter | `shape`: axfr, ixfr | "));
  EXPECT_THAT(page, HasSubstr("| `zonecast_zone_failures_total` | counter | `reason`, `step` | "));
  EXPECT_THAT(page,
              HasSubstr("| `zonecast_loop_callback_cpu_seconds` | histogram | `callback` | "));
}

}  // namespace
}  // namespace zonecast::journal
