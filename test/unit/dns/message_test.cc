#include "reconciler/dns/message.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using namespace std::string_literals;
using test::nameFromText;
using test::octetsOf;
using test::recordFromText;

using Octets = std::vector<std::uint8_t>;

struct Counts {
  std::uint8_t questions = 0, answers = 0, authorities = 0, additionals = 0;
};

// A message with ID 0x1234, QR and AA; what follows the header begins at offset 12.
Octets message(Counts counts, const std::string& body) {
  Octets octets = {0x12, 0x34,
                   0x84, 0,
                   0,    counts.questions,
                   0,    counts.answers,
                   0,    counts.authorities,
                   0,    counts.additionals};
  octets.insert(octets.end(), body.begin(), body.end());
  return octets;
}

std::string bigEndian16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

// A record of TTL 60, class IN; `owner` in wire format.
std::string record(const std::string& owner, RrType type, const std::string& rdata) {
  return owner + bigEndian16(static_cast<std::size_t>(type)) + "\0\1\0\0\0\x3c"s +
         bigEndian16(rdata.size()) + rdata;
}

// A line for each record, or what was wrong.
std::string contentOf(const Octets& octets) {
  auto reader = MessageReader::open(octets);
  if (!reader) return std::string(reader.error().what);
  std::string content;
  for (;;) {
    const auto next = reader->nextRecord();
    if (!next) return std::string(next.error().what);
    if (!*next) return content;
    const RecordView& found = (*next)->record;
    content += found.owner.toText() + ' ' + std::to_string(found.ttl.seconds()) + ' ' +
               toText(found.type) + ' ' + rdataToText(found.type, found.rdata) + '\n';
  }
}

const std::string kQuestion = "\7example\3COM\0\0\6\0\1"s;  // "example.COM" at 12, "COM" at 20

TEST(MessageReader, ReadsTheHeader) {
  const auto reader = MessageReader::open(test::octetsFromHex("abcd 2785 0001 0002 0003 0004"));
  ASSERT_TRUE(reader);
  const Header& header = reader->header();
  EXPECT_EQ(header.id, 0xabcd);
  EXPECT_FALSE(header.qr);
  EXPECT_EQ(header.opcode, Opcode::notify);
  EXPECT_TRUE(header.aa);
  EXPECT_TRUE(header.tc);
  EXPECT_TRUE(header.rd);
  EXPECT_TRUE(header.ra);
  EXPECT_EQ(header.rcode, Rcode::refused);
  EXPECT_EQ(header.qdcount, 1);
  EXPECT_EQ(header.ancount, 2);
  EXPECT_EQ(header.nscount, 3);
  EXPECT_EQ(header.arcount, 4);
}

TEST(MessageReader, NeedsTwelveOctets) {
  EXPECT_FALSE(MessageReader::open({}));
  EXPECT_FALSE(MessageReader::open(Octets(11)));
  EXPECT_TRUE(MessageReader::open(Octets(12)));
}

TEST(MessageReader, GivesQuestionsFolded) {
  const Octets octets = message({.questions = 1}, kQuestion);
  auto reader = MessageReader::open(octets);
  const auto question = reader->nextQuestion();
  ASSERT_TRUE(question && *question);
  EXPECT_EQ((*question)->name.toText(), "example.com");
  EXPECT_EQ((*question)->type, RrType::soa);
  EXPECT_EQ((*question)->rrclass, RrClass::in);
  ASSERT_TRUE(reader->nextQuestion());
  EXPECT_FALSE(*reader->nextQuestion());
  EXPECT_FALSE(*reader->nextRecord());
}

TEST(MessageReader, FollowsPointersOfOwners) {
  const std::string body =
      kQuestion + record("\xc0\x0c", RrType::a, "\1\2\3\4") +
      record("\3www\xc0\x0c", RrType::a, "\1\2\3\5") + record("\xc0\x2d", RrType::a, "\1\2\3\6") +
      record("\xc0\x0c", RrType::a, "\1\2\3\7") + record("\1X\xc0\x2d", RrType::a, "\1\2\3\x8");
  EXPECT_EQ(contentOf(message({.questions = 1, .answers = 5}, body)),
            "example.com 60 A 1.2.3.4\n"
            "www.example.com 60 A 1.2.3.5\n"
            "www.example.com 60 A 1.2.3.6\n"
            "example.com 60 A 1.2.3.7\n"
            "x.www.example.com 60 A 1.2.3.8\n");
}

