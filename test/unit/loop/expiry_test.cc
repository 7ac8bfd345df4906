// What becomes of domains whose zone nobody confirms for its EXPIRE, and of those whose answers
// nobody renews.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using namespace std::chrono_literals;
using plan::OnExpire;
using plan::RetireCause;
using plan::State;
using test::nameFromText;
using test::recordFromText;

const xfr::Endpoint kFirst{xfr::parseAddress("192.0.2.53").value(), 53};
const xfr::Endpoint kSecond{xfr::parseAddress("192.0.2.54").value(), 53};
constexpr Duration kExpire = 2h;
constexpr Duration kGrace = 24h;
constexpr Duration kSome = 10min;  // in which every primary was asked again

class Expiry : public testing::Test {
 protected:
  Expiry() {
    Settings& settings = world_.settings;
    derive::EdgeRule rule{.name = "edge[0]"};
    rule.hosts.push_back(nameFromText("sip.provider.example"));
    rule.ports.push_back({derive::Transport::udp, 5060});
    settings.edge.rules.push_back(std::move(rule));
    settings.secondary.clamps.refresh_max = 60s;
    settings.secondary.clamps.retry_max = 60s;
    settings.secondary.clamps.expire_max =
        std::chrono::duration_cast<std::chrono::seconds>(kExpire);
    settings.retire.on_expire = OnExpire::retire;
    settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    for (const auto& endpoint : {kFirst, kSecond}) {
      settings.secondary.primaries.push_back({"ns", endpoint, nullptr});
      world_.primaries[endpoint].first = "ns";
    }
    addZone("one.example");
  }

  void addZone(std::string_view zone, const std::vector<std::string>& labels = {""}) {
    world_.settings.secondary.zones.push_back(
        {nameFromText(zone), {xfr::PrimaryId{0}, xfr::PrimaryId{1}}, {}});
    world_.settings.zones.push_back({view::CustomerId{0}, false});
    for (const auto& endpoint : {kFirst, kSecond}) {
      world_.primaries[endpoint].second.serve(nameFromText(zone), pointing(zone, labels));
    }
  }
  static test::ZoneVersion pointing(std::string_view zone, const std::vector<std::string>& labels,
                                    std::uint32_t serial = 1) {
    test::ZoneVersion version{dns::Serial(serial), {}};
    version.records.push_back(recordFromText(fmt::format("{} IN NS ns.{}", zone, zone)));
    for (const std::string& label : labels) {
      version.records.push_back(recordFromText(
          fmt::format("_sip._udp.{}{} IN SRV 1 1 5060 sip.provider.example", label, zone)));
    }
    return version;
  }
  void watch(std::string_view name) {
    Settings& settings = world_.settings;
    settings.resolvers.push_back(
        {query::Upstream{query::Upstream::Kind::resolver, {{dns::Ipv4{127, 0, 0, 1}, 53}}},
         {},
         {}});
    settings.customers.back().resolver = query::ResolverId{0};
    settings.watched.push_back({nameFromText(name), view::CustomerId{0}});
    world_.dns.records.push_back(
        recordFromText(fmt::format("_sip._udp.{} IN SRV 1 1 5060 sip.provider.example", name)));
  }

  void start() {
    world_.start();
    world_.settle();
  }
  void restart() {
    world_.stop();
    start();
  }
  void silence(bool silent, const xfr::Endpoint& endpoint) {
    using Mood = test::WorldPrimary::Mood;
    world_.primaries[endpoint].second.mood = silent ? Mood::refusingConnections : Mood::serving;
    if (silent && world_.isRunning()) {
      world_.transport().closeAll(endpoint, "connection reset");
    }
  }
  void silenceAll(bool silent = true) {
    for (const auto& endpoint : {kFirst, kSecond}) silence(silent, endpoint);
    world_.settle();
  }
  void setOnExpire(OnExpire on_expire) {
    Settings settings = world_.settings;
    settings.retire.on_expire = on_expire;
    Reconfiguration news = reconfigured(world_.settings, std::move(settings));
    world_.settings = std::move(news.settings);
    world_.reconciler().onSettingsChanged(std::move(news));
    world_.settle();
  }

