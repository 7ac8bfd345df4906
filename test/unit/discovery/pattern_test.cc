#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reconciler/discovery/pattern_set.h"
#include "reconciler/discovery/settings.h"

namespace zonecast::discovery {
namespace {

bool matches(std::initializer_list<std::string_view> texts, std::string_view domain) {
  std::vector<Pattern> patterns;
  for (const auto text : texts) patterns.push_back(*Pattern::fromText(text));
  return PatternSet(patterns).matches(domain);
}

TEST(Pattern, ANameIsThatNameAlone) {
  EXPECT_TRUE(matches({"example.com"}, "example.com"));
  EXPECT_FALSE(matches({"example.com"}, "sip.example.com"));
  EXPECT_FALSE(matches({"example.com"}, "badexample.com"));
  EXPECT_FALSE(matches({"example.com"}, "com"));
}

TEST(Pattern, AStarIsAllBelowTheNameAndNotTheName) {
  EXPECT_TRUE(matches({"*.example.com"}, "sip.example.com"));
  EXPECT_TRUE(matches({"*.example.com"}, "a.b.c.example.com"));
  EXPECT_FALSE(matches({"*.example.com"}, "example.com"));
  EXPECT_FALSE(matches({"*.example.com"}, "badexample.com"));
  EXPECT_TRUE(matches({"*.com"}, "example.com"));
}

TEST(Pattern, AStarAloneIsEverything) {
  EXPECT_TRUE(matches({"*"}, "example.com"));
  EXPECT_TRUE(matches({"*"}, "localhost"));
  EXPECT_FALSE(matches({}, "example.com"));
}

TEST(Pattern, AnyOfManyWill) {
  EXPECT_TRUE(matches({"a.example", "*.b.example", "c.example"}, "x.b.example"));
  EXPECT_TRUE(matches({"a.example", "*.b.example", "c.example"}, "c.example"));
  EXPECT_FALSE(matches({"a.example", "*.b.example", "c.example"}, "d.example"));
}

TEST(Pattern, IsReadAsDomainsAreAndWrittenBack) {
  for (const auto* text : {"example.com", "*.example.com", "*"})
    EXPECT_EQ(Pattern::fromText(text)->toText(), text);
  EXPECT_EQ(Pattern::fromText("*.Example.COM.")->toText(), "*.example.com");
}

TEST(Pattern, WhatIsNoneIsRefused) {
  for (const auto* text : {"", "*.", "**", "*example.com", "a.*.example", "*.*.example", "a b",
                           "_sip.example", "192.0.2.1", "*.192.0.2.1", ".", "sip:a@example.com"})
    EXPECT_FALSE(Pattern::fromText(text)) << text;
}

}  // namespace
}  // namespace zonecast::discovery
