#include "app/zonecastd/long_work.h"

#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

namespace zonecast {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

loop::Overview atWork() {
  loop::Overview overview;
  overview.store = loop::StoreState::opening;
  overview.zones = 10;
  overview.zones_loaded = 3;
  overview.transfers = {2, 5000};
  overview.domains_to_derive = 70;
  return overview;
}

TEST(LongWork, NothingToDoIsNoWork) {
  loop::Overview overview;
  overview.zones = overview.zones_loaded = 10;
  EXPECT_TRUE(longWork(overview, std::nullopt).empty());
  EXPECT_EQ(longWorkText({}), "");
}

TEST(LongWork, AZoneWhosePrimaryIsDeadIsNoWork) {
  loop::Overview overview;
  overview.zones = 10;
  overview.zones_loaded = 9;
  EXPECT_TRUE(longWork(overview, std::nullopt).empty());
}

TEST(LongWork, EachStepSaysHowFarItIs) {
  EXPECT_EQ(longWorkText(longWork(atWork(), redis::EntriesMoved{40, 100})),
            "3 of 10 zones loaded, 2 transfers with 5000 records so far under way, "
            "70 domains to derive, 40 of 100 entries read back from Redis");
  loop::Overview overview;
  overview.store = loop::StoreState::publishing;
  EXPECT_EQ(longWorkText(longWork(overview, redis::EntriesMoved{40, 100})),
            "40 of 100 entries staged in Redis");
  overview.store = loop::StoreState::planning;
  overview.domains_waiting = 7;
  EXPECT_EQ(longWorkText(longWork(overview, std::nullopt)), "7 domains to plan");
}

struct Logged {
  std::ostringstream text;
  LongWorkLog log{logging::Output(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)))};

  void observe(const loop::Overview& overview, int second) {
    log.observe(longWork(overview, std::nullopt), Instant{seconds{second}});
  }
};

TEST(LongWork, IsLoggedOnlyWhenItLasts) {
  Logged logged;
  loop::Overview overview = atWork();
  for (int second = 0; second < 5; ++second, ++overview.zones_loaded) {
    logged.observe(overview, second);
  }
  EXPECT_EQ(logged.text.str(), "");
  logged.observe(overview, 5);
  EXPECT_THAT(logged.text.str(), HasSubstr("transfers go on zones_loaded=8 zones=10"));
  EXPECT_THAT(logged.text.str(), HasSubstr("deriving goes on domains_to_derive=70"));
}

TEST(LongWork, ThatStandsStillIsNotLoggedAgain) {
  Logged logged;
  for (int second = 0; second < 60; ++second) logged.observe(atWork(), second);
  const std::string once = logged.text.str();
  EXPECT_THAT(once, HasSubstr("transfers go on"));
  EXPECT_EQ(once.find("transfers go on"), once.rfind("transfers go on"));
}

TEST(LongWork, ThatBeginsAnewHasItsTimeAnew) {
  Logged logged;
  logged.observe(atWork(), 0);
  logged.observe({}, 4);
  logged.observe(atWork(), 6);
  EXPECT_EQ(logged.text.str(), "");
}

}  // namespace
}  // namespace zonecast
