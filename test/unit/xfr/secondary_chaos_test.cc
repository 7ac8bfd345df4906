// Random events against the promises that hold whatever happens: the limits, one reader per zone,
// no failure that changes anything, and that it all comes right once the primaries do.
#include <random>

#include <gtest/gtest.h>

#include "test/unit/xfr/secondary_world.h"

namespace zonecast::xfr::test {
namespace {

constexpr std::size_t kZones = 60, kPrimaries = 3;
using Mode = Primary::Mode;

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed)
      : random_(seed), world_({.zones = kZones, .primaries = kPrimaries, .limits = limits(seed)}) {
    for (std::size_t i = 0; i < kZones; i += 2) world_.hold(1, i);
    for (Primary& primary : world_.primaries) {
      for (auto& [text, zone] : primary.zones) zone.padding = below(300);
    }
    world_.start();
  }

  void happen() {
    const std::size_t primary = below(kPrimaries), zone = below(kZones);
    switch (below(12)) {
      case 0:
        world_.primaries[primary].mode = static_cast<Mode>(below(5));
        break;
      case 1:
        world_.at(primary, zone).axfr = static_cast<dns::Rcode>(below(6));
        world_.at(primary, zone).ixfr = static_cast<dns::Rcode>(below(6));
        break;
      case 2:
        world_.at(primary, zone).per_message = below(100);
        world_.at(primary, zone).history = below(2) == 0;
        break;
      case 3:
        for (std::size_t i = 0; i < kPrimaries; ++i) ++world_.at(i, zone).serial;
        world_.notify(primary, zone);
        break;
      case 4:
        world_.secondary->retransfer(World::zone(zone), world_.now);
        world_.run();
        break;
      case 5:
        if (!world_.connected.empty()) world_.drop(*world_.connected.begin());
        break;
      case 6:
        answerSome(primary);
        break;
      case 7:
        world_.chunk = below(3) * 700;
        break;
      case 8:
        sendRubbish();
        break;
      case 9:
        if (world_.busy.empty()) {
          world_.busy.insert(World::zone(zone));
        } else {
          makeReady();
        }
        break;
      default:
        world_.advance(milliseconds{below(20'000)});
    }
  }

  void checkLimits() {
    std::size_t transferring = 0;
    for (std::size_t i = 0; i < kZones; ++i) {
      transferring += world_.status(i).activity == ZoneActivity::transferring ? 1 : 0;
    }
    // One for an IXFR, and three for bulk transfers with what is asked for ahead on each.
    ASSERT_LE(transferring, (1 + 3 * world_.settings.limits.transfers_pipelined) * kPrimaries);
  }

  void checkThatAllComesRight() {
    makeReady();
    for (Primary& primary : world_.primaries) {
      primary.mode = Mode::serving;
      for (auto& [text, zone] : primary.zones) zone.soa = zone.ixfr = zone.axfr = {};
    }
    world_.advance(hours{2});
    for (std::size_t i = 0; i < kZones; ++i) {
      ASSERT_EQ(world_.status(i).serial, dns::Serial(world_.at(0, i).serial)) << i;
      ASSERT_EQ(world_.status(i).trouble, "");
      ASSERT_EQ(world_.status(i).activity, ZoneActivity::waiting);
    }
    for (std::size_t i = 0; i < kPrimaries; ++i) ASSERT_LE(world_.openTo(i), 5u);
  }

 private:
  static SecondaryLimits limits(std::uint64_t seed) {
    return {.transfers_pipelined = seed % 2 == 0 ? 1u : 5u, .connections_max = 66};
  }
  std::size_t below(std::size_t end) { return random_() % end; }

  void makeReady() {
    for (const ZoneId each : std::exchange(world_.busy, {})) {
      world_.secondary->onZoneReady(each, world_.now);
      world_.run();
    }
  }
  void answerSome(std::size_t primary) {
    const auto& requests = world_.primaries[primary].requests;
    for (std::size_t i = 0; i < 5 && !requests.empty(); ++i) {
      const Request request =
          requests[requests.size() - 1 - below(std::min<std::size_t>(requests.size(), 20))];
      if (world_.peers.contains(request.connection)) world_.answer(request);
    }
  }
  void sendRubbish() {
    if (world_.connected.empty()) return;
    std::vector<std::uint8_t> octets(below(100));
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(below(256));
    world_.sendMessage(*world_.connected.rbegin(), std::move(octets));
    world_.run();
  }

  std::mt19937_64 random_;
  World world_;
};

TEST(SecondaryChaos, WhateverHappensItComesRight) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Chaos chaos(seed);
    for (int i = 0; i < 400; ++i) {
      chaos.happen();
      ASSERT_NO_FATAL_FAILURE(chaos.checkLimits());
    }
    ASSERT_NO_FATAL_FAILURE(chaos.checkThatAllComesRight());
  }
}

}  // namespace
}  // namespace zonecast::xfr::test
