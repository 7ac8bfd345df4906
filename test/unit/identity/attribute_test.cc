#include "reconciler/identity/attribute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::identity {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Values = AttributeValues;
using OperatorSets = std::map<std::string, std::vector<std::string>>;

AttributeValue text(std::string value) {
  return value;
}
AttributeValue number(std::int64_t value) {
  return value;
}

AttributeSpec spec(AttributeType type, std::optional<std::int64_t> min = {},
                   std::optional<std::int64_t> max = {}) {
  AttributeSpec s;
  s.name = "x";
  s.type = type;
  s.min = min;
  s.max = max;
  return s;
}

// One value.

TEST(AttributeValue, AnIntegerIsAllOfItsText) {
  const auto s = spec(AttributeType::integer);
  EXPECT_EQ(parseValue(s, "0"), number(0));
  EXPECT_EQ(parseValue(s, "-12"), number(-12));
  EXPECT_EQ(parseValue(s, "9223372036854775807"), number(INT64_MAX));
  EXPECT_EQ(parseValue(s, "-9223372036854775808"), number(INT64_MIN));
  for (const auto* bad :
       {"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.5", "1e3", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999999", "one"}) {
    EXPECT_EQ(parseValue(s, bad).error(), "expected an integer") << bad;
  }
}

TEST(AttributeValue, BoundsAreInclusiveAndNamed) {
  const auto s = spec(AttributeType::integer, -1, 10);
  EXPECT_TRUE(parseValue(s, "-1"));
  EXPECT_TRUE(parseValue(s, "10"));
  EXPECT_EQ(parseValue(s, "-2").error(), "expected an integer from -1 to 10");
  EXPECT_EQ(parseValue(s, "11").error(), "expected an integer from -1 to 10");
  EXPECT_EQ(parseValue(spec(AttributeType::integer, 5), "4").error(),
            "expected an integer of at least 5");
  EXPECT_EQ(parseValue(spec(AttributeType::integer, {}, 5), "6").error(),
            "expected an integer of at most 5");
}

TEST(AttributeValue, ADurationIsANumberWithOneOptionalUnit) {
  const auto s = spec(AttributeType::duration);
  for (const auto* hour : {"3600", "3600s", "60m", "1h"}) {
    EXPECT_EQ(parseValue(s, hour), AttributeValue(seconds(3600))) << hour;
  }
  EXPECT_EQ(parseValue(s, "1d"), AttributeValue(seconds(86400)));
  EXPECT_EQ(parseValue(s, "0"), AttributeValue(seconds(0)));
  for (const auto* bad :
       {"", "s", "-1", "-1h", "1w", "1hm", "1h30m", "1 h", "1H", "h1", "1.5h", "+1"}) {
    EXPECT_FALSE(parseValue(s, bad)) << bad;
  }
}

TEST(AttributeValue, ADurationDoesNotOverflow) {
  const auto s = spec(AttributeType::duration);
  EXPECT_EQ(parseValue(s, "9223372036854775807s"), AttributeValue(seconds(INT64_MAX)));
  EXPECT_EQ(parseValue(s, "106751991167300d"), AttributeValue(seconds(106751991167300 * 86400)));
  EXPECT_FALSE(parseValue(s, "106751991167301d"));
  EXPECT_FALSE(parseValue(s, "9223372036854775807d"));
}

TEST(AttributeValue, ADurationIsBoundedInSecondsWhateverItsUnit) {
  const auto s = spec(AttributeType::duration, 60, 3600);
  EXPECT_TRUE(parseValue(s, "1m"));
  EXPECT_TRUE(parseValue(s, "1h"));
  EXPECT_THAT(parseValue(s, "59").error(), HasSubstr("from 60s to 3600s"));
  EXPECT_FALSE(parseValue(s, "61m"));
}

TEST(AttributeValue, ABooleanIsOneOfEightWordsOfAnyCase) {
  const auto s = spec(AttributeType::boolean);
  for (const auto* word : {"true", "yes", "on", "1", "TRUE", "Yes"}) {
    EXPECT_EQ(parseValue(s, word), AttributeValue(true)) << word;
  }
  for (const auto* word : {"false", "no", "off", "0", "OFF"}) {
    EXPECT_EQ(parseValue(s, word), AttributeValue(false)) << word;
  }
  for (const auto* bad : {"", "t", "y", "2", "01", "true ", "enabled"}) {
    EXPECT_FALSE(parseValue(s, bad)) << bad;
  }
}

TEST(AttributeValue, AnEnumerationIsOneOfItsWords) {
  auto s = spec(AttributeType::enumeration);
  s.values = {"auth", "auth-int"};
  EXPECT_EQ(parseValue(s, "auth-int"), text("auth-int"));
  EXPECT_EQ(parseValue(s, "Auth").error(), "expected one of auth, auth-int");
  EXPECT_FALSE(parseValue(s, ""));
}

TEST(AttributeValue, AStringIsBoundedInOctetsAndKeepsTheGrammarsRules) {
  EXPECT_EQ(parseValue(spec(AttributeType::string), ""), text(""));
  EXPECT_EQ(parseValue(spec(AttributeType::string), "a;b=c"), text("a;b=c"));
  const auto s = spec(AttributeType::string, 1, 4);
  EXPECT_TRUE(parseValue(s, "\xf0\x9f\x93\x9e"));
  EXPECT_FALSE(parseValue(s, "caf\xc3\xa9"));  // 4 characters, 5 octets
  EXPECT_FALSE(parseValue(s, ""));
  EXPECT_FALSE(parseValue(s, "a\n"));
  EXPECT_FALSE(parseValue(s, "\xff"));
  EXPECT_TRUE(parseValue(spec(AttributeType::string), std::string(255, 'x')));
  EXPECT_FALSE(parseValue(spec(AttributeType::string), std::string(256, 'x')));
}

TEST(AttributeValue, IsWrittenAsItCanBeRead) {
  EXPECT_EQ(toText(number(-5)), "-5");
  EXPECT_EQ(toText(text("auth")), "auth");
  EXPECT_EQ(toText(AttributeValue(true)), "true");
  EXPECT_EQ(toText(AttributeValue(false)), "false");
  EXPECT_EQ(toText(AttributeValue(seconds(3600))), "3600s");
}

// All that is said of a virtual domain.

class Resolution : public testing::Test {
 protected:
  AttributeSpec& declare(std::string name, AttributeType type = AttributeType::string) {
    auto& s = schema_.specs[name];
    s.name = name;
    s.type = type;
    s.setter = Setter::customer;
    return s;
  }
  // What `record` says behind its version tag.
  Attributes resolve(std::string record) {
    const auto claim = parseClaimRecord("v=sipvhost1;" + record, {}).value();
    const auto result = resolveAttributes(claim, speaker_, schema_, operator_sets_, last_good_);
    warnings_ = result.warnings;
    return result.attributes;
  }

  AttributeSchema schema_;
  Setter speaker_ = Setter::customer;
  OperatorSets operator_sets_;
  Attributes last_good_;
  std::vector<std::string> warnings_;
};

TEST_F(Resolution, IsCompleteWithDefaultsAndWithoutWhatNobodySet) {
  declare("peering").defaults = {text("closed")};
  declare("motd");
  declare("max", AttributeType::integer);
  EXPECT_EQ(resolve("max=7"), (Attributes{{"max", {number(7)}}, {"peering", {text("closed")}}}));
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(resolve("peering=open"), (Attributes{{"peering", {text("open")}}}));
}

TEST_F(Resolution, AMultiValuedAttributeKeepsTheOrderAndDropsDuplicates) {
  declare("codec").multi = true;
  EXPECT_EQ(resolve("codec=opus;codec=g722;codec=opus;CODEC=pcma"),
            (Attributes{{"codec", {text("opus"), text("g722"), text("pcma")}}}));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Resolution, DuplicatesAreEqualValuesNotEqualTexts) {
  declare("retry", AttributeType::duration).multi = true;
  EXPECT_EQ(resolve("retry=60m;retry=1h;retry=3600"),
            (Attributes{{"retry", {AttributeValue(seconds(3600))}}}));
}

TEST_F(Resolution, OfAMultiValuedAttributeABadValueSpoilsItselfOnly) {
  auto& s = declare("port", AttributeType::integer);
  s.multi = true;
  last_good_ = {{"port", {number(9)}}};
  EXPECT_EQ(resolve("port=1;port=x;port=3;port=%"), (Attributes{{"port", {number(1), number(3)}}}));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("tag port is ignored: \"x\" does not fit")));
}

