#include "reconciler/identity/claim.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::identity {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Tags = std::vector<ClaimTag>;

Claim parsed(std::string_view text, const ClaimLimits& limits = {}) {
  auto claim = parseClaimRecord(text, limits);
  EXPECT_TRUE(claim) << text;
  return claim.value_or(Claim{});
}

bool isOurs(std::string_view text) {
  return parseClaimRecord(text, {}).has_value();
}

bool isPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// One good tag before and one behind: a spoiled tag must leave both alone.
void expectSpoiled(std::string_view tag, std::string_view because) {
  const auto claim = parsed(fmt::format("v=sipvhost1;first=1;{};last=2", tag));
  EXPECT_TRUE(claim.present);
  EXPECT_EQ(claim.tags, (Tags{{"first", "1"}, {"last", "2"}})) << tag;
  ASSERT_THAT(claim.warnings, SizeIs(1)) << tag;
  EXPECT_THAT(claim.warnings[0], HasSubstr(because));
  EXPECT_TRUE(isPrintable(claim.warnings[0])) << claim.warnings[0];
}

TEST(Claim, TheExampleOfTheGrammarReadsAsItSays) {
  const auto claim = parsed(
      "v=sipvhost1; did=iptel; alias=iptel.com; digest.qop=auth; digest.qop=auth-int; "
      "peering=open");
  EXPECT_EQ(claim.tags, (Tags{{"did", "iptel"},
                              {"alias", "iptel.com"},
                              {"digest.qop", "auth"},
                              {"digest.qop", "auth-int"},
                              {"peering", "open"}}));
  EXPECT_TRUE(claim.present);
  EXPECT_THAT(claim.warnings, IsEmpty());
  EXPECT_THAT(claim.spoiled, IsEmpty());
}

TEST(Claim, HasATokenForEachOperatorThatKnowsTheDomain) {
  EXPECT_THAT(tokensIn(parsed("v=sipvhost1; token=0f; did=iptel; TOKEN = 1e ;token=")),
              ElementsAre("0f", "1e", ""));
  EXPECT_THAT(tokensIn(parsed("v=sipvhost1; token=%; tokens=0f; token.x=0f")), IsEmpty());
}

TEST(Claim, TheRecordsOfTheGrammarsPageReadAsItSays) {
  struct {
    std::string_view record;
    Tags tags;
    std::vector<std::string> spoiled;
    std::size_t warnings;
  } const rows[] = {
      {"v=sipvhost1", {}, {}, 0},
      {"V = sipvhost1 ;; Peering = open ;", {{"peering", "open"}}, {}, 0},
      {"v=sipvhost1;note=a=b%3B 100%25", {{"note", "a=b; 100%"}}, {}, 0},
      {"v=sipvhost1;pad=%20x%20", {{"pad", " x "}}, {}, 0},
      {"v=sipvhost1;note=100%;max=20", {{"max", "20"}}, {"note"}, 1},
      {"v=sipvhost1;open;max=20", {{"max", "20"}}, {}, 1},
      {"v=sipvhost1;note=%0A", {}, {"note"}, 1},
  };
  for (const auto& row : rows) {
    const auto claim = parsed(row.record);
    EXPECT_TRUE(claim.present) << row.record;
    EXPECT_EQ(claim.tags, row.tags) << row.record;
    EXPECT_EQ(claim.spoiled, row.spoiled) << row.record;
    EXPECT_THAT(claim.warnings, SizeIs(row.warnings)) << row.record;
  }
  EXPECT_FALSE(isOurs("v=sipvhost10;max=20"));
  EXPECT_FALSE(isOurs("max=20;v=sipvhost1"));
}

TEST(Claim, IsOursOnlyWithTheVersionTagInFront) {
  for (const auto* text : {"v=sipvhost1", "v=sipvhost1;", "  v=sipvhost1  ;", "V=sipvhost1",
                           "v = sipvhost1;a=b", "\tv\t=\tsipvhost1\t"}) {
    EXPECT_TRUE(isOurs(text)) << text;
  }
  for (const auto* text : {"",
                           ";",
                           " ",
                           "=",
                           "v",
                           "v=",
                           "v=sipvhost",
                           "v=sipvhost10",
                           "v=sipvhost2",
                           "v=SIPVHOST1",
                           "v=sipvhost1 x",
                           "v=sipvhost%31",
                           "xv=sipvhost1",
                           ";v=sipvhost1",
                           "a=b;v=sipvhost1",
                           "v==sipvhost1",
                           "v=spf1 -all",
                           "v=DKIM1; k=rsa",
                           "\"v=sipvhost1\"",
                           "v=sipvhost1,a=b"}) {
    EXPECT_FALSE(isOurs(text)) << text;
  }
  EXPECT_FALSE(isOurs("v=sipvhost1\0;a=b"s));
  EXPECT_FALSE(isOurs("\xef\xbb\xbfv=sipvhost1"));
}

TEST(Claim, BlanksAroundTagsNamesAndValuesAreDropped) {
  const auto claim = parsed("v=sipvhost1 ;\t a = b c \t; d=%20e%20;f= \t ");
  EXPECT_EQ(claim.tags, (Tags{{"a", "b c"}, {"d", " e "}, {"f", ""}}));
  EXPECT_THAT(claim.warnings, IsEmpty());
}

