// Other settings while the core runs: numbers stay, and what comes of it is what a start would
// make.
#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using namespace std::chrono_literals;
using test::nameFromText;
using test::recordFromText;

const xfr::Endpoint kEndpoint{xfr::parseAddress("192.0.2.53").value(), 53};
const xfr::Endpoint kOther{xfr::parseAddress("192.0.2.54").value(), 53};

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromHost(text).value();
}

derive::EdgeRule edgeAt(std::uint16_t port) {
  derive::EdgeRule rule{.name = "edge[0]"};
  rule.hosts.push_back(nameFromText("sip.provider.example"));
  rule.ports.push_back({derive::Transport::udp, port});
  return rule;
}

test::ZoneVersion pointing(std::string_view zone, std::uint16_t port, std::uint32_t serial = 1) {
  test::ZoneVersion version{dns::Serial(serial), {}};
  version.records.push_back(
      recordFromText(fmt::format("_sip._udp.{} IN SRV 1 1 {} sip.provider.example", zone, port)));
  return version;
}

// What the operator writes: customers with zones at one primary each.
struct Written {
  Settings settings;

  Written() {
    settings.edge.rules.push_back(edgeAt(5060));
    settings.retire.absent = 0s;
  }
  Written& customer(std::string_view name, const std::vector<std::string>& zones,
                    xfr::Endpoint primary = kEndpoint) {
    const view::CustomerId id{static_cast<std::uint32_t>(settings.customers.size())};
    settings.customers.push_back({.name = std::string(name), .grants = {}, .attributes = {}});
    const xfr::PrimaryId ns{static_cast<std::uint32_t>(settings.secondary.primaries.size())};
    settings.secondary.primaries.push_back({"ns1", primary, nullptr});
    for (const std::string& zone : zones) {
      settings.secondary.zones.push_back({nameFromText(zone), {ns}, {}});
      settings.zones.push_back({id, false});
    }
    return *this;
  }
  // Of the last customer.
  Written& fixed(std::string_view did, std::vector<std::string> domains) {
    const view::CustomerId id{static_cast<std::uint32_t>(settings.customers.size() - 1)};
    settings.statics.push_back(
        {.did = std::string(did), .domains = std::move(domains), .customer = id, .attributes = {}});
    return *this;
  }
};

class OtherSettings : public testing::Test {
 protected:
  OtherSettings() {
    for (const auto& endpoint : {kEndpoint, kOther}) {
      world_.primaries[endpoint].first = "ns1";
      for (const char* zone : {"one.example", "two.example", "three.example"}) {
        world_.primaries[endpoint].second.serve(nameFromText(zone), pointing(zone, 5060));
      }
    }
  }

  void start(const Written& written) {
    world_.settings = written.settings;
    world_.start();
    world_.settle();
  }
  void adopt(const Written& written) {
    Reconfiguration news = reconfigured(world_.settings, written.settings);
    world_.settings = std::move(news.settings);
    world_.reconciler().onSettingsChanged(std::move(news));
    world_.settle();
  }
  const plan::DomainEntry* published(std::string_view name) const {
    const auto& domains = world_.store.table().domains;
    const auto found = domains.find(domain(name));
    return found == domains.end() ? nullptr : &found->second;
  }
  std::string customerOf(std::string_view name) const {
    const plan::DomainEntry* entry = published(name);
    return entry ? world_.store.table().virtual_domains.at(entry->did)->customer : "";
  }
  plan::State stateOf(std::string_view name) const { return published(name)->state; }

  test::World world_;
};

TEST_F(OtherSettings, ZonesComeAndAreKeptForAWhileWhenTheyGo) {
  start(Written().customer("acme", {"one.example"}));
  ASSERT_NE(published("one.example"), nullptr);
  adopt(Written().customer("acme", {"two.example"}));
  ASSERT_NE(published("two.example"), nullptr);
  ASSERT_NE(published("one.example"), nullptr);
  EXPECT_EQ(stateOf("one.example"), plan::State::retiring);
  world_.advance(world_.settings.retire.zone_gone + 1min);
  EXPECT_EQ(published("one.example"), nullptr);
  EXPECT_EQ(stateOf("two.example"), plan::State::hosted);
}

