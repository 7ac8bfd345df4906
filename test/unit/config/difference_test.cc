// What a reload says of two configurations, case by case.
#include "config/difference.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/options.h"
#include "reconciler/loop/reconfiguration.h"
#include "test/unit/config/config_files.h"

namespace zonecast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kKey = "hmac-sha256:transfer.key:c2VjcmV0IHNlY3JldCBzZWNyZXQ=\n";
constexpr std::string_view kOtherKey = "hmac-sha256:transfer.key:b3RoZXIgc2VjcmV0IG90aGVyIQ==\n";

// Of a customer with one primary, one zone and one catalog.
constexpr std::string_view kAcme =
    "customers:\n"
    "  acme:\n"
    "    primaries: {ns1: {address: 192.0.2.53}}\n"
    "    zones: [one.test]\n"
    "    catalogs: [{name: cat.test, allow: ['*.test']}]\n";

class DifferenceTest : public testing::Test {
 protected:
  Configuration loaded(std::string_view text) {
    auto configuration = files_.load(std::string(kRequired) + std::string(text));
    EXPECT_TRUE(configuration) << (configuration ? "" : toText(configuration.error().front()));
    return *std::move(configuration);
  }
  Difference between(std::string_view before, std::string_view after) {
    const Configuration first = loaded(before);
    return difference(first, loaded(after));
  }

  ConfigFiles files_;
};

struct Case {
  std::string_view before, after, sentence;
};

TEST_F(DifferenceTest, NothingChanged) {
  for (const std::string_view text : {std::string_view(""), kAcme}) {
    const Difference found = between(text, text);
    EXPECT_THAT(found.changed, IsEmpty());
    EXPECT_THAT(found.at_restart, IsEmpty());
  }
  EXPECT_THAT(between("", "limits: {transfers_max: 64}\n").changed, IsEmpty()) << "its default";
  EXPECT_THAT(between("retire: {absent: 60m}\n", "retire: {absent: 1h}\n").changed, IsEmpty());
}

TEST_F(DifferenceTest, WhatIsAppliedIsOneSentence) {
  const std::string acme(kAcme);
  const auto with = [&](std::string_view part, std::string_view other) {
    std::string text = acme;
    return text.replace(text.find(part), part.size(), other);
  };
  const std::string moved = with("192.0.2.53", "192.0.2.54"),
                    second = with("[one.test]", "[one.test, two.test]"),
                    none = with("[one.test]", "[]"), dids = acme + "    dids: [a-*]\n",
                    watches = acme + "    watched: [w.test]\n",
                    narrow = with("'*.test'", "'*.a.test'"),
                    shared = with("[one.test]", "[{name: one.test, shared: true}]"),
                    limited = with("[one.test]", "[{name: one.test, records_max: 5}]"),
                    renamed = with("acme:", "bcme:");
  const Case cases[] = {
      {"", "log: {level: debug}\n", "log.level: info -> debug"},
      {"", "limits: {transfers_max: 32}\n", "limits.transfers_max: 64 -> 32"},
      {"", "retire: {zone_gone: 2h}\n", "retire.zone_gone: 1h -> 2h"},
      {"", "brake: {window: 2h}\n", "brake.window: 1h -> 2h"},
      {"", "discovery: {deny: [a.test, '*.b.test']}\n",
       "discovery.deny: none -> [a.test, *.b.test]"},
      {"", "attributes: {colour: {type: string}}\n", "attribute colour is new"},
      {"attributes: {colour: {type: string}}\n", "attributes: {colour: {type: integer}}\n",
       "attribute colour is declared otherwise"},
      {"attributes: {colour: {type: string}}\n", "", "attribute colour is gone"},
      {"", "customers: {acme: {}}\n", "customer acme is new"},
      {"customers: {acme: {}}\n", "", "customer acme is gone: its zones leave"},
      {acme, moved, "primary ns1 of customer acme: 192.0.2.53:53 -> 192.0.2.54:53"},
      {acme, second, "zone two.test of customer acme is new"},
      {acme, none, "zone one.test of customer acme is not named any more: it leaves"},
      {acme, shared, "zone one.test: it is shared"},
      {acme, limited, "zone one.test: other limits"},
      {acme, dids, "customer acme: other dids"},
      {acme, watches, "name w.test of customer acme is watched"},
      {watches, acme, "name w.test of customer acme is watched no more"},
      {"", "static: [{did: a, domains: [192.0.2.1, a.test]}]\n",
       "static a is new: 192.0.2.1, a.test"},
      {"static: [{did: a, domains: a.test}]\n", "static: [{did: a, domains: b.test}]\n",
       "static a: other domains or settings"},
      {"static: [{did: a, domains: a.test}]\n", "",
       "static a is not there any more: its domains leave"},
      {acme, narrow, "catalog cat.test: other names that it may bring"},
  };
  for (const Case& each : cases) {
    const Difference found = between(each.before, each.after);
    EXPECT_THAT(found.changed, ElementsAre(each.sentence)) << each.after;
    EXPECT_THAT(found.at_restart, IsEmpty());
  }
  EXPECT_THAT(between(acme, renamed).changed,
              ElementsAre("customer bcme is new", "customer acme is gone: its zones leave",
                          "zone one.test: customer acme -> bcme",
                          "catalog cat.test: customer acme -> bcme"));
}

