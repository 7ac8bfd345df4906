#include "reconciler/query/interpret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/unit/query/replies.h"

namespace zonecast::query {
namespace {

using dns::RrType;
using testing::ElementsAre;
using testing::HasSubstr;

using Kind = Answer::Kind;
using Why = Failure::Why;

constexpr Source kResolver{Upstream::Kind::resolver, true};
constexpr Source kStranger{Upstream::Kind::resolver, false};
constexpr Source kAuthority{Upstream::Kind::authoritative, false};

constexpr std::string_view kSoa =
    "example.com. 900 IN SOA ns.example.com. admin.example.com. 7 3600 600 86400 300";

// Two addresses of www.example.com, unless a test says otherwise.
ReplyText reply() {
  return {.question = questionFromText("www.example.com", RrType::a),
          .answer = "www.example.com. 60 IN A 192.0.2.1\nwww.example.com. 50 IN A 192.0.2.2"};
}
ReplyText negative(dns::Rcode rcode, std::string_view answer = "",
                   std::string_view authority = kSoa) {
  ReplyText text = reply();
  text.header.rcode = rcode;
  text.answer = answer;
  text.authority = authority;
  return text;
}

Outcome meaning(const ReplyText& text, const Source& source = kResolver,
                DnssecPolicy dnssec = DnssecPolicy::prefer) {
  return interpret(replyOf(text), text.question, source, dnssec);
}

// "data www.example.com 60 1.2.3.4 ...", or "lame: what was wrong".
std::string brief(const Outcome& outcome) {
  if (!outcome) return std::string(toText(outcome.error().why)) + ": " + outcome.error().text;
  static constexpr std::array kKinds{"data", "nodata", "nxdomain", "elsewhere"};
  std::string text = kKinds[static_cast<std::size_t>(outcome->kind)];
  for (const Alias& alias : outcome->aliases) {
    text += ' ' + toText(alias.type) + ' ' + std::to_string(alias.ttl.seconds()) + ' ' +
            alias.owner.toText() + " > " + alias.leads_to.toText() + ';';
  }
  text += ' ' + outcome->name.toText() + ' ' + std::to_string(outcome->ttl.seconds());
  return text;
}
std::string brief(const ReplyText& text, const Source& source = kResolver) {
  return brief(meaning(text, source));
}

TEST(Interpret, AnRrsetHasTheLeastTtlAndEachRecordOnceInOrder) {
  ReplyText text = reply();
  text.answer =
      "www.example.com. 60 IN A 192.0.2.2\nWWW.example.com. 50 IN A 192.0.2.1\n"
      "www.example.com. 70 IN A 192.0.2.2";
  const Outcome outcome = meaning(text);
  EXPECT_EQ(brief(outcome), "data www.example.com 50");
  EXPECT_THAT(outcome->rrset, ElementsAre(Rdata{192, 0, 2, 1}, Rdata{192, 0, 2, 2}));
}

TEST(Interpret, ATtlWithTheTopBitSetIsZero) {  // RFC 2181 section 8
  const ReplyText text = reply();
  Octets octets = replyOf(text);
  octets[octets.size() - 10] = 0x80;  // the TTL's first octet of the last record
  EXPECT_EQ(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
            "data www.example.com 0");
}

TEST(Interpret, RecordsOfOtherOwnersTypesAndSectionsCountForNothing) {
  ReplyText text = reply();
  text.answer =
      "evil.example.net. 1 IN A 192.0.2.66\nwww.example.com. 60 IN A 192.0.2.1\n"
      "www.example.com. 2 IN TXT \"also\"";
  text.additional = "www.example.com. 3 IN A 192.0.2.67";
  const Outcome outcome = meaning(text);
  EXPECT_EQ(brief(outcome), "data www.example.com 60");
  EXPECT_THAT(outcome->rrset, ElementsAre(Rdata{192, 0, 2, 1}));
}

// -- what is no answer to the question

TEST(Interpret, ARequestIsNoAnswer) {
  ReplyText text = reply();
  text.header.qr = false;
  EXPECT_EQ(brief(text), "malformed: a request instead of an answer");
}

TEST(Interpret, AnotherOpcodeIsNoAnswer) {
  ReplyText text = reply();
  text.header.opcode = dns::Opcode::notify;
  EXPECT_EQ(brief(text), "malformed: opcode 4");
}

TEST(Interpret, AnAnswerToAnotherNameTypeOrClassIsNone) {
  const ReplyText text = reply();
  const auto asked = [&](const Question& question, Octets octets) {
    return brief(interpret(octets, question, kResolver, DnssecPolicy::prefer));
  };
  EXPECT_THAT(asked(questionFromText("example.com", RrType::a), replyOf(text)),
              HasSubstr("answer to another question: www.example.com A"));
  EXPECT_THAT(asked(questionFromText("www.example.com", RrType::aaaa), replyOf(text)),
              HasSubstr("another question"));
  Octets chaos = replyOf(text);
  chaos[12 + 17 + 3] = 3;
  EXPECT_THAT(asked(text.question, chaos), HasSubstr("another question"));
}

TEST(Interpret, TheCaseOfTheQuestionDoesNotMatter) {
  ReplyText text = reply();
  Octets octets = replyOf(text);
  octets[13] = 'W';
  EXPECT_EQ(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
            "data www.example.com 50");
}

TEST(Interpret, NoQuestionOrTwoIsMalformed) {
  const ReplyText text = reply();
  for (const std::uint8_t count : {0, 2}) {
    Octets octets = replyOf(text);
    octets[5] = count;
    EXPECT_EQ(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
              "malformed: not exactly one question");
  }
}

TEST(Interpret, WhatIsCutOffAnywhereIsMalformed) {
  const ReplyText text = reply();
  const Octets whole = replyOf(text);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Outcome outcome =
        interpret(std::span(whole).first(size), text.question, kResolver, DnssecPolicy::prefer);
    ASSERT_FALSE(outcome) << size;
    EXPECT_EQ(outcome.error().why, Why::malformed) << size;
  }
}

TEST(Interpret, OctetsLeftOverAreMalformed) {
  const ReplyText text = reply();
  Octets octets = replyOf(text);
  octets.push_back(0);
  EXPECT_THAT(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
              HasSubstr("left over"));
}

TEST(Interpret, ACompressionLoopIsMalformed) {
  const Octets octets = test::octetsFromHex(
      "0000 8180 0001 0001 0000 0000  0161 00 0001 0001  c013 0001 0001 0000003c 0004 c0000201");
  EXPECT_THAT(
      brief(interpret(octets, questionFromText("a", RrType::a), kResolver, DnssecPolicy::prefer)),
      HasSubstr("pointer"));
}

TEST(Interpret, AnAddressOfFiveOctetsIsMalformed) {
  const Octets octets = test::octetsFromHex(
      "0000 8180 0001 0001 0000 0000  0161 00 0001 0001  c00c 0001 0001 0000003c 0005 c000020100");
  const Outcome outcome =
      interpret(octets, questionFromText("a", RrType::a), kResolver, DnssecPolicy::prefer);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::malformed);
}