TEST_F(OtherSettings, StaticDomainsComeChangeAndAreKeptForAWhileWhenTheyGo) {
  start(Written().customer("acme", {"one.example"}));
  Written more;
  more.customer("beta", {}).customer("acme", {"one.example"});
  adopt(Written(more).fixed("office", {"192.0.2.1", "2001:db8::1", "one.example"}));
  for (const char* host : {"192.0.2.1", "2001:db8::1", "one.example"}) {
    ASSERT_NE(published(host), nullptr) << host;
    EXPECT_EQ(published(host)->did.text(), "office");
    EXPECT_EQ(customerOf(host), "acme");
  }
  adopt(Written(more).fixed("office", {"2001:db8::1"}));
  EXPECT_EQ(stateOf("192.0.2.1"), plan::State::retiring);
  EXPECT_EQ(published("192.0.2.1")->cause, plan::RetireCause::zoneGone);
  EXPECT_EQ(stateOf("2001:db8::1"), plan::State::hosted);
  EXPECT_EQ(published("one.example")->did.text(), "one.example") << "it is DNS's again";
  adopt(Written(more).fixed("office", {"192.0.2.1"}));
  EXPECT_EQ(stateOf("192.0.2.1"), plan::State::hosted);
  adopt(more);
  world_.advance(world_.settings.retire.zone_gone + 1min);
  EXPECT_EQ(published("192.0.2.1"), nullptr);
  EXPECT_EQ(published("2001:db8::1"), nullptr);
  EXPECT_EQ(stateOf("one.example"), plan::State::hosted);
}

TEST_F(OtherSettings, ANameThatWasStaticAloneIsKeptForAWhileThoughItsZoneIsHere) {
  Written without;
  without.customer("acme", {"one.example"});
  start(Written(without).fixed("office", {"desk.one.example"}));
  ASSERT_NE(published("desk.one.example"), nullptr);
  adopt(without);
  EXPECT_EQ(stateOf("desk.one.example"), plan::State::retiring);
  EXPECT_EQ(published("desk.one.example")->cause, plan::RetireCause::zoneGone);
}

TEST_F(OtherSettings, TheBrakeHoldsStaticDomainsThatWouldGo) {
  Written with, without;
  for (Written* written : {&with, &without}) {
    written->customer("acme", {});
    written->settings.brake.customer_min = 0;
    written->settings.brake.customer_percent = 30;
  }
  start(with.fixed("office", {"192.0.2.1", "192.0.2.2"}));
  adopt(without);
  ASSERT_EQ(world_.reconciler().plans(9).size(), 1u);
  EXPECT_EQ(world_.reconciler().plans(9)[0].size, 2u);
  world_.advance(world_.settings.retire.zone_gone + 1min);
  EXPECT_NE(published("192.0.2.1"), nullptr);
}

TEST_F(OtherSettings, ACustomerThatIsGoneKeepsItsDomainsForAWhileAndComesBack) {
  Written both;
  both.customer("acme", {"one.example"}).customer("beta", {"two.example"});
  start(both);
  adopt(Written().customer("beta", {"two.example"}));
  EXPECT_EQ(stateOf("one.example"), plan::State::retiring);
  EXPECT_EQ(stateOf("two.example"), plan::State::hosted);
  EXPECT_EQ(customerOf("two.example"), "beta");
  adopt(both);
  EXPECT_EQ(stateOf("one.example"), plan::State::hosted);
  EXPECT_EQ(customerOf("one.example"), "acme");
}

TEST_F(OtherSettings, ThoseThatAreNewDoNotTakeTheNumbersOfOthers) {
  start(Written().customer("beta", {"two.example"}));
  adopt(Written().customer("acme", {"one.example"}).customer("beta", {"two.example"}));
  EXPECT_EQ(customerOf("one.example"), "acme");
  EXPECT_EQ(customerOf("two.example"), "beta");
  EXPECT_EQ(world_.settings.customers.front().name, "beta");
}