  const plan::DomainEntry* published(std::string_view name = "one.example") const {
    const auto& domains = world_.store.table().domains;
    const auto found = domains.find(derive::Domain::fromHost(name).value());
    return found == domains.end() ? nullptr : &found->second;
  }
  // What a reader sees of it: "hosted", "expired" and so on for what retires, "" for nothing.
  std::string state(std::string_view name = "one.example") const {
    const plan::DomainEntry* entry = published(name);
    if (entry == nullptr) return "";
    return entry->state == State::hosted ? "hosted" : std::string(toText(entry->cause));
  }

  test::World world_;
};

TEST_F(Expiry, KeepsTheDomainsForEverByDefault) {
  EXPECT_EQ(Settings().retire.on_expire, OnExpire::keep);
  world_.settings.retire.on_expire = OnExpire::keep;
  start();
  silenceAll();
  world_.advance(30 * 24h);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, RetiresAndThenRemovesThem) {
  start();
  silenceAll();
  world_.advance(kExpire - kSome);
  EXPECT_EQ(state(), "hosted");
  const WallTime before = world_.clock.now().wall;
  world_.advance(2 * kSome);
  ASSERT_EQ(state(), "expired");
  EXPECT_GE(published()->until, plan::deadlineAt(before + kGrace));
  EXPECT_LE(published()->until, plan::deadlineAt(world_.clock.now().wall + kGrace));
  world_.advance(kGrace - 2 * kSome);
  EXPECT_EQ(state(), "expired");
  world_.advance(2 * kSome);
  EXPECT_EQ(state(), "");
  world_.advance(10 * 24h);
  EXPECT_EQ(state(), "") << "nobody has confirmed it";
  silenceAll(false);
  world_.advance(kSome);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, WhatComesBackInTimeIsAsItWasAndHasAllItsTimeAgain) {
  start();
  silenceAll();
  world_.advance(kExpire + kGrace - kSome);
  ASSERT_EQ(state(), "expired");
  const plan::Deadline first = published()->until;
  silenceAll(false);
  world_.advance(kSome / 2);
  EXPECT_EQ(state(), "hosted");
  silenceAll();
  world_.advance(kExpire + kSome);
  ASSERT_EQ(state(), "expired");
  EXPECT_GT(published()->until, first);
  world_.advance(kGrace - 3 * kSome);
  EXPECT_EQ(state(), "expired");
}

TEST_F(Expiry, OnePrimaryThatAnswersIsEnough) {
  start();
  silence(true, kFirst);
  world_.advance(5 * 24h);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, ACopyThatExpiredWhileWeWereDownIsAskedAboutFirst) {
  start();
  world_.stop();
  world_.advance(30 * 24h);
  silence(true, kFirst);
  start();
  EXPECT_EQ(state(), "hosted");
  world_.advance(kGrace + kSome);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, TheTimeWhileWeWereDownCounts) {
  start();
  world_.stop();
  silence(true, kFirst);
  silence(true, kSecond);
  world_.advance(kExpire + kSome);
  start();
  world_.advance(kSome);
  EXPECT_EQ(state(), "expired");
  world_.advance(kGrace);
  EXPECT_EQ(state(), "");
}

TEST_F(Expiry, ARestartGoesOnWithTheDeadline) {
  start();
  silenceAll();
  world_.advance(kExpire + kSome);
  ASSERT_EQ(state(), "expired");
  const plan::Deadline until = published()->until;
  world_.advance(kGrace / 2);
  restart();
  EXPECT_EQ(state(), "expired");
  world_.advance(kSome);
  EXPECT_EQ(published()->until, until);
  world_.stop();
  world_.advance(kGrace);
  start();
  world_.advance(kSome);
  EXPECT_EQ(state(), "");
  restart();
  world_.advance(kSome);
  EXPECT_EQ(state(), "") << "the copy on disk says what it said";
}