TEST(Interpret, ATruncatedReplyIsReadNoFurther) {
  ReplyText text = reply();
  text.header.tc = true;
  Octets octets = replyOf(text);
  octets.erase(octets.end() - 3, octets.end());
  EXPECT_EQ(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
            "truncated: truncated");
}

// -- errors

TEST(Interpret, AnErrorIsNeverAnAbsence) {
  EXPECT_EQ(brief(negative(dns::Rcode::servFail)), "servfail: SERVFAIL");
  EXPECT_EQ(brief(negative(dns::Rcode::refused)), "refused: REFUSED");
  EXPECT_EQ(brief(negative(dns::Rcode::formErr)), "refused: FORMERR");
  EXPECT_EQ(brief(negative(dns::Rcode{6})), "refused: RCODE6");
}

TEST(Interpret, TheRcodeIsExtendedByAnOpt) {  // BADVERS is 16: NOERROR in the header
  ReplyText text = negative(dns::Rcode::noError);
  Octets octets = replyOf(text);
  const Octets opt = test::octetsFromHex("00 0029 04d0 01000000 0000");
  octets.insert(octets.end(), opt.begin(), opt.end());
  octets[11] = 1;
  EXPECT_EQ(brief(interpret(octets, text.question, kResolver, DnssecPolicy::prefer)),
            "refused: RCODE16");
}

