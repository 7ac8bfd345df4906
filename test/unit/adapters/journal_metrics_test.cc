#include <algorithm>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "adapters/journal/metrics.h"
#include "test/unit/adapters/journal_testing.h"

namespace zonecast::journal {
namespace {

class MetricsTest : public ::testing::Test {
 protected:
  std::string scrape() {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, metrics_.registry()->Collect());
    return out.str();
  }
  // The value of one series, as it stands in the text; empty when it is not there.
  std::string value(const std::string& series) {
    std::istringstream text(scrape());
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    }
    return "";
  }

  FakeClock clock_;
  Metrics metrics_{clock_};
};

TEST_F(MetricsTest, ZonesAreCountedByWhatHappenedToThem) {
  metrics_.record(xfr::ZoneCurrent{kAcme, kNs1, dns::Serial(7)});
  metrics_.record(xfr::ZoneTransferred{.zone = kAcme,
                                       .primary = kNs1,
                                       .shape = xfr::TransferShape::ixfr,
                                       .from = dns::Serial(7),
                                       .to = dns::Serial(8),
                                       .records = 4,
                                       .octets = 200,
                                       .took = Duration{1}});
  metrics_.record(failureOf(kAcme, "tsig"));
  metrics_.record(failureOf(kOdd, "tsig"));
  metrics_.record(xfr::ZoneExpired{kAcme});
  EXPECT_EQ(value("zonecast_zone_checks_total"), "1");
  EXPECT_EQ(value("zonecast_transfers_total{shape=\"ixfr\"}"), "1");
  EXPECT_EQ(value("zonecast_transfers_total{shape=\"axfr\"}"), "0");
  EXPECT_EQ(value("zonecast_transferred_records_total"), "4");
  EXPECT_EQ(value("zonecast_transferred_bytes_total"), "200");
  EXPECT_EQ(value("zonecast_zone_failures_total{reason=\"tsig\",step=\"axfr\"}"), "2");
  EXPECT_EQ(value("zonecast_zone_expirations_total"), "1");
}

TEST_F(MetricsTest, NotifiesAreCountedByResultFromZeroOn) {
  metrics_.record(strangerFrom("192.0.2.1"));
  EXPECT_EQ(value("zonecast_notifies_total{result=\"stranger\"}"), "1");
  for (const char* result : {"accepted", "rate-limited", "unknown-zone", "unsigned-refused",
                             "bad-signature", "not-implemented", "malformed"}) {
    EXPECT_EQ(value("zonecast_notifies_total{result=\"" + std::string(result) + "\"}"), "0")
        << result;
  }
}

TEST_F(MetricsTest, PublicationsAreCountedWithWhatTheyChangedAndHowLongTheyTook) {
  plan::ChangeSet changes;
  changes.domains = {changeOf("a.example", false, true), changeOf("b.example", true, true),
                     changeOf("c.example", true, false), changeOf("d.example", true, false)};
  changes.causes = {{"an edit", clock_.now().mono}, {"start", std::nullopt}};
  clock_.advance(std::chrono::milliseconds{7});
  metrics_.record(publishedOf(changes));
  metrics_.record(publishedOf({}, true));
  EXPECT_EQ(value("zonecast_publications_total{kind=\"change\"}"), "1");
  EXPECT_EQ(value("zonecast_publications_total{kind=\"rebase\"}"), "1");
  EXPECT_EQ(value("zonecast_published_changes_total{action=\"add\"}"), "1");
  EXPECT_EQ(value("zonecast_published_changes_total{action=\"change\"}"), "1");
  EXPECT_EQ(value("zonecast_published_changes_total{action=\"remove\"}"), "2");
  EXPECT_EQ(value("zonecast_publication_seconds_count"), "2");
  EXPECT_EQ(value("zonecast_edit_to_published_seconds_count"), "1") << "of edits alone";
  EXPECT_EQ(value("zonecast_edit_to_published_seconds_bucket{le=\"0.005\"}"), "0");
  EXPECT_EQ(value("zonecast_edit_to_published_seconds_bucket{le=\"0.01\"}"), "1");
}

