// What a transfer may not be: malformed, refused, too large, hostile or costly.
#include <cstdlib>
#include <new>
#include <random>

#include "reconciler/xfr/transfer_reader.h"
#include "test/unit/xfr/transfer_messages.h"

// Counts what this test binary allocates; kept out of line, or the compiler takes malloc and delete
// for a mismatched pair.
namespace {
std::size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace zonecast::xfr::transfers {
namespace {

using testing::HasSubstr;

// -- what is rejected, whatever was asked

TEST(Transfer, AnEmptyFirstAnswerIsRejected) {
  expectFailure(play(axfr(), Records{}), Kind::malformed, "answer section is empty");
  expectFailure(play(ixfr(1), Records{}), Kind::malformed, "answer section is empty");
}

TEST(Transfer, AFirstRecordThatIsNoSoaIsRejected) {
  expectFailure(play(axfr(), {kBb3, soa(3)}), Kind::malformed, "instead of the opening SOA");
  expectFailure(play(ixfr(1), {kBb3, soa(3)}), Kind::malformed, "instead of the opening SOA");
}

TEST(Transfer, ASoaOfAnotherZoneIsRejected) {
  expectFailure(play(axfr(), {soa("ad.jp", 3)}), Kind::malformed, "ad.jp SOA is outside the zone");
  expectFailure(play(axfr(), {soa("x.jain.ad.jp", 3)}), Kind::malformed, "below the zone's apex");
  expectFailure(play(axfr(), {soa(3), soa("x.jain.ad.jp", 3)}), Kind::malformed,
                "x.jain.ad.jp SOA below the zone's apex");
}

TEST(Transfer, RecordsOutsideTheZoneAreRejected) {
  for (const auto* owner : {"example.com", "ad.jp", "xjain.ad.jp", "."}) {
    const auto stray = a(owner, {192, 0, 2, 1});
    expectFailure(play(axfr(), {soa(3), stray, soa(3)}), Kind::malformed, "is outside the zone");
    expectFailure(play(ixfr(1), {soa(3), stray}), Kind::malformed, "is outside the zone");
    expectFailure(play(ixfr(1), {soa(3), soa(1), stray}), Kind::malformed, "is outside the zone");
    expectFailure(play(ixfr(1), {soa(3), soa(1), soa(3), stray}), Kind::malformed,
                  "is outside the zone");
  }
}

TEST(Transfer, ClassesOtherThanInAreRejected) {
  OwnedRecord chaos = kBb3;
  chaos.rrclass = static_cast<RrClass>(3);
  expectFailure(play(axfr(), {soa(3), chaos}), Kind::malformed, "of class 3");
  OwnedRecord any = soa(3);
  any.rrclass = RrClass::any;
  expectFailure(play(axfr(), {any}), Kind::malformed, "of class 255");
}

TEST(Transfer, MetaTypesAreNoZoneData) {
  for (const int type : {0, 41, 128, 249, 250, 251, 252, 255}) {
    const OwnedRecord meta{name("jain.ad.jp"), static_cast<RrType>(type), {}};
    expectFailure(play(axfr(), {soa(3), meta}), Kind::malformed, "in the answer section");
  }
}

TEST(Transfer, NothingStandsInTheAuthoritySection) {
  for (const auto type : {RrType::opt, RrType::tsig, RrType::ns}) {
    const OwnedRecord stray{Name(), type, {}, Section::authority, RrClass::any};
    expectFailure(play(axfr(), {soa(3), soa(3), stray}), Kind::malformed,
                  "in the authority section");
  }
}

TEST(Transfer, OptStandsOnceAndTsigLast) {
  const OwnedRecord opt{Name(), RrType::opt, {}, Section::additional};
  const OwnedRecord tsig{Name(), RrType::tsig, {}, Section::additional, RrClass::any};
  expectFailure(play(axfr(), {soa(3), soa(3), opt, opt}), Kind::malformed, "a second OPT record");
  for (const auto& last : {opt, tsig}) {
    expectFailure(play(axfr(), {soa(3), soa(3), tsig, last}), Kind::malformed,
                  "behind the TSIG record");
  }
}

TEST(Transfer, AClosingSoaThatDiffersFromTheOpeningOneIsRejected) {
  expectFailure(play(axfr(), {soa(3), kBb3, soa(4)}), Kind::malformed, "closing SOA");
  expectFailure(play(axfr(), {soa(3), kBb3, soa("jain.ad.jp", 3, 1)}), Kind::malformed,
                "closing SOA");
  expectFailure(play(ixfr(1), {soa(3), kBb3, soa(4)}), Kind::malformed, "closing SOA");
}

TEST(Transfer, RecordsBehindTheClosingSoaAreRejected) {
  for (const auto& [request, records] : {std::pair{axfr(), kExampleFull},
                                         {ixfr(1), kExampleFull},
                                         {ixfr(1), kExampleIncremental},
                                         {ixfr(1), kExampleCondensed}}) {
    for (const auto& extra : {kBb3, soa(3)}) {
      Records longer = records;
      longer.push_back(extra);
      expectFailure(play(request, longer), Kind::malformed, "behind the closing SOA");
    }
  }
}

TEST(Transfer, AMessageBehindTheEndIsRejected) {
  const Message again{.records = {kBb3}, .questions = {}};
  const Message full{.records = kExampleFull, .questions = {}};
  const Message same{.records = {soa(1)}, .questions = {}};
  expectFailure(play(axfr(), {full, again}), Kind::malformed, "behind the end");
  expectFailure(play(ixfr(1), {same, again}), Kind::malformed, "behind the end");
}

TEST(Transfer, AfterAnErrorNothingMoreIsTaken) {
  TransferReader reader(axfr());
  Trace trace;
  EXPECT_FALSE(reader.feed(firstMessage(axfr(), {kBb3}).octets(), trace).has_value());
  EXPECT_FALSE(reader.feed(firstMessage(axfr(), kExampleFull).octets(), trace).has_value());
  EXPECT_TRUE(trace.lines.empty());
}

TEST(Transfer, HeadersThatDoNotFitTheRequestAreRejected) {
  const dns::Header good{.id = kId, .qr = true};
  struct Case {
    dns::Header header;
    Kind kind;
    std::string_view text;
  };
  std::vector<Case> cases(9, {good, Kind::malformed, ""});
  cases[0].header.id = kId + 1, cases[0].text = "message ID 4712 instead of 4711";
  cases[1].header.qr = false, cases[1].text = "a request";
  cases[2].header.opcode = dns::Opcode::notify, cases[2].text = "opcode 4";
  cases[3].header.tc = true, cases[3].text = "truncated";
  cases[4] = {good, Kind::refused, "REFUSED"};
  cases[4].header.rcode = dns::Rcode::refused;
  cases[5] = {good, Kind::refused, "NOTAUTH"};
  cases[5].header.rcode = dns::Rcode::notAuth;
  cases[6] = {good, Kind::refused, "SERVFAIL"};
  cases[6].header.rcode = dns::Rcode::servFail;
  cases[7] = {good, Kind::refused, "FORMERR"};
  cases[7].header.rcode = dns::Rcode::formErr;
  cases[8] = {good, Kind::refused, "NXDOMAIN"};
  cases[8].header.rcode = dns::Rcode::nxDomain;
  for (const auto& [header, kind, text] : cases) {
    const Message bad{.records = kExampleFull, .header = header, .questions = {}};
    expectFailure(play(axfr(), {bad}), kind, text);
    // Likewise in the midst of a transfer.
    const Message first{.records = {soa(3)}, .questions = {}};
    expectFailure(play(axfr(), {first, bad}), kind, text);
  }
}

TEST(Transfer, AaIsNotRequired) {
  for (const bool aa : {false, true}) {
    const Message message{
        .records = kExampleFull, .header = {.id = kId, .qr = true, .aa = aa}, .questions = {}};
    EXPECT_EQ(play(axfr(), {message}).progress, Progress::complete);
  }
}

TEST(Transfer, AQuestionThatIsNotOursIsRejectedInWhateverMessageItStands) {
  const std::vector<Message::Question> others = {{name("example.net"), RrType::axfr},
                                                 {name("jain.ad.jp"), RrType::soa},
                                                 {name("jain.ad.jp"), RrType::ixfr},
                                                 {name("jain.ad.jp"), RrType::axfr, RrClass::any}};
  const Message first{.records = {soa(3)}, .questions = {{name("jain.ad.jp"), RrType::axfr}}};
  for (const auto& question : others) {
    const Message bad{.records = {soa(3)}, .questions = {question}};
    expectFailure(play(axfr(), {bad}), Kind::malformed, "answer to another question");
    expectFailure(play(axfr(), {first, bad}), Kind::malformed, "answer to another question");
  }
}

TEST(Transfer, TheQuestionMayStandInEveryMessage) {
  Message first{.records = {soa(3)}, .questions = {{name("JAIN.AD.JP"), RrType::ixfr}}};
  EXPECT_EQ(play(ixfr(1), {first, first}).progress, Progress::complete);
}

TEST(Transfer, TheFirstMessageWithoutAQuestionIsRejected) {
  for (const auto& request : {axfr(), ixfr(1)}) {
    TransferReader reader(request);
    Trace trace;
    const auto progress =
        reader.feed(Message{.records = kExampleFull, .questions = {}}.octets(), trace);
    expectFailure({progress, trace.lines, 0, 0}, Kind::malformed,
                  "no question in the first message");
  }
}

TEST(Transfer, TwoQuestionsAreRejected) {
  const Message::Question question{name("jain.ad.jp"), RrType::axfr};
  const Message message{.records = kExampleFull, .questions = {question, question}};
  expectFailure(play(axfr(), {message}), Kind::malformed, "more than one question");
}

// -- limits

TEST(TransferLimits, RecordsAreCountedUpToTheLimit) {
  auto request = axfr();
  request.limits.records_max = 5;
  EXPECT_EQ(play(request, kExampleFull).progress, Progress::complete);
  request.limits.records_max = 4;
  expectFailure(play(request, kExampleFull), Kind::limit, "more than 4 records");
}

TEST(TransferLimits, RemovedRecordsCountLikeAddedOnes) {
  auto request = ixfr(1);
  request.limits.records_max = 9;
  EXPECT_EQ(play(request, kExampleIncremental).progress, Progress::complete);
  request.limits.records_max = 1;
  expectFailure(play(request, kExampleIncremental), Kind::limit, "more than 1 records");
}

TEST(TransferLimits, OctetsAreCountedOverAllMessages) {
  auto messages = oneRecordEach(kExampleFull);
  messages[0].questions = {questionOf(axfr())};
  std::uint64_t octets = 0;
  for (const auto& message : messages) octets += message.octets().size();
  auto request = axfr();
  request.limits.octets_max = octets;
  EXPECT_EQ(play(request, messages).progress, Progress::complete);
  request.limits.octets_max = octets - 1;
  expectFailure(play(request, messages), Kind::limit, "octets");
}

TEST(TransferLimits, RecordsOfDifferencesAreCountedUpToALimitOfTheirOwn) {
  auto request = ixfr(1);
  request.limits.ixfr_records_max = 2;
  expectFailure(play(request, kExampleIncremental), Kind::limit,
                "differences of more than 2 records");
}

TEST(TransferLimits, DeltasAreCountedUpToTheLimit) {
  auto request = ixfr(1);
  request.limits.ixfr_deltas_max = 2;
  EXPECT_EQ(play(request, kExampleIncremental).progress, Progress::complete);
  request.limits.ixfr_deltas_max = 1;
  expectFailure(play(request, kExampleIncremental), Kind::limit,
                "more than 1 difference sequences");
}

// Each record is 12 octets and a two-octet pointer in the message, but 250 octets and more
// unpacked.
TEST(TransferLimits, CompressionDoesNotMultiplyWhatIsKeptBack) {
  const std::string label(60, 'x');
  const std::string owner = fmt::format("{0}.{0}.{0}.jain.ad.jp", label);
  Octets octets =
      firstMessage(ixfr(1), {soa(3), soa(1), {name(owner), static_cast<RrType>(99), {}}}).octets();
  const std::size_t owner_offset = octets.size() - 10 - name(owner).view().wire().size();
  for (int i = 0; i < 200; ++i) {
    const auto pointer = static_cast<std::uint16_t>(0xc000 | owner_offset);
    for (const int octet : {pointer >> 8, pointer & 0xff, 0, 99, 0, 1, 0, 0, 0, 0, 0, 0}) {
      octets.push_back(static_cast<std::uint8_t>(octet));
    }
  }
  octets[7] = 203;  // ANCOUNT
  auto request = ixfr(1);
  request.limits.octets_max = 20'000;
  ASSERT_LT(octets.size(), 20'000u);
  TransferReader reader(request);
  Trace trace;
  const auto progress = reader.feed(octets, trace);
  ASSERT_FALSE(progress.has_value());
  EXPECT_EQ(progress.error().kind, Kind::limit);
  EXPECT_THAT(progress.error().text, HasSubstr("removes more than 20000 octets"));
}

// -- hostile octets and cost

TEST(TransferHostile, NoTruncationOfAnAnswerPasses) {
  const Octets whole = firstMessage(ixfr(1), kExampleIncremental).octets();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    TransferReader reader(ixfr(1));
    Trace trace;
    const auto progress = reader.feed(std::span(whole).first(size), trace);
    ASSERT_FALSE(progress.has_value()) << size;
    EXPECT_EQ(progress.error().kind, Kind::malformed);
  }
}

// Asserts what a sink may rely on, whatever the octets.
class StrictSink : public TransferSink {
 public:
  void beginFull() override { EXPECT_FALSE(std::exchange(begun_, true)); }
  void beginDelta(Serial from, Serial) override {
    EXPECT_TRUE(begun_ || from == Serial(1));
    begun_ = true;
  }
  void add(const dns::RecordView& record) override { check(record); }
  void remove(const dns::RecordView& record) override { check(record); }

 private:
  void check(const dns::RecordView& record) {
    static const Name kZone = name("jain.ad.jp");
    EXPECT_TRUE(begun_);
    EXPECT_EQ(record.rrclass, RrClass::in);
    EXPECT_TRUE(record.owner.isAtOrUnder(kZone));
    EXPECT_NE(record.type, RrType::opt);
    EXPECT_NE(record.type, RrType::tsig);
    EXPECT_TRUE(dns::checkCanonical(record.type, record.rdata).has_value());
  }
  bool begun_ = false;
};

TEST(TransferHostile, WhateverTheOctetsTheSinkSeesOnlyWhatItMay) {
  std::mt19937 random(1995);
  for (const auto& records : {kExampleFull, kExampleIncremental, kExampleCondensed}) {
    const Octets whole = firstMessage(ixfr(1), records).octets();
    for (int round = 0; round < 5000; ++round) {
      Octets damaged = whole;
      for (auto flips = 1 + random() % 4; flips > 0; --flips) {
        damaged[4 + random() % (damaged.size() - 4)] = static_cast<std::uint8_t>(random());
      }
      TransferReader reader(ixfr(1));
      StrictSink sink;
      const auto progress = reader.feed(damaged, sink);
      EXPECT_TRUE(progress || !progress.error().text.empty());
    }
  }
}

class CountingSink : public TransferSink {
 public:
  void beginFull() override {}
  void beginDelta(Serial, Serial) override {}
  void add(const dns::RecordView&) override { ++added; }
  void remove(const dns::RecordView&) override {}
  int added = 0;
};

TEST(TransferCost, NothingIsAllocatedPerRecord) {
  const auto allocationsFor = [](std::size_t records) {
    const Octets octets = Message{.records = Records(records, kBb3), .questions = {}}.octets();
    const Octets opening = firstMessage(axfr(), {soa(3)}).octets();
    TransferReader reader(axfr());
    CountingSink sink;
    EXPECT_TRUE(reader.feed(opening, sink).has_value());
    const std::size_t before = allocations;
    EXPECT_TRUE(reader.feed(octets, sink).has_value());
    EXPECT_EQ(sink.added, static_cast<int>(records) + 1);
    return allocations - before;
  };
  EXPECT_EQ(allocationsFor(1), 0u);
  EXPECT_EQ(allocationsFor(1000), 0u);
}

}  // namespace
}  // namespace zonecast::xfr::transfers