TEST_F(Resolution, ASpoiledValueLeavesTheLastGoodOne) {
  declare("max", AttributeType::integer).defaults = {number(1)};
  last_good_ = {{"max", {number(5)}}};
  EXPECT_EQ(resolve("max=many"), (Attributes{{"max", {number(5)}}}));
  EXPECT_THAT(warnings_,
              ElementsAre("tag max is ignored: \"many\" does not fit, expected an integer"));
}

TEST_F(Resolution, AValueThatTheGrammarRefusedIsSpoiledAndNotAbsent) {
  declare("motd");
  last_good_ = {{"motd", {text("hello")}}};
  EXPECT_EQ(resolve("motd=100%"), last_good_);
  EXPECT_EQ(resolve("motd=%FF"), last_good_);
  EXPECT_THAT(warnings_, IsEmpty());  // the claim has the warning
}

TEST_F(Resolution, AnAbsentTagFallsToTheDefaultNotToTheLastGoodValue) {
  declare("max", AttributeType::integer).defaults = {number(1)};
  declare("motd");
  last_good_ = {{"max", {number(5)}}, {"motd", {text("hello")}}};
  EXPECT_EQ(resolve(""), (Attributes{{"max", {number(1)}}}));
}

TEST_F(Resolution, WithoutALastGoodValueASpoiledOneFallsToTheDefault) {
  declare("max", AttributeType::integer).defaults = {number(1)};
  declare("min", AttributeType::integer);
  EXPECT_EQ(resolve("max=x;min=y"), (Attributes{{"max", {number(1)}}}));
  EXPECT_THAT(warnings_, SizeIs(2));
}

