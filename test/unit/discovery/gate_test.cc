#include "reconciler/discovery/gate.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace zonecast::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{std::chrono::hours{1}};

// What the tests are not about is no limit.
Settings wide() {
  Settings settings;
  settings.total = settings.worker = settings.registrable = {.rate = 1'000'000, .burst = 1'000'000};
  return settings;
}

std::vector<Pattern> patterns(std::initializer_list<std::string_view> texts) {
  std::vector<Pattern> all;
  for (const auto text : texts) all.push_back(*Pattern::fromText(text));
  return all;
}

std::string numbered(std::string_view name, int n) {
  return std::string(name) + std::to_string(n) + ".example";
}

// "": admitted.
std::string outcome(Gate& gate, std::string_view domain, std::string_view worker = "w",
                    Instant now = kStart) {
  const auto admitted = gate.admit(domain, worker, now);
  return admitted ? "" : std::string(toText(admitted.error()));
}

// How many of `count` names that were never asked about pass, each a registrable domain.
int flood(Gate& gate, int count, std::string_view worker, Instant now) {
  static int next = 0;
  int passed = 0;
  for (int i = 0; i < count; ++i)
    passed += gate.admit(numbered("n", next++), worker, now).has_value();
  return passed;
}

// -- which domains

TEST(Gate, AdmitsTheDomainAsItIsWrittenInRedis) {
  Gate gate(wide());
  EXPECT_EQ(gate.admit("Example.COM.", "w", kStart)->text(), "example.com");
}

TEST(Gate, HostileOctetsAreMalformed) {
  Gate gate(wide());
  std::vector<std::string> texts{"",
                                 ".",
                                 "a..b",
                                 "a b",
                                 "_sip.a.b",
                                 "*.a.b",
                                 "a.b\n",
                                 "-a.b",
                                 "a.b-",
                                 "sip:u@a.b",
                                 "a.b:5060",
                                 "a.b\r\nSET x y",
                                 "\xff\xfe.b",
                                 "b\xc3\xbc.de",
                                 std::string(1'000'000, 'a'),
                                 std::string(64, 'a') + ".b",
                                 std::string("a\0.b", 4)};
  std::string octets;
  for (int c = 0; c < 256; ++c) octets += static_cast<char>(c);
  texts.push_back(octets);
  for (const std::string& text : texts) EXPECT_EQ(outcome(gate, text), "malformed") << text;
  EXPECT_EQ(gate.remembered().workers, 0u);
}

TEST(Gate, AnIpLiteralIsNotLookedUp) {
  Gate gate(wide());
  for (const auto* text : {"192.0.2.1", "2001:db8::1", "[2001:db8::1]", "::ffff:192.0.2.1", "::"})
    EXPECT_EQ(outcome(gate, text), "address") << text;
  for (const auto* text : {"192.0.2.0/24", "[192.0.2.1]", "192.0.2", "1", "[", "[]", "[::1"})
    EXPECT_EQ(outcome(gate, text), "malformed") << text;
}

TEST(Gate, TheModeDecidesWhatIsLookedUp) {
  Settings settings = wide();
  settings.allow = patterns({"*.acme.example"});
  const auto outcomeIn = [&](Mode mode, std::string_view domain) {
    settings.mode = mode;
    Gate gate(settings);
    return outcome(gate, domain);
  };
  EXPECT_EQ(outcomeIn(Mode::off, "a.acme.example"), "off");
  EXPECT_EQ(outcomeIn(Mode::off, "a b"), "off");
  EXPECT_EQ(outcomeIn(Mode::listed, "a.acme.example"), "");
  EXPECT_EQ(outcomeIn(Mode::listed, "b.example"), "not_listed");
  EXPECT_EQ(outcomeIn(Mode::token, "b.example"), "");
  EXPECT_EQ(outcomeIn(Mode::open, "b.example"), "");
}