// -- absences

TEST(Interpret, AnAbsenceLastsAsTheSoaSays) {  // RFC 2308 section 5
  EXPECT_EQ(brief(negative(dns::Rcode::noError)), "nodata www.example.com 300");
  EXPECT_EQ(brief(negative(dns::Rcode::nxDomain)), "nxdomain www.example.com 300");
  EXPECT_EQ(brief(negative(dns::Rcode::nxDomain, "",
                           "example.com. 20 IN SOA ns.example.com. a.example.com. 7 1 1 1 300")),
            "nxdomain www.example.com 20");
}

TEST(Interpret, AnAbsenceWithoutItsSoaIsLame) {
  EXPECT_EQ(brief(negative(dns::Rcode::noError, "", "")),
            "lame: no data without the SOA that proves it");
  EXPECT_EQ(brief(negative(dns::Rcode::nxDomain, "", "")),
            "lame: NXDOMAIN without the SOA that proves it");
}

TEST(Interpret, AReferralIsLame) {
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "", "example.com. IN NS ns.example.com.")),
              HasSubstr("lame"));
}

TEST(Interpret, TheSoaOfAnotherZoneProvesNothing) {
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "",
                             "example.net. IN SOA ns.example.net. a.example.net. 7 1 1 1 300")),
              HasSubstr("lame"));
  const std::string two =
      std::string(kSoa) + "\ncom. IN SOA ns.example.net. a.example.net. 7 1 1 1 300";
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "", two)), HasSubstr("lame"));
}

TEST(Interpret, ASoaInTheAnswerProvesNothing) {
  EXPECT_THAT(brief(negative(dns::Rcode::noError, kSoa, "")), HasSubstr("lame"));
}

TEST(Interpret, NxdomainWithDataIsMalformed) {
  ReplyText text = reply();
  text.header.rcode = dns::Rcode::nxDomain;
  text.authority = kSoa;
  EXPECT_EQ(brief(text), "malformed: NXDOMAIN with data at www.example.com");
}

TEST(Interpret, AnAuthorityWithoutAuthorityIsLame) {
  ReplyText text = reply();
  text.header.aa = false;
  EXPECT_EQ(brief(text, kAuthority), "lame: not authoritative");
  EXPECT_EQ(brief(text, kResolver), "data www.example.com 50");
}

// -- aliases

TEST(Interpret, AliasesAreFollowedInAnyOrder) {
  ReplyText text = reply();
  text.answer =
      "c.example.net. 30 IN A 192.0.2.9\nb.example.net. 20 IN CNAME c.example.net.\n"
      "www.example.com. 10 IN CNAME B.example.net.";
  EXPECT_EQ(brief(text),
            "data CNAME 10 www.example.com > b.example.net; CNAME 20 b.example.net > "
            "c.example.net; c.example.net 30");
}

TEST(Interpret, ACnameThatIsAskedForIsData) {
  ReplyText text = reply();
  text.question.type = RrType::cname;
  text.answer = "www.example.com. 10 IN CNAME b.example.net.";
  EXPECT_EQ(brief(text), "data www.example.com 10");
}

TEST(Interpret, AnAbsenceIsThatOfTheLastName) {  // RFC 6604 section 3
  const std::string_view alias = "www.example.com. 10 IN CNAME gone.example.com.";
  EXPECT_EQ(brief(negative(dns::Rcode::nxDomain, alias)),
            "nxdomain CNAME 10 www.example.com > gone.example.com; gone.example.com 300");
  EXPECT_EQ(brief(negative(dns::Rcode::noError, alias)),
            "nodata CNAME 10 www.example.com > gone.example.com; gone.example.com 300");
}