TEST_F(Resolution, ALastGoodValueThatTheSchemaNoLongerAllowsIsNotGood) {
  auto& s = declare("max", AttributeType::integer);
  s.max = 10;
  s.defaults = {number(1)};
  for (const auto& stale : {Values{number(11)}, Values{text("5")}, Values{number(5), number(6)},
                            Values{AttributeValue(true)}}) {
    last_good_ = {{"max", stale}};
    EXPECT_EQ(resolve("max=x"), (Attributes{{"max", {number(1)}}}));
  }
}

TEST_F(Resolution, ASingleValuedAttributeGivenTwiceIsSpoiled) {
  declare("max", AttributeType::integer).defaults = {number(1)};
  declare("motd");
  EXPECT_EQ(resolve("max=2;motd=hi;max=3"),
            (Attributes{{"max", {number(1)}}, {"motd", {text("hi")}}}));
  EXPECT_THAT(warnings_,
              ElementsAre("tag max is ignored: it is given 2 times and takes one value"));
  last_good_ = {{"max", {number(2)}}};
  EXPECT_EQ(resolve("max=3;max=%"), last_good_);  // which one did its owner mean?
}

TEST_F(Resolution, OnlyWhoMaySetAnAttributeSetsIt) {
  struct Case {
    Setter setter, speaker;
    bool allowed;
  };
  for (const auto& c :
       {Case{Setter::operatorOnly, Setter::operatorOnly, true},
        Case{Setter::operatorOnly, Setter::customer, false},
        Case{Setter::operatorOnly, Setter::anyone, false},
        Case{Setter::customer, Setter::operatorOnly, true},
        Case{Setter::customer, Setter::customer, true},
        Case{Setter::customer, Setter::anyone, false},
        Case{Setter::anyone, Setter::operatorOnly, true},
        Case{Setter::anyone, Setter::customer, true}, Case{Setter::anyone, Setter::anyone, true}}) {
    auto& s = declare("relay");
    s.setter = c.setter;
    s.defaults = {text("no")};
    speaker_ = c.speaker;
    EXPECT_EQ(resolve("relay=all"), (Attributes{{"relay", {text(c.allowed ? "all" : "no")}}}));
    EXPECT_THAT(warnings_, SizeIs(c.allowed ? 0 : 1)) << toText(c.setter) << toText(c.speaker);
  }
}