TEST(Gate, DenyWinsInEveryMode) {
  Settings settings = wide();
  settings.allow = patterns({"*"});
  settings.deny = patterns({"bad.example", "*.local"});
  for (const Mode mode : {Mode::listed, Mode::token, Mode::open}) {
    settings.mode = mode;
    Gate gate(settings);
    EXPECT_EQ(outcome(gate, "BAD.example"), "denied");
    EXPECT_EQ(outcome(gate, "printer.local"), "denied");
    EXPECT_EQ(outcome(gate, "good.example"), "");
  }
}

TEST(Gate, ARefusedDomainIsNotHeldAgainstAnybody) {
  Settings settings = wide();
  settings.worker = {.rate = 1, .burst = 2};
  settings.deny = patterns({"bad.example"});
  Gate gate(settings);
  for (int i = 0; i < 100; ++i) {
    outcome(gate, "bad.example");
    outcome(gate, "a b");
  }
  EXPECT_EQ(outcome(gate, "good.example"), "");
}

// -- registrable domains

TEST(Registrable, IsOneLabelBelowAPublicSuffix) {
  const auto of = [](std::string_view text) {
    return registrableOf(*derive::Domain::fromText(text));
  };
  EXPECT_EQ(of("sip.eu.example.com"), "example.com");
  EXPECT_EQ(of("sip.example.co.uk"), "example.co.uk");
  EXPECT_EQ(of("example.co.uk"), "example.co.uk");
  EXPECT_EQ(of("a.b.unheardof"), "b.unheardof");
  EXPECT_EQ(of("x.customer.github.io"), "customer.github.io");
  EXPECT_EQ(of("a.xn--55qx5d.cn"), "a.xn--55qx5d.cn") << "a suffix in an A-label";
}

TEST(Registrable, ASuffixStandsForItself) {
  for (const auto* text : {"com", "co.uk", "localhost"})
    EXPECT_EQ(registrableOf(*derive::Domain::fromText(text)), text);
}

TEST(Gate, NamesBelowOneRegistrableDomainShareItsQuota) {
  Settings settings = wide();
  settings.registrable = {.rate = 2, .burst = 10};
  Gate gate(settings);
  int passed = 0;
  for (int i = 0; i < 1000; ++i)
    passed += outcome(gate, "h" + std::to_string(i) + ".big.co.uk") == "";
  EXPECT_EQ(passed, 5) << "half of the burst";
  EXPECT_EQ(outcome(gate, "x.big.co.uk", "another"), "registrable_rate");
  EXPECT_EQ(outcome(gate, "x.small.co.uk"), "");
  EXPECT_EQ(outcome(gate, "x.big.co.uk", "w", kStart + milliseconds{500}), "");
}

// -- asked again

TEST(Gate, ADomainIsAdmittedOnceInAWhileHoweverItIsWritten) {
  Gate gate(wide());
  EXPECT_EQ(outcome(gate, "a.example", "w1"), "");
  EXPECT_EQ(outcome(gate, "A.example.", "w2", kStart + milliseconds{4999}), "recent");
  EXPECT_EQ(outcome(gate, "a.example", "w2", kStart + seconds{5}), "");
}

TEST(Gate, WhatWasRefusedIsNotRecent) {
  Settings settings = wide();
  settings.worker = {.rate = 10, .burst = 1};
  Gate gate(settings);
  EXPECT_EQ(outcome(gate, "a.example"), "");
  EXPECT_EQ(outcome(gate, "b.example"), "worker_rate");
  EXPECT_EQ(outcome(gate, "b.example", "another"), "");
  EXPECT_EQ(outcome(gate, "c.example", "w", kStart + milliseconds{100}), "");
}

TEST(Gate, TheOldestDomainIsForgottenFirst) {
  Settings settings = wide();
  settings.domains_max = 3;
  Gate gate(settings);
  for (const auto* text : {"a.example", "b.example", "c.example", "d.example"})
    EXPECT_EQ(outcome(gate, text), "");
  EXPECT_EQ(gate.remembered().domains, 3u);
  EXPECT_EQ(outcome(gate, "b.example"), "recent");
  EXPECT_EQ(outcome(gate, "a.example"), "");
}

// -- workers