TEST_F(OtherSettings, AZoneAsksAnotherPrimary) {
  start(Written().customer("acme", {"one.example"}));
  world_.primaries[kOther].second.add(nameFromText("one.example"),
                                      pointing("sub.one.example", 5060, 2));
  adopt(Written().customer("acme", {"one.example"}, kOther));
  EXPECT_NE(published("sub.one.example"), nullptr);
}

TEST_F(OtherSettings, AZoneIsAnotherCustomersAtOnceAndItsDomainIsServedThroughout) {
  Written before, after;
  before.customer("acme", {"one.example"}).customer("beta", {"two.example"});
  after.customer("acme", {}).customer("beta", {"two.example", "one.example"});
  start(before);
  adopt(after);
  ASSERT_NE(published("one.example"), nullptr);
  EXPECT_EQ(stateOf("one.example"), plan::State::hosted);
  EXPECT_EQ(customerOf("one.example"), "beta");
}

TEST_F(OtherSettings, AnotherEdgeTakesAwayAndAddsAndTheBrakeHoldsWhatWouldGo) {
  Written before;
  before.settings.brake.customer_min = 0;
  before.customer("acme", {"one.example", "two.example", "three.example"});
  world_.primaries[kEndpoint].second.add(nameFromText("three.example"),
                                         pointing("three.example", 5070, 2));
  start(before);
  ASSERT_EQ(world_.store.table().domains.size(), 2u);
  Written after = before;
  after.settings.edge.rules = {edgeAt(5070)};
  adopt(after);
  EXPECT_NE(published("three.example"), nullptr) << "what is added goes on";
  EXPECT_EQ(world_.store.table().domains.size(), 3u);
  const auto plans = world_.reconciler().plans(10);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans.front().size, 2u);
  ASSERT_TRUE(world_.reconciler().decide(plans.front().digest, true));
  world_.settle();
  EXPECT_EQ(published("one.example"), nullptr);
  EXPECT_EQ(published("two.example"), nullptr);
}

TEST_F(OtherSettings, AttributesThatTheOperatorSetsArePublished) {
  Written before;
  before.settings.attributes.specs.emplace("colour", identity::AttributeSpec{.name = "colour"});
  before.customer("acme", {"one.example"});
  start(before);
  Written after = before;
  after.settings.customers.front().attributes["colour"] = {"red"};
  adopt(after);
  const auto& attributes =
      world_.store.table().virtual_domains.at(published("one.example")->did)->attributes;
  ASSERT_TRUE(attributes.contains("colour"));
  EXPECT_EQ(identity::toText(attributes.at("colour").front()), "red");
}

TEST_F(OtherSettings, TheSameAgainChangesNothing) {
  Written written;
  written.customer("acme", {"one.example"}).customer("beta", {"two.example"});
  start(written);
  const test::Trace trace = world_.trace;
  for (int round = 0; round < 20; ++round) adopt(written);
  EXPECT_EQ(world_.trace, trace);
  EXPECT_EQ(world_.settings.secondary.primaries.size(), 2u);
}

TEST_F(OtherSettings, ManyInARowEndWhereTheLastOneLeads) {
  Written with, without;
  with.customer("acme", {"one.example", "two.example", "three.example"});
  without.customer("acme", {"two.example"});
  start(without);
  for (int round = 0; round < 20; ++round) {
    for (const Written* written : {&with, &without}) {  // nothing is worked off in between
      Reconfiguration news = reconfigured(world_.settings, written->settings);
      world_.settings = std::move(news.settings);
      world_.reconciler().onSettingsChanged(std::move(news));
    }
  }
  adopt(with);
  for (const char* zone : {"one.example", "two.example", "three.example"}) {
    ASSERT_NE(published(zone), nullptr) << zone;
    EXPECT_EQ(stateOf(zone), plan::State::hosted);
  }
  EXPECT_EQ(world_.reconciler().overview().zones, 3u);
  EXPECT_EQ(world_.reconciler().overview().zones_leaving, 0u);
}