TEST(Claim, TheFirstEqualsSignSplits) {
  EXPECT_EQ(parsed("v=sipvhost1;a=b=c==").tags, (Tags{{"a", "b=c=="}}));
}

TEST(Claim, EmptyTagsAreTolerated) {
  const auto claim = parsed("v=sipvhost1;;; ;a=b;\t;");
  EXPECT_EQ(claim.tags, (Tags{{"a", "b"}}));
  EXPECT_THAT(claim.warnings, IsEmpty());
}

TEST(Claim, NamesAreFoldedAndValuesAreNot) {
  EXPECT_EQ(parsed("v=sipvhost1;Digest.QOP=Auth").tags, (Tags{{"digest.qop", "Auth"}}));
}

TEST(Claim, ANameIsALetterThenLettersDigitsAndThreeMarks) {
  const auto longest = std::string(32, 'n');
  EXPECT_EQ(parsed("v=sipvhost1;a=;a.b_c-9=x;" + longest + "=y").tags,
            (Tags{{"a", ""}, {"a.b_c-9", "x"}, {longest, "y"}}));
  for (const auto& name : {""s, "1a"s, ".a"s, "-a"s, "_a"s, "a b"s, "a%62"s, "caf\xc3\xa9"s, "a\0"s,
                           "a\x1b[2J"s, "\xff"s, std::string(33, 'n'), "a/b"s, "a:b"s, "\"a\""s}) {
    expectSpoiled(name + "=x", "a name is a letter");
  }
}

TEST(Claim, ATagWithoutEqualsSignSpoilsItselfOnly) {
  expectSpoiled("peering", "tag \"peering\" is ignored: write it as name=value");
  expectSpoiled("\x1b]0;", "write it as name=value");
}

TEST(Claim, AnyOctetMayBeWrittenAsAnEscape) {
  EXPECT_EQ(parsed("v=sipvhost1;a=%3b%3B%25%3D%41%c3%A9").tags, (Tags{{"a", ";;%=A\xc3\xa9"}}));
  EXPECT_EQ(parsed("v=sipvhost1;a=%253B").tags, (Tags{{"a", "%3B"}}));  // decoded once
}

TEST(Claim, ABadEscapeSpoilsItsTagOnly) {
  for (const auto* value : {"%", "%4", "100%", "%zz", "%4g", "%g4", "%%41", "a%-1", "%+1", "% 1"}) {
    expectSpoiled(fmt::format("rate={}", value), "tag rate is ignored: '%' takes two");
  }
}

TEST(Claim, AValueIsUtf8WithoutControlCharactersHoweverItIsWritten) {
  for (const auto& value : {"%00"s, "%0a"s, "%7f"s, "%C2%85"s, "a\tb"s, "a\nb"s, "a\0b"s,
                            "\x1b[31m"s, "\x7f"s, "\xc2\x9b"s}) {
    expectSpoiled("motd=" + value, "tag motd is ignored: the value has a control character");
  }
  for (const auto& value :
       {"\xff"s, "%FF"s, "%C0%AE"s, "\xed\xa0\x80"s, "%F4%90%80%80"s, "%E2%82"s}) {
    expectSpoiled("motd=" + value, "tag motd is ignored: the value is not UTF-8");
  }
  EXPECT_EQ(parsed("v=sipvhost1;a=\xf0\x9f\x93\x9e %F0%9F%93%9E").tags,
            (Tags{{"a", "\xf0\x9f\x93\x9e \xf0\x9f\x93\x9e"}}));
}

TEST(Claim, AValueHasAtMost255OctetsAfterDecoding) {
  std::string escaped;
  for (int i = 0; i < 255; ++i) escaped += "%41";
  EXPECT_EQ(parsed("v=sipvhost1;a=" + escaped).tags, (Tags{{"a", std::string(255, 'A')}}));
  expectSpoiled("a=" + escaped + "%41", "longer than 255");
  expectSpoiled("a=" + std::string(256, 'x'), "longer than 255");
}

TEST(Claim, SpoiledValuesAreRememberedByName) {
  const auto claim = parsed("v=sipvhost1;QOP=%;qop=auth;1bad=x;novalue;did=\xff");
  EXPECT_THAT(claim.spoiled, ElementsAre("qop", "did"));
  EXPECT_EQ(claim.tags, (Tags{{"qop", "auth"}}));
  EXPECT_THAT(claim.warnings, SizeIs(4));
}

TEST(Claim, TheVersionStandsOnceInFront) {
  expectSpoiled("v=sipvhost1", "tag v is ignored");
  expectSpoiled("V=sipvhost2", "tag v is ignored");
}