TEST(Interpret, AnAliasToWhatAnAuthorityDoesNotServeLeadsElsewhere) {
  const ReplyText text =
      negative(dns::Rcode::noError, "www.example.com. 10 IN CNAME sip.example.net.", "");
  EXPECT_EQ(brief(text, kAuthority),
            "elsewhere CNAME 10 www.example.com > sip.example.net; sip.example.net 0");
  EXPECT_THAT(brief(text, kResolver), HasSubstr("lame"));
}

TEST(Interpret, AliasesInACircleAreMalformed) {
  EXPECT_THAT(brief(negative(dns::Rcode::noError,
                             "www.example.com. IN CNAME b.example.com.\n"
                             "b.example.com. IN CNAME www.example.com.")),
              HasSubstr("malformed: aliases that do not end"));
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "www.example.com. IN CNAME www.example.com.")),
              HasSubstr("malformed: aliases that do not end"));
}

TEST(Interpret, TwoCnamesAtOneOwnerAreMalformed) {
  EXPECT_EQ(brief(negative(dns::Rcode::noError,
                           "www.example.com. IN CNAME b.example.com.\n"
                           "www.example.com. IN CNAME c.example.com.")),
            "malformed: two CNAME at www.example.com");
}

TEST(Interpret, ADnameSubstitutesAndItsCnameIsLeftAside) {
  ReplyText text = reply();
  text.answer =
      "example.com. 40 IN DNAME example.net.\n"
      "www.example.com. 0 IN CNAME www.example.net.\nwww.example.net. 50 IN A 192.0.2.1";
  EXPECT_EQ(brief(text), "data DNAME 40 example.com > www.example.net; www.example.net 50");
}

TEST(Interpret, ADnameOfTheNameItselfDoesNotApply) {  // RFC 6672 section 2.3
  EXPECT_EQ(brief(negative(dns::Rcode::noError, "www.example.com. IN DNAME example.net.")),
            "nodata www.example.com 300");
}

TEST(Interpret, ADnameThatLeadsBelowItselfIsMalformed) {
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "example.com. IN DNAME a.example.com.")),
              HasSubstr("malformed: aliases that do not end"));
}

TEST(Interpret, ADnameThatMakesTooLongANameIsMalformed) {
  const std::string label(63, 'x');
  const std::string target = label + "." + label + "." + label + "." + std::string(58, 'x');
  EXPECT_THAT(brief(negative(dns::Rcode::noError, "example.com. IN DNAME " + target + ".")),
              HasSubstr("too long a name"));
}

// -- DNSSEC

TEST(Interpret, AdCountsFromATrustedUpstreamAlone) {
  ReplyText text = reply();
  EXPECT_FALSE(meaning(text)->authenticated);
  text.header.ad = true;
  EXPECT_TRUE(meaning(text)->authenticated);
  EXPECT_FALSE(meaning(text, kStranger)->authenticated);
  EXPECT_FALSE(meaning(text, kResolver, DnssecPolicy::ignore)->authenticated);
}

TEST(Interpret, WhatIsRequiredToBeProvenFailsUnlessItIs) {
  for (ReplyText text : {reply(), negative(dns::Rcode::nxDomain)}) {
    EXPECT_THAT(brief(meaning(text, kResolver, DnssecPolicy::require)), HasSubstr("unproven"));
    text.header.ad = true;
    EXPECT_TRUE(meaning(text, kResolver, DnssecPolicy::require));
    EXPECT_FALSE(meaning(text, kStranger, DnssecPolicy::require));
  }
}

TEST(Interpret, OnlyThisHostIsLoopback) {
  EXPECT_TRUE(isLoopback(*xfr::parseAddress("127.0.0.1")));
  EXPECT_TRUE(isLoopback(*xfr::parseAddress("127.8.8.8")));
  EXPECT_TRUE(isLoopback(*xfr::parseAddress("::1")));
  EXPECT_TRUE(isLoopback(*xfr::parseAddress("::ffff:127.0.0.1")));
  EXPECT_FALSE(isLoopback(*xfr::parseAddress("128.0.0.1")));
  EXPECT_FALSE(isLoopback(*xfr::parseAddress("::2")));
}

}  // namespace
}  // namespace zonecast::query