// RFC 1035 section 4.1.4 allows it, though nobody writes it.
TEST(MessageReader, FollowsAPointerToAPointer) {
  const std::string body = record("\1a\0"s, RrType::a, "\1\2\3\4") +
                           record("\xc0\x0c", RrType::a, "\1\2\3\5") +
                           record("\xc0\x1d", RrType::a, "\1\2\3\6");
  EXPECT_EQ(contentOf(message({.answers = 3}, body)),
            "a 60 A 1.2.3.4\n"
            "a 60 A 1.2.3.5\n"
            "a 60 A 1.2.3.6\n");
}

TEST(MessageReader, ExpandsNamesInRdata) {
  const std::string body =
      kQuestion +
      record("\xc0\x0c", RrType::soa, "\2NS\xc0\x0c\4host\xc0\x0c" + std::string(19, '\0') + '\1') +
      record("\xc0\x0c", RrType::ns, "\2ns\xc0\x0c") +
      record("\xc0\x0c", RrType::cname, "\xc0\x14") +
      record("\xc0\x0c", RrType::dname, "\1D\xc0\x14") +
      record("\xc0\x0c", RrType::srv, "\0\1\0\2\0\3\3Sip\xc0\x0c"s) +
      record("\xc0\x0c", RrType::naptr, "\0\1\0\2\1S\7SIP+D2U\0\4_SIP\xc0\x0c"s);
  EXPECT_EQ(contentOf(message({.questions = 1, .answers = 6}, body)),
            "example.com 60 SOA ns.example.com host.example.com 0 0 0 0 1\n"
            "example.com 60 NS ns.example.com\n"
            "example.com 60 CNAME com\n"
            "example.com 60 DNAME d.com\n"
            "example.com 60 SRV 1 2 3 sip.example.com\n"
            "example.com 60 NAPTR 1 2 \"S\" \"SIP+D2U\" \"\" _sip.example.com\n");
}

TEST(MessageReader, LeavesUnknownRdataAlone) {
  const std::string mx = "\0\1\2MX\xc0\x0c"s;
  EXPECT_EQ(contentOf(message({.questions = 1, .answers = 2},
                              kQuestion + record("\xc0\x0c", RrType{15}, mx) +
                                  record("\xc0\x0c", RrType{65280}, "\xff\xff\xc0"))),
            "example.com 60 TYPE15 \\# 7 0001024d58c00c\n"
            "example.com 60 TYPE65280 \\# 3 ffffc0\n");
}

TEST(MessageReader, LeavesRdataOfOtherClassesAlone) {
  std::string chaos = record("\0"s, RrType::a, "xyz");
  chaos[4] = 3;  // class CH
  const Octets octets = message({.answers = 1}, chaos);
  auto reader = MessageReader::open(octets);
  const auto next = reader->nextRecord();
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->record.rrclass, RrClass{3});
  EXPECT_EQ((*next)->record.rdata.size(), 3u);
}

TEST(MessageReader, SaysWhichSectionAndWhere) {
  const std::string empty = record("\0"s, RrType{65280}, "");
  const Octets octets =
      message({.answers = 1, .authorities = 2, .additionals = 1}, empty + empty + empty + empty);
  auto reader = MessageReader::open(octets);
  const Section sections[] = {Section::answer, Section::authority, Section::authority,
                              Section::additional};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto next = reader->nextRecord();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->section, sections[i]);
    EXPECT_EQ((*next)->offset, 12 + i * 11);
  }
  EXPECT_FALSE(*reader->nextRecord());
}

TEST(MessageReader, TtlWithTheTopBitSetIsZero) {
  std::string a = record("\0"s, RrType::a, "\1\2\3\4");
  a[5] = '\x80';
  EXPECT_EQ(contentOf(message({.answers = 1}, a)), ". 0 A 1.2.3.4\n");
}

TEST(MessageReader, RejectsPointersThatDoNotPointBack) {
  const auto owner = [](const std::string& name) {
    return contentOf(message({.answers = 1}, record(name, RrType::a, "\1\2\3\4")));
  };
  EXPECT_EQ(owner("\xc0\x0c"), "compression pointer does not point back");     // to itself
  EXPECT_EQ(owner("\1a\xc0\x0c"), "compression pointer does not point back");  // to its own label
  EXPECT_EQ(owner("\1a\xc0\x0e"), "compression pointer does not point back");  // to itself
  EXPECT_EQ(owner("\xc0\x1b"), "compression pointer does not point back");     // forward
  EXPECT_EQ(owner("\xc0\x0b"), "compression pointer into the header");
  EXPECT_EQ(owner("\xc0\0"s), "compression pointer into the header");
}