TEST(Claim, OneTagBeyondTheLimitKeepsTheWholeRecordFromApplying) {
  const ClaimLimits limits{.tags_max = 3, .octets_max = 4096};
  EXPECT_THAT(parsed("v=sipvhost1;a=1;;b=2; ;c=3;", limits).tags, SizeIs(3));
  for (const auto* text : {"v=sipvhost1;a=1;b=2;c=3;d=4", "v=sipvhost1;a=1;b=2;c=3;bad"}) {
    const auto claim = parsed(text, limits);
    EXPECT_FALSE(claim.present);
    EXPECT_THAT(claim.tags, IsEmpty());
    EXPECT_THAT(claim.warnings, ElementsAre("the record has more than 3 tags: none of it applies"));
  }
}

TEST(Claim, OneOctetBeyondTheLimitKeepsTheWholeRecordFromApplying) {
  const ClaimLimits limits{.tags_max = 32, .octets_max = 20};
  EXPECT_TRUE(parsed("v=sipvhost1;a=345678", limits).present);
  const auto claim = parsed("v=sipvhost1;a=3456789", limits);
  EXPECT_FALSE(claim.present);
  EXPECT_THAT(claim.tags, IsEmpty());
  EXPECT_THAT(claim.warnings,
              ElementsAre("the record has 21 octets, more than 20: none of it applies"));
}

// The RRset.

std::vector<std::uint8_t> rdata(const std::vector<std::string>& strings) {
  std::vector<std::uint8_t> octets;
  for (const auto& s : strings) {
    octets.push_back(static_cast<std::uint8_t>(s.size()));
    octets.insert(octets.end(), s.begin(), s.end());
  }
  return octets;
}

Claim ofRrset(const std::vector<std::vector<std::uint8_t>>& rrset) {
  return parseClaim(std::vector<std::span<const std::uint8_t>>(rrset.begin(), rrset.end()), {});
}

TEST(ClaimRrset, StringsAreJoinedWithoutABlank) {
  const auto claim = ofRrset({rdata({"v=sipv", "host1; pee", "", "ring=op", "en"})});
  EXPECT_EQ(claim.tags, (Tags{{"peering", "open"}}));
}

TEST(ClaimRrset, RecordsWithoutTheVersionTagAreNotOurs) {
  const auto claim = ofRrset(
      {rdata({"v=spf1 -all"}), rdata({"v=sipvhost1;a=b"}), rdata({"\xff\0\x80"s}), rdata({""})});
  EXPECT_TRUE(claim.present);
  EXPECT_EQ(claim.tags, (Tags{{"a", "b"}}));
  EXPECT_THAT(claim.warnings, IsEmpty());
  EXPECT_EQ(ofRrset({}), Claim{});
  EXPECT_EQ(ofRrset({rdata({"hello"})}), Claim{});
}

TEST(ClaimRrset, OfTwoWithTheVersionTagNoneApplies) {
  const ClaimLimits limits;
  const auto oversized = rdata({"v=sipvhost1;a=" + std::string(200, 'x'), std::string(250, ';')});
  ASSERT_LT(oversized.size(), limits.octets_max);
  for (const auto& second : {rdata({"v=sipvhost1"}), rdata({"v=sipvhost1;a=c"}), oversized}) {
    const auto claim = ofRrset({rdata({"v=sipvhost1;a=b"}), second});
    EXPECT_FALSE(claim.present);
    EXPECT_THAT(claim.tags, IsEmpty());
    EXPECT_THAT(claim.warnings,
                ElementsAre("2 records start with v=sipvhost1: none applies; leave one of them"));
  }
}

TEST(ClaimRrset, ARecordBeyondTheLimitsIsStillOneOfTwo) {
  std::vector<std::string> strings{"v=sipvhost1;"};
  for (int i = 0; i < 20; ++i) strings.push_back(std::string(250, 'x'));
  EXPECT_THAT(ofRrset({rdata(strings)}).warnings, ElementsAre(HasSubstr("more than 4096")));
  EXPECT_THAT(ofRrset({rdata(strings), rdata({"v=sipvhost1"})}).warnings,
              ElementsAre(HasSubstr("2 records")));
}

TEST(ClaimRrset, RdataThatIsNoTxtIsPassedOver) {
  const auto claim = ofRrset({{200, 'v', '='}, {}, rdata({"v=sipvhost1;a=b"})});
  EXPECT_TRUE(claim.present);
  EXPECT_EQ(claim.tags, (Tags{{"a", "b"}}));
}

TEST(ClaimRrset, WhateverStandsInTheRecordWarningsArePrintableAndBounded) {
  std::mt19937 random(1);
  constexpr std::string_view kSpice =
      ";;;===%%vV \t\0\n\x7f\x80\xc3\xed\xf4\xff"
      "019afAF._-"sv;
  for (int round = 0; round < 5000; ++round) {
    std::string text = "v=sipvhost1;";
    for (auto left = random() % 200; left > 0; --left) text += kSpice[random() % kSpice.size()];
    // Without a NUL behind it, so that a read too far is one.
    const std::vector<char> exact(text.begin(), text.end());
    const auto claim = parsed({exact.data(), exact.size()});
    EXPECT_LE(claim.tags.size() + claim.warnings.size(), 33u);
    for (const auto& warning : claim.warnings) {
      ASSERT_TRUE(isPrintable(warning)) << warning;
      ASSERT_LT(warning.size(), 500u);
    }
  }
}

}  // namespace
}  // namespace zonecast::identity
