// What documents the options says what the loader takes.
#include "config/reference.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/files.h"

namespace zonecast::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Reference, IsTheCommittedPage) {
  const auto page = readFile(std::string(ZONECAST_SOURCES) + "/config/REFERENCE.md", 1u << 20);
  ASSERT_TRUE(page) << page.error();
  EXPECT_EQ(*page, referencePage())
      << "renew it: zonecast conf-help --markdown >config/REFERENCE.md";
}

TEST(Reference, TellsBoundsDefaultsAndWhatIsRequired) {
  const std::string page = referencePage();
  EXPECT_THAT(page, HasSubstr("\n| `query_timeout` | a duration from 10ms to 5m | `5s` | "));
  EXPECT_THAT(page, HasSubstr("\n| `password_file` | a path | none | "));
  EXPECT_THAT(page, HasSubstr("\n| `deployment` | 1 to 64 letters, digits, `_`, `.` or `-` | "
                              "required | "));
  EXPECT_THAT(page, HasSubstr("\n| `udp` | a list of: a port from 1 to 65535 | none | "));
  EXPECT_THAT(page, HasSubstr("\n| `records_max` | a number from 1 to 100000000 | none | "));
}

// A heading or row that says no more than "likewise" would send its reader elsewhere.
TEST(Reference, EachOptionSpeaksForItself) {
  for (const OptionTable& table : optionTables()) {
    EXPECT_NE(table.help, "") << table.path;
    for (const OptionHelp& option : table.options) {
      EXPECT_THAT(option.takes + option.help, Not(HasSubstr("|"))) << "which ends a cell";
      EXPECT_GT(option.help.size(), 8u) << table.path << option.name;
      EXPECT_THAT(option.help, Not(testing::StartsWith("likewise"))) << table.path << option.name;
    }
  }
}

TEST(OptionsText, IsOfWhatStandsAtOrBelowAPath) {
  EXPECT_EQ(optionsText("log.level"),
            "log: what is told\n"
            "  log.level\n"
            "      the least that is logged\n"
            "      takes debug, info, warning or error; default: info\n");
  EXPECT_THAT(optionsText("log"), HasSubstr("\n  log.file\n"));
  EXPECT_THAT(optionsText("customers"), HasSubstr("customers.NAME.zones[].shared\n"));
  EXPECT_THAT(optionsText("customers.NAME"), Not(HasSubstr("edge[]")));
  EXPECT_THAT(optionsText(""), HasSubstr("the top level: "));
  EXPECT_EQ(optionsText("lo"), "");
  EXPECT_EQ(optionsText("log.levels"), "");
}

}  // namespace
}  // namespace zonecast::config