TEST(MessageReader, RejectsLabelsOfUnknownTypes) {
  EXPECT_EQ(contentOf(message({.answers = 1}, record("\x40\0"s, RrType::a, "\1\2\3\4"))),
            "label of an unknown type");
  EXPECT_EQ(contentOf(message({.answers = 1}, record("\x80\0"s, RrType::a, "\1\2\3\4"))),
            "label of an unknown type");
}

// Each record's RDATA is a pointer to the one before it: short to write, long to follow.
TEST(MessageReader, RejectsEndlessChainsOfPointers) {
  std::string body = record("\0"s, RrType::ns, "\0"s);
  std::size_t previous = 12 + body.size() - 1;
  const int count = 200;
  for (int i = 1; i < count; ++i) {
    body += record("\0"s, RrType::ns, bigEndian16(0xc000 | previous));
    previous = 12 + body.size() - 2;
  }
  EXPECT_EQ(contentOf(message({.answers = count}, body)), "compression pointers without end");
}

TEST(MessageReader, AcceptsNamesOf255OctetsAndNoLonger) {
  const std::string label = "\x3f" + std::string(63, 'a');
  const std::string question = label + label + label + "\0\0\6\0\1"s;  // 193 octets of name
  const auto answer = [&](std::size_t length) {
    const std::string owner = static_cast<char>(length) + std::string(length, 'b') + "\xc0\x0c";
    return contentOf(
        message({.questions = 1, .answers = 1}, question + record(owner, RrType::a, "\1\2\3\4")));
  };
  EXPECT_TRUE(answer(61).ends_with(" 60 A 1.2.3.4\n")) << answer(61);
  EXPECT_EQ(answer(62), "name longer than 255 octets");
}

TEST(MessageReader, RejectsRdataThatIsNotItsType) {
  const auto answer = [](RrType type, const std::string& rdata) {
    return contentOf(
        message({.questions = 1, .answers = 1}, kQuestion + record("\xc0\x0c", type, rdata)));
  };
  const std::string kShort = "ends before a field is complete";
  const std::string kShortName = "ends before a name is complete";
  const std::string kLong = "octets left over behind the last field";
  EXPECT_EQ(answer(RrType::a, "\1\2\3"), kShort);
  EXPECT_EQ(answer(RrType::a, "\1\2\3\4\5"), kLong);
  EXPECT_EQ(answer(RrType::aaaa, std::string(15, 'a')), kShort);
  EXPECT_EQ(answer(RrType::aaaa, std::string(17, 'a')), kLong);
  EXPECT_EQ(answer(RrType::txt, ""), kShort);
  EXPECT_EQ(answer(RrType::txt, "\3ab"), kShort);
  EXPECT_EQ(answer(RrType::ns, ""), kShortName);
  EXPECT_EQ(answer(RrType::ns, "\2ns"), kShortName);
  EXPECT_EQ(answer(RrType::ns, "\2ns\xc0"), kShortName);
  EXPECT_EQ(answer(RrType::ns, "\xc0\x0c\xc0\x0c"), kLong);
  EXPECT_EQ(answer(RrType::srv, "\0\1\0\2\0\3"s), kShortName);
  EXPECT_EQ(answer(RrType::srv, "\0\1\0\2\0\3\0\0"s), kLong);
  EXPECT_EQ(answer(RrType::soa, "\0\0"s + std::string(19, '\0')), kShort);
  EXPECT_EQ(answer(RrType::soa, "\0\0"s + std::string(21, '\0')), kLong);
  EXPECT_EQ(answer(RrType::naptr, "\0\1\0\2\1s\7SIP+D2U\0"s), kShortName);
  EXPECT_EQ(answer(RrType::naptr, "\0\1\0\2\1s\7SIP+D2U\5abc\0"s), kShort);
}

TEST(MessageReader, ANameInRdataEndsInsideIt) {
  // RDLENGTH says 3, and the name would go on into the next record.
  const std::string body = record("\0"s, RrType::ns, "\2ns") + record("\0"s, RrType::a, "\1\2\3\4");
  EXPECT_EQ(contentOf(message({.answers = 2}, body)), "ends before a name is complete");
}

TEST(MessageReader, RejectsOctetsBehindTheLastRecord) {
  EXPECT_EQ(contentOf(message({}, "x")), "octets left over behind the last field");
  EXPECT_EQ(contentOf(message({.questions = 1}, kQuestion + "x")),
            "octets left over behind the last field");
}

TEST(MessageReader, FailsTheSameWayAgain) {
  const Octets octets = message({.questions = 1, .answers = 2},
                                kQuestion + record("\3www\xc0\x0c", RrType::a, "\1\2\3\4") +
                                    record("\xc0\xff", RrType::a, "\1\2\3\4"));
  auto reader = MessageReader::open(octets);
  ASSERT_TRUE(reader->nextRecord());
  for (int i = 0; i < 3; ++i) {
    const auto next = reader->nextRecord();
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().what, "compression pointer does not point back");
    EXPECT_EQ(next.error().offset, 49u);
  }
}