TEST(Gate, AFloodingWorkerHasItsQuotaAndNoMore) {
  Settings settings;
  settings.worker = {.rate = 10, .burst = 20};
  Gate gate(settings);
  EXPECT_EQ(flood(gate, 1000, "flooder", kStart), 10) << "half of the burst";
  int passed = 0;
  for (int ms = 1; ms <= 10'000; ++ms)
    passed += flood(gate, 5, "flooder", kStart + milliseconds{ms});
  EXPECT_EQ(passed, 100);
  EXPECT_EQ(outcome(gate, "good.example", "w", kStart + seconds{10}), "");
}

TEST(Gate, AWorkerThatWasQuietHasItsWholeBurst) {
  Settings settings = wide();
  settings.worker = {.rate = 10, .burst = 20};
  Gate gate(settings);
  EXPECT_EQ(flood(gate, 1, "w", kStart), 1);
  EXPECT_EQ(flood(gate, 100, "w", kStart + seconds{60}), 20);
}

TEST(Gate, WorkersThatDoNotTellTheirNameAreOne) {
  Settings settings = wide();
  settings.worker = {.rate = 1, .burst = 2};
  Gate gate(settings);
  EXPECT_EQ(outcome(gate, "a.example", ""), "");
  EXPECT_EQ(outcome(gate, "b.example", ""), "worker_rate");
  EXPECT_EQ(outcome(gate, "b.example", std::string(1, '\0')), "") << "another";
}

TEST(Gate, ALongNameOfAWorkerIsCut) {
  Settings settings = wide();
  settings.worker = {.rate = 1, .burst = 2};
  Gate gate(settings);
  const std::string name(128, '\xff');
  EXPECT_EQ(outcome(gate, "a.example", name + "a"), "");
  EXPECT_EQ(outcome(gate, "b.example", name + std::string(1'000'000, 'b')), "worker_rate");
  EXPECT_EQ(gate.remembered().workers, 1u);
}

TEST(Gate, InventedWorkersGetNoMoreThanTheTotal) {
  Settings settings;
  settings.total = {.rate = 100, .burst = 200};
  Gate gate(settings);
  int passed = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    for (int i = 0; i < 5; ++i)
      passed += flood(gate, 1, "w" + std::to_string(5 * ms + i), kStart + milliseconds{ms});
  }
  EXPECT_NEAR(passed, 150 + 1000, 1) << "what is not kept of the burst, and 10 s at the rate";
}

// Who is known keeps its quota, and nobody gets a new one by being forgotten.
TEST(Gate, WorkersBeyondThoseRememberedShareOneQuota) {
  Settings settings = wide();
  settings.worker = {.rate = 10, .burst = 4};
  settings.workers_max = 2;
  Gate gate(settings);
  for (const auto* worker : {"w1", "w2"}) EXPECT_EQ(flood(gate, 10, worker, kStart), 2);
  EXPECT_EQ(flood(gate, 10, "w3", kStart), 4);
  EXPECT_EQ(flood(gate, 10, "w4", kStart), 0);
  EXPECT_EQ(flood(gate, 10, "w1", kStart + milliseconds{100}), 1);
  EXPECT_EQ(gate.remembered().workers, 2u);
  EXPECT_EQ(flood(gate, 10, "w5", kStart + seconds{1}), 2) << "w2 has nothing left to lose";
  EXPECT_EQ(gate.remembered().workers, 2u);
}

TEST(Gate, ManyFloodingWorkersLeaveSomethingToTheQuiet) {
  Settings settings;
  settings.total = {.rate = 100, .burst = 200};
  settings.worker = {.rate = 50, .burst = 100};
  Gate gate(settings);
  flood(gate, 1, "quiet", kStart);
  int refused = 0;
  for (int ms = 60'000; ms < 120'000; ++ms) {
    const Instant now = kStart + milliseconds{ms};
    for (int worker = 0; worker < 20; ++worker)
      flood(gate, 1, "flooder" + std::to_string(worker), now);
    if (ms % 100 == 0) refused += 1 - flood(gate, 1, "quiet", now);
  }
  EXPECT_EQ(refused, 0);
}