TEST_F(DifferenceTest, TheEdgeAndRedisMayChange) {
  const Configuration before = loaded("");
  auto after = files_.load(
      "redis: {address: '127.0.0.1:6380', deployment: main}\n"
      "edge: [{hosts: [sbc.provider.example], udp: 5060}]\n");
  ASSERT_TRUE(after);
  EXPECT_THAT(
      difference(before, *after).changed,
      ElementsAre("redis.unix: /run/redis.sock -> none", "redis.address: none -> 127.0.0.1:6380",
                  "edge: other rules, by which every domain is looked at anew"));
}

TEST_F(DifferenceTest, ASecretIsComparedAndNotShown) {
  const auto key = files_.write("key", kKey);
  const auto key_text = [&] {
    return "customers: {acme: {primaries: {ns1: {address: 192.0.2.53, key_file: key}}, zones: "
           "[one.test]}}\n";
  };
  const Configuration before = loaded(key_text());
  files_.write("key", kOtherKey);
  EXPECT_THAT(difference(before, loaded(key_text())).changed,
              ElementsAre("primary ns1 of customer acme: another key"));

  files_.write("token", "0123456789abcdef\n");
  const Configuration first = loaded("http: {token_file: token}\n");
  files_.write("token", "fedcba9876543210\n");
  const Difference found = difference(first, loaded("http: {token_file: token}\n"));
  ASSERT_EQ(found.at_restart.size(), 1u);
  EXPECT_THAT(found.at_restart.front(), HasSubstr("http.token_file: another token"));
}

TEST_F(DifferenceTest, WhatTakesARestartIsNamed) {
  const Case cases[] = {
      {"", "user: nobody\n", "user: none -> nobody"},
      {"", "group: nogroup\n", "group: none -> nogroup"},
      {"", "pid_file: /run/p\n", "pid_file: none -> /run/p"},
      {"", "log: {file: /l}\n", "log.file: none -> /l"},
      {"", "control_socket: /c\n", "control_socket: /run/zonecast/control.sock -> /c"},
      {"", "state_directory: /s\n", "state_directory: /var/lib/zonecast -> /s"},
      {"", "http: {listen: off}\n", "http.listen: 127.0.0.1:9464 -> off"},
      {"", "notify: {listen: ['127.0.0.1:5353']}\n", "notify.listen: none -> [127.0.0.1:5353]"},
  };
  for (const Case& each : cases) {
    const Difference found = between(each.before, each.after);
    EXPECT_THAT(found.changed, IsEmpty());
    ASSERT_EQ(found.at_restart.size(), 1u) << each.after;
    EXPECT_EQ(found.at_restart.front(), std::string(each.sentence) +
                                            ": what this says is set up once, "
                                            "when the daemon starts");
  }
}

// Otherwise a change of it would be applied, or refused, without a word.
TEST_F(DifferenceTest, EachOptionOfTheDaemonCanBeCompared) {
  for (const Section& section : sections()) {
    for (const Option<Draft>& option : section.options) {
      const bool by_name = option.name == "watched";
      EXPECT_TRUE(option.show || by_name || option.shape == Shape::structure)
          << section.name << '.' << option.name;
    }
  }
}

TEST_F(DifferenceTest, OfMuchTheBeginningIsShown) {
  std::string zones = "customers: {acme: {primaries: {ns1: {address: 192.0.2.53}}, zones: [";
  for (int i = 0; i < 50; ++i) zones += "z" + std::to_string(i) + ".test, ";
  const Difference found = between("customers: {acme: {}}\n", zones + "]}}\n");
  ASSERT_EQ(found.changed.size(), 22u);  // the primary, twenty zones
  EXPECT_EQ(found.changed.back(), "30 more zones");
}

// What is gone stays in the settings under its number, and is gone all the same.
TEST_F(DifferenceTest, AgainstSettingsThatWereReloaded) {
  Configuration running = loaded(kAcme);
  for (int round = 0; round < 3; ++round) {
    for (const std::string_view text : {std::string_view(""), kAcme}) {
      Configuration next = loaded(text);
      EXPECT_THAT(difference(running, next).changed, testing::Not(IsEmpty()));
      next.settings = loop::reconfigured(running.settings, std::move(next.settings)).settings;
      running = std::move(next);
      EXPECT_THAT(difference(running, loaded(text)).changed, IsEmpty()) << text;
    }
  }
  EXPECT_EQ(running.settings.customers.size(), 2u) << "it, and that of discovered domains";
  EXPECT_EQ(running.settings.catalogs.size(), 1u);
}

}  // namespace
}  // namespace zonecast::config