TEST_F(MetricsTest, TroublesAreCounted) {
  metrics_.record(ports::StoreLost{"gone"});
  metrics_.record(ports::StoreTrouble{"WRONGPASS"});
  metrics_.record(ports::DiskTrouble{"full"});
  metrics_.record(ports::ClaimWarning{"acme.example", "spoilt"});
  for (const char* name : {"zonecast_redis_losses_total", "zonecast_redis_troubles_total",
                           "zonecast_disk_troubles_total", "zonecast_claim_warnings_total"}) {
    EXPECT_EQ(value(name), "1") << name;
  }
}

TEST_F(MetricsTest, GaugesTellThePresent) {
  loop::Overview overview;
  overview.store = loop::StoreState::idle;
  overview.position = plan::Position{.lineage = {"x"}, .version = plan::Version{17}, .chain = {}};
  overview.zones = 5;
  overview.zones_loaded = 4;
  overview.zones_confirmed = 3;
  overview.zones_in_work = 6;
  overview.zones_in_trouble = 2;
  overview.zones_expired = 1;
  overview.domains_published = 10;
  overview.virtual_domains_published = 9;
  overview.domains_held = 8;
  overview.domains_retiring = 13;
  overview.domains_braked = 14;
  overview.domains_contested = 15;
  overview.dids_kept = 16;
  overview.dids_disputed = 17;
  overview.domains_waiting = 7;
  overview.transfers = {18, 19};
  overview.domains_to_derive = 20;
  metrics_.observe(overview);
  EXPECT_EQ(value("zonecast_zones{state=\"configured\"}"), "5");
  EXPECT_EQ(value("zonecast_zones{state=\"loaded\"}"), "4");
  EXPECT_EQ(value("zonecast_zones{state=\"confirmed\"}"), "3");
  EXPECT_EQ(value("zonecast_zones{state=\"in_work\"}"), "6");
  EXPECT_EQ(value("zonecast_zones{state=\"in_trouble\"}"), "2");
  EXPECT_EQ(value("zonecast_zones{state=\"expired\"}"), "1");
  EXPECT_EQ(value("zonecast_domains"), "10");
  EXPECT_EQ(value("zonecast_virtual_domains"), "9");
  EXPECT_EQ(value("zonecast_domains_held"), "8");
  EXPECT_EQ(value("zonecast_domains_retiring"), "13");
  EXPECT_EQ(value("zonecast_domains_braked"), "14");
  EXPECT_EQ(value("zonecast_domains_contested"), "15");
  EXPECT_EQ(value("zonecast_dids_kept"), "16");
  EXPECT_EQ(value("zonecast_dids_disputed"), "17");
  EXPECT_EQ(value("zonecast_domains_waiting"), "7");
  EXPECT_EQ(value("zonecast_transfers_under_way"), "18");
  EXPECT_EQ(value("zonecast_transfer_records_arriving"), "19");
  EXPECT_EQ(value("zonecast_domains_to_derive"), "20");
  EXPECT_EQ(value("zonecast_published_version"), "17");
  EXPECT_EQ(value("zonecast_redis_up"), "1");

  metrics_.observe({});
  EXPECT_EQ(value("zonecast_zones{state=\"in_trouble\"}"), "0");
  EXPECT_EQ(value("zonecast_redis_up"), "0");
}

TEST_F(MetricsTest, HowFarTheStoreIsIsShown) {
  metrics_.observeStore(40, 100);
  EXPECT_EQ(value("zonecast_store_entries_moved{state=\"done\"}"), "40");
  EXPECT_EQ(value("zonecast_store_entries_moved{state=\"in_all\"}"), "100");
}

