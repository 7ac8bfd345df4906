// Catalogs of a size, and whatever can be wrong with them, over the real core.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/world.h"

namespace zonecast::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const xfr::Address kPrimary = xfr::parseAddress("192.0.2.53").value();

class Catalogs : public testing::Test {
 protected:
  Catalogs() {
    world_.settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    const xfr::Endpoint endpoint{kPrimary, 53};
    world_.primaries[endpoint].first = "ns1";
    world_.settings.secondary.primaries.push_back({"ns1", endpoint, nullptr});
    world_.settings.secondary.zones.push_back({kCatalog, {xfr::PrimaryId{0}}, {}});
    world_.settings.zones.push_back({view::CustomerId{0}, false, loop::CatalogId{0}});
    loop::CatalogSettings catalog;
    catalog.zone = kCatalog;
    catalog.allow.push_back(discovery::Pattern::fromText("*").value());
    catalog.members.primaries = {xfr::PrimaryId{0}};
    world_.settings.catalogs.push_back(std::move(catalog));
  }

  WorldPrimary& primary() { return world_.primaries.begin()->second.second; }
  static ZoneVersion listing(std::uint32_t serial, int from, int to) {
    ZoneVersion version{dns::Serial(serial), {recordFromText("version.cat.example IN TXT \"2\"")}};
    for (int i = from; i < to; ++i) {
      version.records.push_back(
          recordFromText(fmt::format("n{}.zones.cat.example IN PTR z{}.test", i, i)));
    }
    return version;
  }
  void list(std::uint32_t serial, int from, int to) {
    primary().add(kCatalog, listing(serial, from, to));
    world_.notify(kCatalog, kPrimary);
    world_.settle();
  }
  loop::Overview overview() { return world_.reconciler().overview(); }
  std::string trouble() { return world_.reconciler().zoneReport(kCatalog)->status.trouble; }

  static const inline dns::Name kCatalog = nameFromText("cat.example");
  World world_;
};

constexpr int kMany = 50'000;

TEST_F(Catalogs, OfFiftyThousandMembersIsTakenAndReadAnew) {
  primary().serve(kCatalog, listing(1, 0, kMany));
  world_.settings.secondary.limits.transfers_max = 1;  // of the members there is nothing to be had
  world_.start();
  world_.settle();
  EXPECT_EQ(overview().members.of_current, static_cast<std::size_t>(kMany));
  EXPECT_EQ(overview().zones, static_cast<std::size_t>(kMany) + 1);
  list(2, 1, kMany);
  EXPECT_EQ(overview().members.of_current, static_cast<std::size_t>(kMany) - 1);
}

TEST_F(Catalogs, OfOneMoreThanMayBeChangesNothing) {
  world_.settings.catalogs[0].members_max = 100;
  primary().serve(kCatalog, listing(1, 0, 100));
  world_.start();
  world_.settle();
  list(2, 100, 201);
  EXPECT_EQ(overview().members.of_broken, 100u);
  EXPECT_EQ(overview().zones_leaving, 0u);
  EXPECT_THAT(trouble(), HasSubstr("it has more than 100 members (members_max of this catalog)"));
  list(3, 100, 200);  // mended
  EXPECT_EQ(overview().members.of_current, 100u);
  EXPECT_EQ(trouble(), "");
}

TEST_F(Catalogs, ThatListsOneTwiceHasAllOthersAndSaysSo) {
  ZoneVersion version = listing(1, 0, 100);
  version.records.push_back(recordFromText("x.zones.cat.example IN PTR z7.test"));
  primary().serve(kCatalog, version);
  world_.start();
  world_.settle();
  EXPECT_EQ(overview().members.of_current, 100u);
  EXPECT_THAT(trouble(), HasSubstr("z7.test: it stands there 2 times, and counts once, as n7"));
}

TEST_F(Catalogs, OfCatalogsAndItself) {
  ZoneVersion version = listing(1, 0, 1);
  version.records.push_back(recordFromText("x.zones.cat.example IN PTR cat.example"));
  version.records.push_back(recordFromText("y.zones.cat.example IN PTR ."));
  primary().serve(kCatalog, version);
  world_.start();
  world_.settle();
  EXPECT_EQ(overview().members.of_current, 1u);
  EXPECT_EQ(overview().members.refused, 2u);
}