// Any configurations, one after the other, with anything under way in between: in the end it is as
// if only the last one had ever been there.
class AnySettings : public testing::TestWithParam<unsigned> {
 protected:
  static constexpr int kZones = 8, kCustomers = 3;

  static void serve(test::World& world) {
    for (const auto& endpoint : {kEndpoint, kOther}) {
      world.primaries[endpoint].first = "ns1";
      for (int zone = 0; zone < kZones; ++zone) {
        const std::string name = fmt::format("z{}.example", zone);
        world.primaries[endpoint].second.serve(nameFromText(name),
                                               pointing(name, zone % 2 == 0 ? 5060 : 5070));
      }
    }
  }
  Written any() {
    Written written;
    written.settings.brake.customer_min = written.settings.brake.total_min = 1'000'000;
    written.settings.edge.rules = {edgeAt(chance(50) ? 5060 : 5070)};
    if (chance(50)) written.settings.edge.rules.push_back(edgeAt(chance(50) ? 5060 : 5070));
    std::array<std::vector<std::string>, kCustomers> zones_of;
    for (std::size_t zone = 0; zone < kZones; ++zone) {
      const std::size_t owner = (moves() && chance(30) ? random_() : zone) % kCustomers;
      if (chance(60)) zones_of[owner].push_back(fmt::format("z{}.example", zone));
    }
    for (std::size_t customer = 0; customer < kCustomers; ++customer) {
      const std::vector<std::string>& zones = zones_of[customer];
      if (zones.empty() && chance(50)) continue;
      written.customer(fmt::format("c{}", customer), zones, chance(50) ? kEndpoint : kOther);
      if (chance(50)) continue;
      std::vector<std::string> hosts{fmt::format("192.0.2.{}", customer)};
      if (chance(50)) hosts.push_back(fmt::format("2001:db8::{}", customer));
      if (chance(50)) hosts.push_back(fmt::format("z{}.example", customer));
      written.fixed(fmt::format("s{}", customer), std::move(hosts));
    }
    for (ZoneBinding& zone : written.settings.zones) zone.shared = chance(20);
    return written;
  }
  // Whether zones change hands; then DIDs depend on who had them.
  bool moves() const { return GetParam() % 2 == 1; }
  std::string told(const plan::Table& table) const {
    std::string text;
    for (const auto& [domain, entry] : table.domains) {
      text += fmt::format("{} {} {} {} {}\n", domain.text(), static_cast<int>(entry.state),
                          entry.transports.bits(), table.virtual_domains.at(entry.did)->customer,
                          moves() ? "" : entry.did.text());
    }
    return text;
  }
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  std::minstd_rand random_{GetParam() + 1};
};

TEST_P(AnySettings, EndWhereTheLastOneLeads) {
  test::World world, fresh;
  serve(world);
  serve(fresh);
  world.settings = any().settings;
  world.start();
  Written last;
  for (int round = 0; round < 8; ++round) {
    for (unsigned steps = random_() % 30; steps > 0; --steps) {
      if (chance(40)) world.transport().deliver(world.reconciler());
      if (chance(40)) world.store.deliver(world.reconciler());
      if (world.reconciler().hasWork()) world.reconciler().work();
    }
    if (chance(30)) world.advance(10min);
    last = any();
    Reconfiguration news = reconfigured(world.settings, last.settings);
    world.settings = std::move(news.settings);
    world.reconciler().onSettingsChanged(std::move(news));
  }
  world.settle();
  world.advance(3h);
  fresh.settings = last.settings;
  fresh.start();
  fresh.settle();
  fresh.advance(3h);
  EXPECT_EQ(told(world.store.table()), told(fresh.store.table()));
  EXPECT_EQ(world.reconciler().overview().zones, last.settings.zones.size());
  EXPECT_EQ(world.reconciler().overview().domains_held, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnySettings, testing::Range(0u, 300u));

}  // namespace
}  // namespace zonecast::loop
