#include "reconciler/loop/reconciler.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using test::nameFromText;
using test::recordFromText;

constexpr int kDomains = 1000;  // several slices of everything

const xfr::Address kAddress = xfr::parseAddress("192.0.2.53").value();

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}

// A large zone and a small one, at one primary.
class Turns : public testing::Test {
 protected:
  Turns() {
    derive::EdgeRule rule{.name = "edge[0]"};
    rule.hosts.push_back(nameFromText("sip.provider.example"));
    rule.ports.push_back({derive::Transport::udp, 5060});
    rule.ports.push_back({derive::Transport::tcp, 5060});
    world_.settings.edge.rules.push_back(std::move(rule));
    world_.settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    const xfr::Endpoint endpoint{kAddress, 53};
    world_.primaries[endpoint].first = "ns1";
    world_.settings.secondary.primaries.push_back({"ns1", endpoint, nullptr});
    for (const char* zone : {"large.example", "small.example"}) {
      world_.settings.secondary.zones.push_back({nameFromText(zone), {xfr::PrimaryId{0}}, {}});
      world_.settings.zones.push_back({view::CustomerId{0}, false});
    }
    primary().serve(nameFromText("large.example"), large(1, "_udp"));
    primary().serve(nameFromText("small.example"), small(1, {}));
    world_.start();
    world_.settle();
  }

  static test::ZoneVersion large(std::uint32_t serial, std::string_view protocol) {
    test::ZoneVersion version{dns::Serial(serial), {}};
    for (int i = 0; i < kDomains; ++i) {
      version.records.push_back(recordFromText(fmt::format(
          "_sip.{}.d{}.large.example IN SRV 1 1 5060 sip.provider.example", protocol, i)));
    }
    return version;
  }
  static test::ZoneVersion small(std::uint32_t serial, const std::vector<std::string>& names) {
    test::ZoneVersion version{dns::Serial(serial), {}};
    for (const std::string& name : names) {
      version.records.push_back(recordFromText(
          fmt::format("_sip._udp.{}.small.example IN SRV 1 1 5060 sip.provider.example", name)));
    }
    return version;
  }

  test::WorldPrimary& primary() { return world_.primaries.begin()->second.second; }
  Reconciler& reconciler() { return world_.reconciler(); }
  void transfer(std::string_view zone) {
    world_.notify(nameFromText(zone), kAddress);
    while (world_.transport().deliver(reconciler())) {
    }
  }
  void workUntil(StoreState state) {
    while (reconciler().overview().store != state && reconciler().hasWork()) reconciler().work();
    ASSERT_EQ(reconciler().overview().store, state);
  }
  bool hosts(std::string_view name) const {
    return world_.store.table().domains.contains(domain(name));
  }

  test::World world_;
};

TEST_F(Turns, WhatWasPublishedIsOnDiskWhenItStops) {
  world_.flows = false;
  primary().serve(nameFromText("small.example"), small(2, {"new"}));
  transfer("small.example");
  workUntil(StoreState::publishing);
  while (world_.store.deliver(reconciler())) {
  }
  ASSERT_TRUE(hosts("new.small.example"));
  reconciler().stop();
  EXPECT_TRUE(world_.disk.dids().contains(identity::Did::of(domain("new.small.example"))));
  EXPECT_TRUE(world_.disk.histories().contains(domain("new.small.example")));
}

TEST_F(Turns, WhileAChangeSetIsPlannedNothingIsEvaluated) {
  primary().add(nameFromText("large.example"), large(2, "_tcp"));
  transfer("large.example");
  workUntil(StoreState::planning);

  primary().add(nameFromText("small.example"), small(2, {"new"}));
  transfer("small.example");
  ASSERT_EQ(reconciler().overview().store, StoreState::planning);
  while (reconciler().overview().store == StoreState::planning) {
    EXPECT_EQ(reconciler().domainReport(domain("new.small.example")).standing, "");
    reconciler().work();
  }
  world_.settle();
  EXPECT_TRUE(hosts("new.small.example"));
}