TEST_F(Expiry, APrimaryThatIsBackAtARestartSavesThem) {
  start();
  silenceAll();
  world_.advance(kExpire + kSome);
  world_.stop();
  world_.advance(2 * kGrace);
  silence(false, kSecond);
  start();
  world_.advance(kSome);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, TheOperatorMayChangeHisMindBothWays) {
  world_.settings.retire.on_expire = OnExpire::keep;
  start();
  silenceAll();
  world_.advance(kExpire + kSome);
  ASSERT_EQ(state(), "hosted");
  setOnExpire(OnExpire::retire);
  EXPECT_EQ(state(), "expired");
  setOnExpire(OnExpire::keep);
  EXPECT_EQ(state(), "hosted");
  setOnExpire(OnExpire::retire);
  restart();
  world_.advance(kSome);
  EXPECT_EQ(state(), "expired");
  setOnExpire(OnExpire::keep);
  EXPECT_EQ(state(), "hosted") << "though nobody has confirmed it since the start";
  world_.advance(2 * kGrace);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, AKeptDomainIsTakenBackWithTheConfigurationOfARestart) {
  start();
  silenceAll();
  world_.advance(kExpire + kSome);
  ASSERT_EQ(state(), "expired");
  world_.stop();
  world_.settings.retire.on_expire = OnExpire::keep;
  start();
  world_.advance(2 * kGrace);
  EXPECT_EQ(state(), "hosted");
}

TEST_F(Expiry, TheBrakeHoldsACustomersWholeZone) {
  std::vector<std::string> labels;
  for (int i = 0; i < 12; ++i) labels.push_back(fmt::format("d{}.", i));
  addZone("many.example", labels);
  start();
  silenceAll();
  world_.advance(kExpire + kGrace + 24h);
  EXPECT_EQ(state("d3.many.example"), "expired") << "held, and served";
  const auto plans = world_.reconciler().plans(100);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans.front().size, 13u);
  EXPECT_TRUE(world_.reconciler().decide(plans.front().digest, true));
  world_.settle();
  EXPECT_EQ(world_.store.table().domains.size(), 0u);
}

TEST_F(Expiry, AStoreThatWasEmptiedGetsBackWhatIsStillServed) {
  start();
  silenceAll();
  world_.advance(kExpire + kSome);
  ASSERT_EQ(state(), "expired");
  world_.store.goDown();
  world_.store.wipe();
  world_.store.comeBack();
  world_.settle();
  world_.advance(kSome);
  EXPECT_NE(state(), "");
}

TEST_F(Expiry, AnswersThatNobodyRenewsExpireToo) {
  watch("asked.example");
  start();
  ASSERT_EQ(state("asked.example"), "hosted");
  world_.dns.mood = test::WorldDns::Mood::servfail;
  world_.advance(7 * 24h - 1h);
  EXPECT_EQ(state("asked.example"), "hosted");
  EXPECT_EQ(world_.reconciler().overview().answers.expired, 0u);
  world_.advance(2h);
  EXPECT_EQ(state("asked.example"), "expired");
  EXPECT_GT(world_.reconciler().overview().answers.expired, 0u);
  EXPECT_EQ(state(), "hosted");
  world_.dns.mood = test::WorldDns::Mood::serving;
  world_.advance(1h);
  EXPECT_EQ(state("asked.example"), "hosted");
  EXPECT_EQ(world_.reconciler().overview().answers.expired, 0u);
  world_.dns.mood = test::WorldDns::Mood::servfail;
  world_.advance(8 * 24h + kGrace + 1h);
  EXPECT_EQ(state("asked.example"), "");
}

TEST_F(Expiry, ARestartGoesOnWithTheDeadlineOfAnswersAndBeginsNone) {
  watch("asked.example");
  start();
  world_.dns.mood = test::WorldDns::Mood::servfail;
  restart();
  world_.advance(30 * 24h);
  EXPECT_EQ(state("asked.example"), "hosted") << "nobody knows since when";
  world_.dns.mood = test::WorldDns::Mood::serving;
  world_.advance(1h);
  world_.dns.mood = test::WorldDns::Mood::servfail;
  world_.advance(7 * 24h + 12h);
  ASSERT_EQ(state("asked.example"), "expired");
  const plan::Deadline until = published("asked.example")->until;
  restart();
  world_.advance(1h);
  ASSERT_EQ(state("asked.example"), "expired");
  EXPECT_EQ(published("asked.example")->until, until);
  world_.advance(kGrace);
  EXPECT_EQ(state("asked.example"), "");
}

}  // namespace
}  // namespace zonecast::loop