Octets sampleMessage() {
  const std::string body =
      kQuestion + record("\xc0\x0c", RrType::soa, "\2ns\xc0\x0c\xc0\x0c" + std::string(20, '\7')) +
      record("\1a\xc0\x0c", RrType::srv, "\0\1\0\2\0\3\3sip\xc0\x0c"s) +
      record("\1a\xc0\x0c", RrType::naptr, "\0\1\0\2\1s\7SIP+D2U\0\xc0\x14"s) +
      record("\xc0\x14", RrType::txt, "\3abc\0"s) +
      record("\xc0\x0c", RrType::aaaa, "0123456789abcdef") + record("\xc0\x0c", RrType::opt, "");
  return message({.questions = 1, .answers = 3, .authorities = 1, .additionals = 2}, body);
}

TEST(MessageReader, RejectsEveryMessageThatIsCutShort) {
  const Octets octets = sampleMessage();
  ASSERT_TRUE(contentOf(octets).ends_with("\n")) << contentOf(octets);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const Octets prefix(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(contentOf(prefix).starts_with("ends before")) << size << ": " << contentOf(prefix);
  }
}

// Nothing is asserted but that the names and RDATA it gives are canonical: the sanitizers watch the
// rest.
TEST(MessageReader, SurvivesEveryChangedOctet) {
  const Octets octets = sampleMessage();
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (const int value : {0, 1, 0x3f, 0x40, 0x41, 0x7f, 0x80, 0xc0, 0xff}) {
      Octets changed = octets;
      changed[at] = static_cast<std::uint8_t>(value);
      auto reader = MessageReader::open(changed);
      for (;;) {
        const auto next = reader->nextRecord();
        if (!next || !*next) break;
        const RecordView& found = (*next)->record;
        const auto wire = octetsOf(found.owner.wire());
        ASSERT_EQ(Name::fromWire(wire)->view(), found.owner);
        if (found.rrclass == RrClass::in) {
          ASSERT_TRUE(checkCanonical(found.type, found.rdata));
        }
      }
    }
  }
}

TEST(MessageWriter, WritesWhatTheReaderReads) {
  const auto records = test::recordsFromText(R"(
    example.com.     300 IN SOA ns.example.com. host.example.com. 1 2 3 4 5
    example.com.      60 IN NAPTR 10 20 "s" "SIP+D2U" "" _sip._udp.example.com.
    www.example.com.   0 IN TXT "a" "b"
    www.example.com.  60 IN TYPE65280 \# 2 c0ff
  )");
  MessageWriter writer({.id = 0xabcd,
                        .qr = true,
                        .aa = true,
                        .tc = true,
                        .rd = true,
                        .ra = true,
                        .opcode = Opcode::update,
                        .rcode = Rcode::notAuth,
                        .qdcount = 9});
  writer.question(nameFromText("Example.com"), RrType::axfr);
  writer.record(Section::answer, records[0].view());
  writer.record(Section::answer, records[1].view());
  writer.record(Section::authority, records[2].view());
  writer.record(Section::additional, records[3].view());
  const Octets octets = std::move(writer).take();

  auto reader = MessageReader::open(octets);
  ASSERT_TRUE(reader);
  EXPECT_EQ(test::octetsFromHex("abcd af89 0001 0002 0001 0001"),
            Octets(octets.begin(), octets.begin() + 12));
  EXPECT_EQ((*reader->nextQuestion())->type, RrType::axfr);
  EXPECT_EQ(contentOf(octets),
            "example.com 300 SOA ns.example.com host.example.com 1 2 3 4 5\n"
            "example.com 60 NAPTR 10 20 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com\n"
            "www.example.com 0 TXT \"a\" \"b\"\n"
            "www.example.com 60 TYPE65280 \\# 2 c0ff\n");
}

TEST(MessageWriter, CountsBeyondAnOctet) {
  MessageWriter writer(Header{});
  const auto record = recordFromText("a. A 192.0.2.1");
  for (int i = 0; i < 300; ++i) writer.record(Section::answer, record.view());
  const Octets octets = std::move(writer).take();
  EXPECT_EQ(MessageReader::open(octets)->header().ancount, 300);
}

TEST(Rcode, HasItsName) {
  EXPECT_EQ(toText(Rcode::servFail), "SERVFAIL");
  EXPECT_EQ(toText(Rcode{11}), "RCODE11");
}

}  // namespace
}  // namespace zonecast::dns