TEST_F(Resolution, WhatTheSetterMayNotSetLeavesTheLastGoodValue) {
  declare("relay").setter = Setter::operatorOnly;
  last_good_ = {{"relay", {text("some")}}};
  EXPECT_EQ(resolve("relay=all"), last_good_);
  EXPECT_THAT(warnings_, ElementsAre("tag relay is ignored: only the operator may set it"));
}

TEST_F(Resolution, TheOperatorWins) {
  declare("relay").setter = Setter::operatorOnly;
  declare("codec").multi = true;
  operator_sets_ = {{"relay", {"none"}}, {"codec", {"opus", "pcma"}}};
  EXPECT_EQ(resolve("codec=g722"),
            (Attributes{{"codec", {text("opus"), text("pcma")}}, {"relay", {text("none")}}}));
  EXPECT_THAT(warnings_, ElementsAre("tag codec is ignored: the operator has set it"));
}

TEST_F(Resolution, ABrokenSettingOfTheOperatorDoesNotLetTheClaimIn) {
  declare("max", AttributeType::integer).defaults = {number(1)};
  operator_sets_ = {{"max", {"few"}}};
  EXPECT_EQ(resolve("max=1000"), (Attributes{{"max", {number(1)}}}));
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("the operator's setting max is ignored")));
}

TEST_F(Resolution, AnUndeclaredTagIsIgnoredWithAWarning) {
  EXPECT_EQ(resolve("shoe=42;shoe=43;hat=%"), Attributes{});
  EXPECT_THAT(warnings_, ElementsAre("attribute hat is ignored: it is not declared",
                                     "attribute shoe is ignored: it is not declared"));
}

TEST_F(Resolution, UndeclaredTagsMayBeKeptAsTextThatACustomerSets) {
  schema_.undeclared = Undeclared::keep;
  EXPECT_EQ(resolve("shoe=42;shoe=43;shoe=42"), (Attributes{{"shoe", {text("42"), text("43")}}}));
  EXPECT_THAT(warnings_, IsEmpty());
  speaker_ = Setter::anyone;
  EXPECT_EQ(resolve("shoe=42"), Attributes{});
  EXPECT_THAT(warnings_, ElementsAre("tag shoe is ignored: only the customer may set it"));
}

TEST_F(Resolution, TagsOfTheIdentityAreNoAttributesWhateverTheSchemaSays) {
  schema_.undeclared = Undeclared::keep;
  for (const auto* name : {"did", "alias", "v", "token"}) declare(name).defaults = {text("x")};
  operator_sets_ = {{"did", {"acme"}}};
  EXPECT_EQ(resolve("did=iptel;alias=a.example;alias=b.example;did=%;token=0f;token="),
            Attributes{});
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Resolution, HostileValuesStayPrintableInWarnings) {
  declare("max", AttributeType::integer);
  resolve("max=\xe2\x80\xae\xf0\x9f\x92\xa3\"\\");
  ASSERT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(warnings_[0], HasSubstr("\"\\226\\128\\174\\240\\159\\146\\163\\\"\\\\\""));
  resolve("max=" + std::string(255, '9'));
  EXPECT_THAT(warnings_[0], HasSubstr("9\"... does not fit"));
  EXPECT_LT(warnings_[0].size(), 200u);
}

}  // namespace
}  // namespace zonecast::identity