// What a catalog holds answers nobody: its names are no domains, and nobody speaks for them.
TEST_F(Catalogs, HostNothing) {
  derive::EdgeRule rule{.name = "edge[0]"};
  rule.hosts.push_back(nameFromText("sip.provider.example"));
  rule.ports.push_back({derive::Transport::udp, 5060});
  world_.settings.edge.rules.push_back(std::move(rule));
  ZoneVersion version = listing(1, 0, 0);
  version.records.push_back(
      recordFromText("_sip._udp.cat.example IN SRV 10 5 5060 sip.provider.example"));
  primary().serve(kCatalog, version);
  world_.start();
  world_.settle();
  EXPECT_TRUE(world_.store.table().domains.empty());
}

// The two calls that a configuration which is read anew will make.
class Reload : public Catalogs {
 protected:
  Reload() {
    primary().serve(kCatalog, listing(1, 0, 2));
    for (const char* zone : {"z0.test", "z1.test", "late.test"}) {
      primary().serve(nameFromText(zone), {dns::Serial(1), {}});
    }
    world_.start();
    world_.settle();
  }
  static loop::WantedZone wanted(const char* zone) {
    return {{nameFromText(zone), {xfr::PrimaryId{0}}, {}}, {view::CustomerId{0}, false}};
  }
  std::optional<loop::ZoneReport> report(const char* zone) {
    return world_.reconciler().zoneReport(nameFromText(zone));
  }
};

TEST_F(Reload, AddsAZoneAndRemovesIt) {
  ASSERT_TRUE(world_.reconciler().addZone(wanted("late.test")));
  world_.settle();
  EXPECT_TRUE(report("late.test")->status.confirmed);
  EXPECT_EQ(world_.disk.zones().count(nameFromText("late.test")), 1u);
  ASSERT_TRUE(world_.reconciler().removeZone(nameFromText("late.test"), "the file says so"));
  EXPECT_EQ(report("late.test")->status.trouble, "the file says so");
  world_.advance(std::chrono::minutes(59));
  EXPECT_TRUE(report("late.test"));
  world_.advance(std::chrono::minutes(1));
  EXPECT_FALSE(report("late.test"));
  EXPECT_EQ(world_.disk.zones().count(nameFromText("late.test")), 0u);
  EXPECT_EQ(world_.disk.bindings().count(nameFromText("late.test")), 0u);
  EXPECT_FALSE(world_.reconciler().removeZone(nameFromText("late.test"), "again"));
}

TEST_F(Reload, ACatalogThatGoesTakesItsMembersWithIt) {
  ASSERT_TRUE(world_.reconciler().removeZone(kCatalog, "the file says so"));
  world_.settle();
  EXPECT_EQ(overview().zones_leaving, 3u);
  world_.advance(std::chrono::hours(1));
  EXPECT_EQ(overview().zones, 0u);
}

TEST_F(Reload, WhatNeverWasTransferredGoesAtOnce) {
  ASSERT_TRUE(world_.reconciler().addZone(wanted("nowhere.test")));
  world_.settle();
  ASSERT_TRUE(world_.reconciler().removeZone(nameFromText("nowhere.test"), "the file says so"));
  EXPECT_FALSE(report("nowhere.test"));
}

TEST_F(Reload, AnotherCustomersZoneIsNotTaken) {
  loop::WantedZone others = wanted("z0.test");
  others.binding.customer = view::CustomerId{1};
  EXPECT_FALSE(world_.reconciler().addZone(std::move(others)));
}

TEST_F(Reload, SaysWhichZonesAreLeaving) {
  EXPECT_FALSE(world_.reconciler().leaving(view::ZoneIndex{1}));
  world_.reconciler().removeZone(nameFromText("z0.test"), "the file says so");
  const auto leaving = world_.reconciler().leaving(view::ZoneIndex{1});
  ASSERT_TRUE(leaving);
  EXPECT_EQ(leaving->cause, "the file says so");
  EXPECT_EQ(leaving->until - leaving->since, std::chrono::hours(1));
}

}  // namespace
}  // namespace zonecast::test