TEST_F(MetricsTest, WorkersAreCountedAndTheWorstIsShown) {
  WorkerTally workers{.current = 1, .behind = 2, .elsewhere = 3, .in_trouble = 4, .refusing = 5};
  workers.versions_behind_max = 6;
  workers.age_max = std::chrono::seconds{7};
  metrics_.observeWorkers(workers);
  EXPECT_EQ(value("zonecast_workers{state=\"current\"}"), "1");
  EXPECT_EQ(value("zonecast_workers{state=\"behind\"}"), "2");
  EXPECT_EQ(value("zonecast_workers{state=\"elsewhere\"}"), "3");
  EXPECT_EQ(value("zonecast_workers{state=\"in_trouble\"}"), "4");
  EXPECT_EQ(value("zonecast_workers{state=\"refusing\"}"), "5");
  EXPECT_EQ(value("zonecast_worker_versions_behind_max"), "6");
  EXPECT_EQ(value("zonecast_worker_age_seconds_max"), "7");
}

TEST_F(MetricsTest, ATurnOfTheLoopIsObserved) {
  metrics_.observeTurn(std::chrono::milliseconds{15});
  EXPECT_EQ(value("zonecast_loop_turn_cpu_seconds_bucket{le=\"0.01\"}"), "0");
  EXPECT_EQ(value("zonecast_loop_turn_cpu_seconds_bucket{le=\"0.02\"}"), "1");
}

TEST_F(MetricsTest, ACallbackIsObservedByItsKindAndTheMostExpensiveOneIsKept) {
  metrics_.observeCallback("work", std::chrono::milliseconds{15});
  metrics_.observeCallback("work", std::chrono::milliseconds{3});
  metrics_.observeCallback("store", std::chrono::milliseconds{1});
  EXPECT_EQ(value("zonecast_loop_callback_cpu_seconds_bucket{callback=\"work\",le=\"0.005\"}"),
            "1");
  EXPECT_EQ(value("zonecast_loop_callback_cpu_seconds_bucket{callback=\"work\",le=\"0.02\"}"), "2");
  EXPECT_EQ(value("zonecast_loop_callback_cpu_seconds_max{callback=\"work\"}"), "0.015");
  EXPECT_EQ(value("zonecast_loop_callback_cpu_seconds_max{callback=\"store\"}"), "0.001");
}

TEST_F(MetricsTest, NoZoneDomainOrSenderBecomesALabel) {
  metrics_.record(failureOf(kAcme, "tsig"));
  const std::string before = scrape();
  for (int i = 0; i < 100; ++i) {
    metrics_.record(strangerFrom("192.0.2." + std::to_string(i)));
    metrics_.record(ports::ClaimWarning{std::to_string(i) + ".example", "spoilt"});
    metrics_.record(ports::StoreTrouble{std::to_string(i)});
    metrics_.record(failureOf(kOdd, "tsig"));
  }
  const std::string after = scrape();
  EXPECT_EQ(std::ranges::count(before, '\n'), std::ranges::count(after, '\n'));
}

// The rules of `promtool check metrics`.
TEST_F(MetricsTest, NamesAreAsPrometheusWantsThem) {
  metrics_.observe({});
  const std::regex name("zonecast_[a-z]+(_[a-z]+)*");
  const std::regex odd(
      ".*_(gauge|counter|histogram|ms|milliseconds|octets|count|sum|bucket)(_.*)?");
  const auto families = metrics_.registry()->Collect();
  ASSERT_GT(families.size(), 20U);
  for (const prometheus::MetricFamily& family : families) {
    EXPECT_TRUE(std::regex_match(family.name, name)) << family.name;
    EXPECT_FALSE(std::regex_match(family.name, odd)) << family.name;
    EXPECT_TRUE(family.help.ends_with(".")) << family.name;
    const bool counter = family.type == prometheus::MetricType::Counter;
    EXPECT_EQ(family.name.ends_with("_total"), counter) << family.name;
    const bool histogram = family.type == prometheus::MetricType::Histogram;
    EXPECT_EQ(family.name.ends_with("_seconds"), histogram) << family.name;
  }
}

}  // namespace
}  // namespace zonecast::journal
