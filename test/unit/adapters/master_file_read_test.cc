#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "adapters/master_file/master_file.h"

namespace zonecast::master_file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const dns::Name kZone = *dns::Name::fromText("example.com");

// "4 foo.example.com 300 A 192.0.2.1", or "line 4: TROUBLE".
std::vector<std::string> linesOf(std::string_view text, const dns::Name* origin = &kZone) {
  std::vector<std::string> lines;
  const auto done = read(text, origin, [&](const dns::RecordView& record, std::uint32_t line) {
    lines.push_back(fmt::format("{} {} {} {} {}", line, record.owner.toText(), record.ttl.seconds(),
                                dns::toText(record.type),
                                dns::rdataToText(record.type, record.rdata)));
    return tl::expected<void, std::string>();
  });
  if (!done) lines.push_back(fmt::format("line {}: {}", done.error().line, done.error().text));
  return lines;
}

TEST(MasterFile, RecordsComeWithTheLineTheyBeginIn) {
  EXPECT_THAT(
      linesOf("$TTL 5m ; for all\n"
              "; nothing\n"
              "\n"
              "@ IN SOA ns1 host ( 7 ; serial (\n"
              "  1 2\n"
              "  3 4 )\n"
              "   \n"
              "\tNS NS1\r\n"
              "www 60 IN A 192.0.2.1"),
      ElementsAre("4 example.com 300 SOA ns1.example.com host.example.com 7 1 2 3 4",
                  "8 example.com 300 NS ns1.example.com", "9 www.example.com 60 A 192.0.2.1"));
}

TEST(MasterFile, ATextMayHaveSemicolonsParenthesesAndEscapesInQuotes) {
  EXPECT_THAT(
      linesOf("_sipvhost TXT \"v=sipvhost1; did=a(b)\" (\n \"more\\\"\\059\" ) ; end\n"),
      ElementsAre("1 _sipvhost.example.com 3600 TXT \"v=sipvhost1; did=a(b)\" \"more\\\";\""));
}

TEST(MasterFile, AnOriginIsRelativeToTheOneBefore) {
  EXPECT_THAT(
      linesOf(
          "$ORIGIN sub\nx A 192.0.2.1\n$ORIGIN @\ny A 192.0.2.2\n$ORIGIN org.\nz A 192.0.2.3\n"),
      ElementsAre("2 x.sub.example.com 3600 A 192.0.2.1", "4 y.sub.example.com 3600 A 192.0.2.2",
                  "6 z.org 3600 A 192.0.2.3"));
}

TEST(MasterFile, WithoutAnOriginTheFirstOwnerIsIt) {
  EXPECT_THAT(linesOf("example.net. SRV 1 2 5060 sip\nb A 192.0.2.1\n", nullptr),
              ElementsAre("1 example.net 3600 SRV 1 2 5060 sip.example.net",
                          "2 b.example.net 3600 A 192.0.2.1"));
  EXPECT_THAT(linesOf("b A 192.0.2.1\n", nullptr),
              ElementsAre("line 1: b is relative, and no zone is told"));
}

TEST(MasterFile, AnUnknownTypeIsTakenAsItIs) {
  EXPECT_THAT(linesOf("a TYPE65280 \\# 3 010203\nb CAA 0 issue \"x\"\n"),
              ElementsAre("1 a.example.com 3600 TYPE65280 \\# 3 010203", HasSubstr("TYPE257")));
}

struct Broken {
  const char* text;
  const char* trouble;
};
class BrokenFile : public testing::TestWithParam<Broken> {};