// -- what holds whatever is asked

struct Ask {
  Instant at;
  std::string worker, registrable;
};

// In no stretch of time more than its burst and what came in since.
template <typename Key>
void expectWithin(const Quota& quota, const std::vector<Ask>& admitted, Key key) {
  std::map<std::string, std::vector<Instant>> times;
  for (const Ask& ask : admitted) times[key(ask)].push_back(ask.at);
  for (const auto& [name, at] : times) {
    for (std::size_t first = 0; first < at.size(); first += 7) {
      for (std::size_t last = first; last < at.size(); ++last) {
        const auto count = last - first + 1;
        const std::chrono::duration<double> passed = at[last] - at[first];
        ASSERT_LE(static_cast<double>(count), quota.burst + passed.count() * quota.rate + 1e-6)
            << name << " from " << first << " to " << last;
      }
    }
  }
}

TEST(Gate, NoStretchOfTimeExceedsAQuota) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto upTo = [&](std::uint32_t max) {
      return std::uniform_int_distribution<std::uint32_t>(1, max)(random);
    };
    Settings settings;
    settings.total = {upTo(100), upTo(100)};
    settings.worker = {upTo(60), upTo(60)};
    settings.registrable = {upTo(20), upTo(20)};
    settings.workers_max = upTo(12);
    settings.registrables_max = upTo(200);
    settings.domains_max = upTo(100);
    settings.repeat_after = milliseconds{upTo(2000)};
    Gate gate(settings);
    std::vector<Ask> admitted;
    Instant now = kStart;
    for (int i = 0; i < 20'000; ++i) {
      now += Duration(upTo(upTo(50) == 1 ? 200'000 : 1000));
      const std::string worker = "w" + std::to_string(upTo(8));
      const std::string registrable = "r" + std::to_string(upTo(30)) + ".co.uk";
      const auto domain =
          gate.admit("h" + std::to_string(upTo(1'000'000)) + "." + registrable, worker, now);
      if (domain) admitted.push_back({now, worker, registrable});
      ASSERT_LE(gate.remembered().domains, settings.domains_max);
      ASSERT_LE(gate.remembered().workers, settings.workers_max);
      ASSERT_LE(gate.remembered().registrables, settings.registrables_max);
    }
    ASSERT_FALSE(admitted.empty());
    expectWithin(settings.total, admitted, [](const Ask&) { return "all"; });
    // Who shares the quota of those who are not remembered may have had one of its own before.
    if (settings.workers_max >= 8)
      expectWithin(settings.worker, admitted, [](const Ask& ask) { return ask.worker; });
    if (settings.registrables_max >= 30)
      expectWithin(settings.registrable, admitted, [](const Ask& ask) { return ask.registrable; });
  }
}

TEST(Gate, AFloodOfAMillionNamesIsRefusedInBoundedMemoryAndTellsNothingOfItsLength) {
  Gate gate(Settings{});
  std::mt19937 random(1);
  const auto label = [&] {
    std::string text;
    for (int i = 0; i < 10; ++i) text += static_cast<char>('a' + random() % 26);
    return text;
  };
  int passed = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000'000; ++i) {  // 10 s of them
    const Instant now = kStart + Duration(10) * i;
    passed +=
        gate.admit(label() + "." + label() + ".com", "w" + std::to_string(i % 50), now).has_value();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const Settings defaults;
  EXPECT_LE(passed, static_cast<int>(defaults.total.burst + 10 * defaults.total.rate));
  EXPECT_GE(passed, static_cast<int>(10 * defaults.total.rate));
  EXPECT_LE(gate.remembered().domains, defaults.total.burst + 5 * defaults.total.rate);
  RecordProperty("seconds_for_a_million", std::to_string(took.count()));
}

TEST(Gate, EveryRefusalHasAWord) {
  std::vector<std::string_view> words;
  for (const Refusal refusal : kRefusals) words.push_back(toText(refusal));
  std::ranges::sort(words);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
}

}  // namespace
}  // namespace zonecast::discovery
