// Files in conf.d: what they add, what they may not, and where errors are said to stand.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/config/config_files.h"

namespace zonecast::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Fragments : public testing::Test {
 protected:
  Fragments() { std::filesystem::create_directory(files_.directory() / "conf.d"); }

  void add(std::string_view name, std::string_view content) {
    files_.write(fmt::format("conf.d/{}", name), content);
  }

  Configuration load(std::string_view content) {
    auto loaded = files_.load(std::string(kRequired) + std::string(content));
    if (loaded) return *std::move(loaded);
    for (const ConfigError& error : loaded.error()) ADD_FAILURE() << toText(error);
    return {};
  }

  // With paths as from the configuration's folder.
  std::vector<std::string> errors(std::string_view content) {
    std::vector<std::string> texts;
    const auto loaded = files_.load(std::string(kRequired) + std::string(content));
    if (loaded) return texts;
    const std::string prefix = files_.directory().string() + "/";
    for (const ConfigError& error : loaded.error()) {
      std::string text = toText(error);
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
        text.erase(at, prefix.size());
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }

  ConfigFiles files_;
};

TEST_F(Fragments, AddKeysAndItemsInTheOrderOfTheirNames) {
  add("20-zones.yaml", "customers: {acme: {zones: [c.example], dids: third}}\n");
  add("10-zones.yaml",
      "limits: {retry_max: 2h}\n"
      "customers: {acme: {zones: [b.example], dids: [second]}, late: {}}\n");
  const Configuration loaded = load(
      "limits: {retry_min: 1m}\n"
      "customers:\n"
      "  acme: {primaries: {ns1: {address: 192.0.2.1}}, zones: [a.example], dids: first}\n");
  const auto& zones = loaded.settings.secondary.zones;
  ASSERT_EQ(zones.size(), 3u);
  EXPECT_EQ(zones[0].name.toText(), "a.example");
  EXPECT_EQ(zones[1].name.toText(), "b.example");
  EXPECT_EQ(zones[2].name.toText(), "c.example");
  EXPECT_EQ(loaded.settings.secondary.clamps.retry_min, std::chrono::minutes(1));
  EXPECT_EQ(loaded.settings.secondary.clamps.retry_max, std::chrono::hours(2));
  const auto& customers = loaded.settings.customers;
  EXPECT_EQ(customers.at(1).name, "late");
  EXPECT_THAT(customers.at(0).grants.dids, ElementsAre("first", "second", "third"));
}

TEST_F(Fragments, MayHoldWhatTheFileLacks) {
  add("redis.yaml", kRequired);
  const auto loaded = files_.load("");
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  EXPECT_EQ(loaded->redis.deployment, "main");
}

TEST_F(Fragments, AreYamlFilesThatAreNotHidden) {
  add("a.yml", "no: option\n");
  add(".a.yaml", "no: option\n");
  add("a.yaml~", "no: option\n");
  add("empty.yaml", "");
  EXPECT_THAT(errors(""), IsEmpty());
}

TEST_F(Fragments, NameFilesFromTheConfigurationsFolder) {
  files_.write("secret", "x");
  add("redis.yaml", "redis: {password_file: secret}\n");
  EXPECT_EQ(load("").redis.password_file, files_.directory() / "secret");
}

TEST_F(Fragments, AValueStandsOnce) {
  add("a.yaml", "log:\n  level: debug\n");
  add("b.yaml", "log: {level: info}\n");
  EXPECT_THAT(errors("log: {level: error}\n"),
              ElementsAre("conf.d/a.yaml:2:10: expected `log.level` once, but it stands at "
                          "c.yaml:3:14 already: only lists and mappings are added to",
                          "conf.d/b.yaml:1:14: expected `log.level` once, but it stands at "
                          "c.yaml:3:14 already: only lists and mappings are added to"));
}

TEST_F(Fragments, AMappingIsNotAValue) {
  add("a.yaml", "log: debug\n");
  EXPECT_THAT(errors("log: {level: error}\n"),
              ElementsAre("conf.d/a.yaml:1:6: expected `log` once, but it stands at c.yaml:3:6 "
                          "already: only lists and mappings are added to"));
}

TEST_F(Fragments, ErrorsSayTheirOwnFile) {
  add("a.yaml", "\nlog: {level: loud}\ncustomers: {acme: {zone: []}}\n");
  add("b.yaml", "- a list\n");
  add("c.yaml", "log: [\n");
  EXPECT_THAT(errors("control_session_max: 3\n"),
              ElementsAre("conf.d/b.yaml:1:1: expected a mapping of options, not a list",
                          "conf.d/c.yaml:1:6: expected YAML, but: end of sequence flow not found"));
  std::filesystem::remove(files_.directory() / "conf.d/c.yaml");
  EXPECT_THAT(errors("control_session_max: 3\n"),
              ElementsAre("c.yaml:3:1: unknown option `control_session_max`; did you mean "
                          "`control_sessions_max`?",
                          "conf.d/a.yaml:2:14: expected debug, info, warning or error, not `loud`",
                          "conf.d/a.yaml:3:20: unknown option `zone`; did you mean `zones`?",
                          "conf.d/b.yaml:1:1: expected a mapping of options, not a list"));
}

TEST_F(Fragments, AZoneStandsOnceInAllFiles) {
  add("a.yaml", "customers: {acme: {zones: [a.example]}}\n");
  EXPECT_THAT(
      errors("customers: {acme: {primaries: {ns1: {address: 192.0.2.1}}, zones: [a.example]}}\n"),
      ElementsAre("conf.d/a.yaml:1:28: expected every name once, but `a.example` stands at "
                  "c.yaml:3:68 already, for customer `acme`"));
}

TEST_F(Fragments, AFileOrFolderThatCannotBeReadIsSaid) {
  std::filesystem::create_symlink("nowhere", files_.directory() / "conf.d/a.yaml");
  EXPECT_THAT(errors(""), ElementsAre("conf.d/a.yaml: expected a file that can be read: No such "
                                      "file or directory"));
  std::filesystem::remove_all(files_.directory() / "conf.d");
  files_.write("conf.d", "");
  EXPECT_THAT(errors(""),
              ElementsAre("conf.d: expected a folder that can be read: Not a directory"));
}

}  // namespace
}  // namespace zonecast::config
