#include <string>

#include <gtest/gtest.h>

#include "adapters/logging/line.h"

namespace zonecast::logging {
namespace {

TEST(Line, IsWordsAndThenFields) {
  const Line line = Line("zone transferred").add("zone", "acme.example").add("records", 17);
  EXPECT_EQ(line.text(), "zone transferred zone=acme.example records=17");
}

TEST(Line, AValueThatCouldBeMisreadStandsInQuotes) {
  EXPECT_EQ(Line("x").add("a", "+1 ~0 -0").text(), R"(x a="+1 ~0 -0")");
  EXPECT_EQ(Line("x").add("a", "").text(), R"(x a="")");
  EXPECT_EQ(Line("x").add("a", "b=c").text(), R"(x a="b=c")");
  EXPECT_EQ(Line("x").add("a", R"(say "hi" \o/)").text(), R"(x a="say \"hi\" \\o/")");
}

TEST(Line, AFieldCannotBeForgedFromWithinAValue) {
  EXPECT_EQ(Line("x").add("a", "b\" zone=other.example").text(), R"(x a="b\" zone=other.example")");
}

TEST(Line, StaysOneLineOfPrintableAscii) {
  const std::string hostile = std::string("a\nb\r\x1b[2J\0\x7f", 10) + "\xe2\x80\xae" + "\x9b";
  const Line line = Line("words " + hostile).add("field", hostile);
  for (const char c : line.text()) EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
  EXPECT_TRUE(line.text().starts_with(R"(words a\010b\013\027[2J\000\127\226\128\174\155 field=)"))
      << line.text();
}

TEST(Line, ARecordKeepsFieldsApart) {
  const Line line = Line("zone transferred").add("zone", "a b=\"c\"").add("to", 17);
  EXPECT_EQ(line.record(), "zone transferred\x1fzone=a b=\"c\"\x1eto=17");
}

TEST(Line, AFieldOfARecordCannotBeForged) {
  const Line line = Line("words\x1fzone=x").add("a", "b\x1fzone=other.example\x1e");
  EXPECT_EQ(line.record(),
            "words\\031zone=x\x1f"
            "a=b\\031zone=other.example\\030");
}

}  // namespace
}  // namespace zonecast::logging
