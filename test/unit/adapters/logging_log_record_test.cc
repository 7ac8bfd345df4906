#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/logging/log_record.h"

namespace zonecast::logging {
namespace {

using testing::ElementsAre;

const std::string kTransferred =
    "zone transferred\x1fzone=acme.example\x1e"
    "to=17\x1f"
    "note=a=\"b\" \\010";

TEST(LogRecord, IsWordsAndFields) {
  const LogRecord record = parseRecord(kTransferred);
  EXPECT_EQ(record.words, "zone transferred");
  ASSERT_EQ(record.fields.size(), 3u);
  EXPECT_EQ(record.fields[0].name, "zone");
  EXPECT_EQ(record.fields[0].value, "acme.example");
  EXPECT_FALSE(record.fields[0].is_number);
  EXPECT_EQ(record.fields[1].value, "17");
  EXPECT_TRUE(record.fields[1].is_number);
  EXPECT_EQ(record.fields[2].value, "a=\"b\" \\010");
}

TEST(LogRecord, AnyOctetsAreTaken) {
  EXPECT_EQ(parseRecord("").words, "");
  EXPECT_EQ(parseRecord("\x1f").fields.size(), 1u);
  EXPECT_EQ(parseRecord("\x1fname").fields.front().value, "");
  EXPECT_EQ(parseRecord("words alone").fields.size(), 0u);
}

TEST(LogRecord, AsJson) {
  EXPECT_EQ(jsonMembers(parseRecord(kTransferred)),
            R"(,"message":"zone transferred","zone":"acme.example","to":17,)"
            R"("note":"a=\"b\" \\010")");
  EXPECT_EQ(jsonMembers(parseRecord("a\nb\xff\t\"")), R"(,"message":"a\u000ab\u00ff\u0009\"")");
}

TEST(LogRecord, AsTheJournalHasIt) {
  EXPECT_THAT(
      journalFields(parseRecord(kTransferred)),
      ElementsAre("MESSAGE=zone transferred", "ZONE=acme.example", "TO=17", "NOTE=a=\"b\" \\010"));
}

}  // namespace
}  // namespace zonecast::logging