TEST_F(Turns, AStoreThatIsLostWhileItIsLookedAtLeavesNoDomainBehind) {
  const auto reopen = [this] {
    world_.store.goDown();
    while (world_.store.deliver(reconciler())) {
    }
    world_.store.wipe();
    world_.store.comeBack();
    while (world_.store.deliver(reconciler())) {
    }
    ASSERT_EQ(reconciler().overview().store, StoreState::reconciling);
  };
  reopen();
  for (int slice = 0; slice < 5; ++slice) reconciler().work();
  reopen();
  world_.settle();
  EXPECT_EQ(world_.store.table().domains.size(), std::size_t{kDomains});

  primary().add(nameFromText("large.example"), large(2, "_tcp"));
  transfer("large.example");
  world_.settle();
  for (const auto& [name, entry] : world_.store.table().domains) {
    EXPECT_TRUE(entry.transports.contains(derive::Transport::tcp)) << name.text();
  }
}

TEST_F(Turns, ASmallEditIsPublishedWhileALargeOneIsWorkedOff) {
  primary().add(nameFromText("large.example"), large(2, "_tcp"));
  transfer("large.example");
  primary().add(nameFromText("small.example"), small(2, {"new"}));
  transfer("small.example");
  const auto published = [this] {
    return reconciler().published().domains.contains(domain("new.small.example"));
  };
  while (!published() && reconciler().hasWork()) reconciler().work();
  EXPECT_TRUE(published());
  EXPECT_GT(reconciler().overview().zones_in_work, 0u)
      << "the large zone is still being worked off";
  const auto& first = reconciler().published().domains.at(domain("d0.large.example"));
  EXPECT_TRUE(first.transports.contains(derive::Transport::udp));
  world_.settle();
  const auto& after = reconciler().published().domains.at(domain("d0.large.example"));
  EXPECT_TRUE(after.transports.contains(derive::Transport::tcp));
}

// The primary has been answered and will not repeat itself.
TEST(Notify, OneThatComesTooSoonIsActedOnWhenTheIntervalEnds) {
  test::World world;
  const xfr::Endpoint endpoint{kAddress, 53};
  world.primaries[endpoint].first = "ns1";
  auto key = dns::parseTsigKey("hmac-sha256:k:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
  ASSERT_TRUE(key);
  world.settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
  world.settings.secondary.primaries.push_back(
      {"ns1", endpoint, std::make_shared<dns::TsigKey>(std::move(*key))});
  world.settings.secondary.zones.push_back({nameFromText("acme.example"), {xfr::PrimaryId{0}}, {}});
  world.settings.zones.push_back({view::CustomerId{0}, false});
  world.start();
  world.settle();
  const auto notify = [&] {
    world.notify(nameFromText("acme.example"), kAddress);
    world.settle();
  };
  const auto questions = [&] {
    return std::ranges::count_if(
        world.trace, [](const std::string& line) { return line.starts_with("ns1 asked"); });
  };
  notify();
  world.advance(std::chrono::seconds(2));
  const auto asked_before = questions();
  notify();
  EXPECT_EQ(world.trace.rbegin()[1], "notify rate-limited for acme.example from 192.0.2.53");
  EXPECT_EQ(questions(), asked_before);
  world.advance(world.settings.notify.unsigned_hint_interval);
  EXPECT_GT(questions(), asked_before);
}

// A zone's own limit bounds what it grows to, not only each transfer.
TEST(Limits, AZoneGrowsToItsOwnLimitAndNoFurther) {
  test::World world;
  const xfr::Endpoint endpoint{kAddress, 53};
  world.primaries[endpoint].first = "ns1";
  world.settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
  world.settings.secondary.primaries.push_back({"ns1", endpoint, nullptr});
  xfr::ZoneSettings zone{nameFromText("acme.example"), {xfr::PrimaryId{0}}, {}};
  zone.limits.records_max = 5;
  world.settings.secondary.zones.push_back(zone);
  world.settings.zones.push_back({view::CustomerId{0}, false});
  test::ZoneVersion version{dns::Serial(1), {recordFromText("a.acme.example IN A 192.0.2.1")}};
  test::WorldPrimary& primary = world.primaries[endpoint].second;
  primary.serve(zone.name, version);
  world.start();
  world.settle();
  for (std::uint32_t serial = 2; serial < 9; ++serial) {
    version.serial = dns::Serial(serial);
    version.records.push_back(
        recordFromText(fmt::format("n{}.acme.example IN A 192.0.2.1", serial)));
    primary.add(zone.name, version);
    world.notify(zone.name, kAddress);
    world.settle();
  }
  EXPECT_EQ(world.reconciler().zoneReport(zone.name)->records, 5u);
  EXPECT_EQ(world.reconciler().zoneReport(zone.name)->status.serial, dns::Serial(4));
}

}  // namespace
}  // namespace zonecast::loop