TEST_P(BrokenFile, IsRefusedWithItsLine) {
  const auto lines = linesOf(std::string("ok A 192.0.2.9\n") + GetParam().text);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.back(), HasSubstr(GetParam().trouble));
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenFile,
    testing::Values(
        Broken{"$INCLUDE /etc/passwd\n", "line 2: $INCLUDE is not followed here"},
        Broken{"\n$GENERATE 1-1000000000 a$ A 192.0.2.1\n", "line 3: $GENERATE is not followed"},
        Broken{"$include x\n", "line 2: $include is not followed"},
        Broken{"$\n", "line 2: $ is not followed"},
        Broken{"$ORIGIN\n", "line 2: $ORIGIN takes one"},
        Broken{"$ORIGIN a b\n", "line 2: $ORIGIN takes one"},
        Broken{"$ORIGIN a..b.\n", "line 2: $ORIGIN: a..b. is no name"},
        Broken{"$TTL never\n", "line 2: $TTL takes seconds"},
        Broken{"a A 192.0.2.300\n", "line 2: "},
        Broken{"a SRV 1 2 70000 b\n", "line 2: 70000 is no number from 0 to 65535"},
        Broken{"a TYPE65536 \\# 0\n", "line 2: a type has at most 16 bits"},
        Broken{"a TYPE1950604800 x\n", "line 2: "},
        Broken{"a SRV -1 2 5060 b\n", "line 2: -1 is no number"},
        Broken{"a 60 IN NAPTR 1 65536 \"s\" \"SIP+D2U\" \"a b\" c\n", "line 2: 65536 is no number"},
        Broken{"a SOA b c 4294967296 1 2 3 4\n", "line 2: 4294967296 is no number"},
        Broken{"a NONSENSE x\n", "line 2: "}, Broken{"a\n", "line 2: "},
        Broken{"a CH A 192.0.2.1\n", "line 2: its class is not IN"},
        Broken{"a TXT \"open\n", "line 2: a \" that is not closed"},
        Broken{"a SOA b c ( 1 2\n3 4\n", "line 2: a ( that is not closed"},
        Broken{"a A 192.0.2.1 )\n", "line 2: a ) without a ("},
        Broken{
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa A 192.0.2.1\n",
            "line 2: "},
        Broken{"a SRV 1 2 3\n", "line 2: "}, Broken{"a AAAA ::g\n", "line 2: "},
        Broken{"a NAPTR 1 2 \"s\" \"SIP+D2U\" \"\"\n", "line 2: "}));

TEST(MasterFile, ANulIsNoText) {
  using namespace std::string_view_literals;
  EXPECT_THAT(
      linesOf("a A 192.0.2.1\nb\0 A 192.0.2.1\n"sv),
      ElementsAre("1 a.example.com 3600 A 192.0.2.1", "line 2: a NUL octet: this is no text"));
  EXPECT_THAT(linesOf("a TXT \"\0\"\n"sv), ElementsAre(HasSubstr("line 1: ")));
  EXPECT_THAT(linesOf("a TXT \\\0\n"sv), ElementsAre(HasSubstr("line 1: ")));
}

TEST(MasterFile, ALineLongerThanAnyRecordIsRefused) {
  const std::string text = "a TXT " + std::string(kEntryOctetsMax + 10, 'x') + "\n";
  EXPECT_THAT(linesOf(text), ElementsAre(HasSubstr("line 1: it is longer than")));
  EXPECT_THAT(linesOf("a TXT \"" + std::string(kEntryOctetsMax + 10, 'x') + "\"\n"),
              ElementsAre(HasSubstr("line 1: ")));
}

TEST(MasterFile, NothingAtTheBeginningHasNoOwner) {
  EXPECT_THAT(linesOf(" A 192.0.2.1\n"), ElementsAre(HasSubstr("line 1: it leaves the owner out")));
}

TEST(MasterFile, WhatIsSaidAgainstARecordIsTheLinesTrouble) {
  const auto done = read("a A 192.0.2.1\nb A 192.0.2.1\n", &kZone,
                         [](const dns::RecordView& record, std::uint32_t) {
                           return record.owner.toText() == "b.example.com"
                                      ? tl::expected<void, std::string>(tl::unexpect, "no")
                                      : tl::expected<void, std::string>();
                         });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().line, 2u);
  EXPECT_EQ(done.error().text, "no");
}

}  // namespace
}  // namespace zonecast::master_file
