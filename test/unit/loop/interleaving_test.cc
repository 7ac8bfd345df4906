// Random edits, failures and kills, with the loop's turns taken in random order: whatever happened,
// in the end the store holds what a process that saw only the end would publish.

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/described.h"
#include "test/support/world.h"

namespace zonecast::test {
namespace {

constexpr int kNames = 6;
constexpr int kSteps = 120;
constexpr std::uint32_t kSeeds = 300;

const xfr::Address kPrimary = xfr::parseAddress("192.0.2.53").value();

void configure(World& world) {
  derive::EdgeRule rule{.name = "edge[0]"};
  rule.hosts.push_back(nameFromText("sip.provider.example"));
  rule.prefixes.push_back(derive::prefixFromText("192.0.2.10").value());
  rule.ports.push_back({derive::Transport::udp, 5060});
  world.settings.edge.rules.push_back(std::move(rule));
  world.settings.customers.push_back(
      {.name = "acme", .grants = {.dids = {"acme"}}, .attributes = {}});
  world.settings.publish_batch_max = 3;
  // What the brake makes of a flood depends on how it comes.
  world.settings.brake.customer_min = world.settings.brake.total_min = 1'000'000;
  const xfr::Endpoint endpoint{kPrimary, 53};
  world.primaries[endpoint].first = "ns1";
  world.settings.secondary.primaries.push_back({"ns1", endpoint, nullptr});
  for (const char* zone : {"a.example", "b.example"}) {
    world.settings.secondary.zones.push_back({nameFromText(zone), {xfr::PrimaryId{0}}, {}});
    world.settings.zones.push_back({view::CustomerId{0}, false});
  }
}

class Tale {
 public:
  explicit Tale(std::uint32_t seed) : random_(seed) { configure(world_); }

  void tell() {
    for (const char* zone : {"a.example", "b.example"}) write(zone, 1);
    world_.start();
    for (int step = 0; step < kSteps; ++step) happen();
    world_.store.goDown();  // a wipe that nobody noticed is noticed now
    world_.settle();
    world_.store.comeBack();
    primary().mood = WorldPrimary::Mood::serving;
    world_.settle();
    world_.advance(std::chrono::hours(3));
  }
  // What readers see: DIDs that are free again are another history.
  plan::Table told() const { return withoutRecords(world_.store.table()); }

  // What a process with an empty store and disk makes of the same zones.
  plan::Table afresh() {
    World fresh;
    configure(fresh);
    fresh.primaries.begin()->second.second = primary();
    fresh.start();
    fresh.settle();
    return withoutRecords(fresh.store.table());
  }
  const Trace& trace() const { return world_.trace; }

 private:
  static plan::Table withoutRecords(plan::Table table) {
    table.records.clear();
    return table;
  }
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  WorldPrimary& primary() { return world_.primaries.begin()->second.second; }
  std::string name(std::string_view zone) { return fmt::format("n{}.{}", below(kNames), zone); }
  std::string anyZone() { return below(2) == 0 ? "a.example" : "b.example"; }

  std::vector<OwnedRecord> records(const std::string& zone) {
    std::set<std::string> lines;
    for (int i = 0; i < kNames; ++i) {
      const std::string owner = fmt::format("n{}.{}", i, zone);
      switch (below(8)) {
        case 0:
          lines.insert(fmt::format("_sip._udp.{} IN SRV 1 1 5060 sip.provider.example", owner));
          break;
        case 1:
        case 2:
          lines.insert(fmt::format("_sip._udp.{} IN SRV 1 1 5060 {}", owner, name(anyZone())));
          break;
        case 3:
          lines.insert(fmt::format("{} IN A 192.0.2.10", owner));
          break;
        case 4:  // never in a circle: that would be unknown, and stay as it was
          if (zone == "a.example")
            lines.insert(fmt::format("{} IN CNAME {}", owner, name("b.example")));
          break;
        case 5:
          lines.insert(fmt::format("*.{} IN A 192.0.2.10", owner));
          break;
        case 6:
          lines.insert(fmt::format("_sipvhost.{} IN TXT \"v=sipvhost1; did=acme\"", owner));
          lines.insert(fmt::format("_sip._udp.{} IN SRV 1 1 5060 {}", owner, name(anyZone())));
          lines.insert(fmt::format("{} IN A 192.0.2.10", owner));
          break;
        default:
          break;
      }
      if (below(3) == 0) lines.insert(fmt::format("{} IN TXT \"exists\"", owner));
    }
    std::vector<OwnedRecord> records;
    for (const std::string& line : lines) records.push_back(recordFromText(line));
    return records;
  }

  void write(const std::string& zone, std::uint32_t serial) {
    serials_[zone] = serial;
    ZoneVersion version{dns::Serial(serial), records(zone)};
    if (serial == 1) return primary().serve(nameFromText(zone), std::move(version));
    primary().add(nameFromText(zone), std::move(version));
    if (below(3) == 0) primary().forgetHistory(nameFromText(zone));
  }

  void happen() {
    switch (below(16)) {
      case 0:
      case 1: {
        const std::string zone = anyZone();
        write(zone, serials_[zone] + 1);
        world_.notify(nameFromText(zone), kPrimary);
        break;
      }
      case 2:
        world_.store.goDown();
        break;
      case 3:
      case 4:
        world_.store.comeBack();
        break;
      case 5:
        if (below(4) == 0) world_.store.wipe();
        break;
      case 6:
        if (below(3) == 0) restart();
        break;
      case 7:
        primary().mood =
            below(2) == 0 ? WorldPrimary::Mood::refusingTransfers : WorldPrimary::Mood::serving;
        break;
      case 8:
        world_.advance(std::chrono::minutes(20));
        break;
      default:
        turn();
        break;
    }
  }

  void restart() {
    world_.stop();
    if (below(4) == 0) world_.disk.wipe();
    world_.start();
  }

  // A few of the things that are under way, in any order.
  void turn() {
    for (std::uint32_t n = below(12); n > 0; --n) {
      switch (below(3)) {
        case 0:
          world_.transport().deliver(world_.reconciler());
          break;
        case 1:
          world_.store.deliver(world_.reconciler());
          break;
        default:
          if (world_.reconciler().hasWork()) world_.reconciler().work();
          break;
      }
    }
  }

  std::mt19937 random_;
  World world_;
  std::map<std::string, std::uint32_t> serials_;
};

// Which domain is canonical is a matter of history.
plan::Table withoutCanonical(plan::Table table) {
  for (auto& [did, virtual_domain] : table.virtual_domains) {
    identity::VirtualDomain without = virtual_domain;
    without.canonical = without.domains.front();
    virtual_domain = std::move(without);
  }
  return table;
}

TEST(Interleaving, WhateverHappenedTheStoreEndsAsIfOnlyTheEndHadBeenSeen) {
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    Tale tale(seed);
    tale.tell();
    const plan::Plan difference =
        plan::plan(withoutCanonical(tale.told()), withoutCanonical(tale.afresh()),
                   [](const derive::Domain&) { return std::string(); });
    ASSERT_EQ(describe(difference.changes), std::vector<std::string>()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace zonecast::test
