#include "reconciler/xfr/transfer_reader.h"

#include "test/unit/xfr/transfer_messages.h"

namespace zonecast::xfr::transfers {
namespace {

using testing::ElementsAre;

// -- the request

TEST(TransferRequest, AnAxfrIsOneQuestion) {
  const Octets octets = encode(axfr());
  auto reader = dns::MessageReader::open(octets).value();
  EXPECT_EQ(reader.header().id, kId);
  EXPECT_FALSE(reader.header().qr);
  EXPECT_FALSE(reader.header().rd);
  EXPECT_EQ(reader.header().opcode, dns::Opcode::query);
  const auto question = reader.nextQuestion().value().value();
  EXPECT_EQ(question.name, name("jain.ad.jp").view());
  EXPECT_EQ(question.type, RrType::axfr);
  EXPECT_EQ(question.rrclass, RrClass::in);
  EXPECT_FALSE(reader.nextRecord().value().has_value());
}

TEST(TransferRequest, AnIxfrCarriesTheSerialThatIsHeldInItsAuthoritySection) {
  const Octets octets = encode(ixfr(0x01020304));
  auto reader = dns::MessageReader::open(octets).value();
  EXPECT_EQ(reader.nextQuestion().value().value().type, RrType::ixfr);
  const auto entry = reader.nextRecord().value().value();
  EXPECT_EQ(entry.section, Section::authority);
  EXPECT_EQ(entry.record.owner, name("jain.ad.jp").view());
  EXPECT_EQ(dns::parseSoa(entry.record.rdata).value().serial, Serial(0x01020304));
  EXPECT_FALSE(reader.nextRecord().value().has_value());
}

// -- AXFR

TEST(Axfr, GivesTheZoneWithItsSoaFirstAndOnce) {
  const auto outcome = play(axfr(), kExampleFull);
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, kExampleFullTrace);
  EXPECT_EQ(outcome.serial, 3u);
  EXPECT_EQ(outcome.records, 5u);
}

TEST(Axfr, MayBeSpreadOverMessagesOfWhichOnlyTheFirstRepeatsTheQuestion) {
  auto messages = oneRecordEach(kExampleFull);
  messages[0].questions = {{name("jain.ad.jp"), RrType::axfr}};
  const auto outcome = play(axfr(), messages);
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, kExampleFullTrace);
}

TEST(Axfr, IsIncompleteUntilTheSoaComesBack) {
  const Records records(kExampleFull.begin(), kExampleFull.end() - 1);
  EXPECT_EQ(play(axfr(), records).progress, Progress::more);
}

TEST(Axfr, OfNothingButASoaIsASoaTwice) {
  const auto outcome = play(axfr(), {soa(3), soa(3)});
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, ElementsAre("full", "+ jain.ad.jp SOA 3"));
}

TEST(Axfr, OfOneSoaWaitsForMore) {
  EXPECT_EQ(play(axfr(), {soa(3)}).progress, Progress::more);
}

TEST(Axfr, OwnersAreComparedWithoutCase) {
  EXPECT_EQ(play(axfr(), {soa("JAIN.ad.JP", 3), soa("jain.AD.jp", 3)}).progress,
            Progress::complete);
}

TEST(Axfr, AMiddleMessageMayBeEmpty) {
  const auto outcome = play(axfr(), {Message{.records = {soa(3)}, .questions = {}},
                                     Message{.records = {}, .questions = {}},
                                     Message{.records = {soa(3)}, .questions = {}}});
  EXPECT_EQ(outcome.progress, Progress::complete);
}

TEST(Axfr, PassesOverTheAdditionalSection) {
  OwnedRecord opt{Name(), RrType::opt, {}, Section::additional, static_cast<RrClass>(4096)};
  OwnedRecord glue = a("ns.elsewhere.example", {192, 0, 2, 1});
  glue.section = Section::additional;
  OwnedRecord tsig{Name(), RrType::tsig, {}, Section::additional, RrClass::any};
  const auto outcome = play(axfr(), {soa(3), soa(3), glue, opt, tsig});
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, ElementsAre("full", "+ jain.ad.jp SOA 3"));
}

TEST(Axfr, KeepsTypesItDoesNotKnow) {
  const OwnedRecord unknown{name("x.jain.ad.jp"), static_cast<RrType>(65280), {0xc0, 0x0c}};
  const auto outcome = play(axfr(), {soa(3), unknown, soa(3)});
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, testing::Contains("+ x.jain.ad.jp TYPE65280 ..."));
}

// -- IXFR

TEST(Ixfr, Rfc1995Section7FullAnswer) {
  for (const auto& outcome :
       {play(ixfr(1), kExampleFull), play(ixfr(1), oneRecordEach(kExampleFull))}) {
    EXPECT_EQ(outcome.progress, Progress::complete);
    EXPECT_THAT(outcome.lines, kExampleFullTrace);
    EXPECT_EQ(outcome.serial, 3u);
  }
}

TEST(Ixfr, Rfc1995Section7IncrementalAnswer) {
  for (const auto& outcome :
       {play(ixfr(1), kExampleIncremental), play(ixfr(1), oneRecordEach(kExampleIncremental))}) {
    EXPECT_EQ(outcome.progress, Progress::complete);
    EXPECT_THAT(outcome.lines, kExampleIncrementalTrace);
    EXPECT_EQ(outcome.serial, 3u);
    EXPECT_EQ(outcome.records, 9u);
  }
}

TEST(Ixfr, Rfc1995Section7CondensedAnswer) {
  for (const auto& outcome :
       {play(ixfr(1), kExampleCondensed), play(ixfr(1), oneRecordEach(kExampleCondensed))}) {
    EXPECT_EQ(outcome.progress, Progress::complete);
    EXPECT_THAT(outcome.lines, kExampleCondensedTrace);
  }
}

TEST(Ixfr, ALoneNewerSoaWaitsForTheSecondRecord) {
  const auto outcome = play(ixfr(1), {soa(3)});
  EXPECT_EQ(outcome.progress, Progress::more);
  EXPECT_TRUE(outcome.lines.empty());
}

TEST(Ixfr, ALoneSoaThatIsNotNewerMeansUpToDate) {
  for (const std::uint32_t serial : {7u, 6u, 0xffffffffu, 7u + 0x80000000u}) {
    const auto outcome = play(ixfr(7), {soa(serial)});
    EXPECT_EQ(outcome.progress, Progress::upToDate) << serial;
    EXPECT_EQ(outcome.serial, serial);
    EXPECT_TRUE(outcome.lines.empty());
  }
}

TEST(Ixfr, NewerIsMeantInSerialArithmetic) {
  EXPECT_EQ(play(ixfr(0xffffffff), {soa(0)}).progress, Progress::more);
  EXPECT_EQ(play(ixfr(0xffffffff), {soa(0), soa(0xffffffff), soa(0), soa(0)}).progress,
            Progress::complete);
}

TEST(Ixfr, SerialsMayJumpAsLongAsTheyChain) {
  const auto outcome = play(ixfr(1), {soa(9), soa(1), soa(5), kBb4, soa(5), soa(9), kBb3, soa(9)});
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, ElementsAre("delta 1 5", "- jain.ad.jp SOA 1", "+ jain.ad.jp SOA 5",
                                         "+ jain-bb.jain.ad.jp A 133.69.136.4",  //
                                         "delta 5 9", "- jain.ad.jp SOA 5", "+ jain.ad.jp SOA 9",
                                         "+ jain-bb.jain.ad.jp A 133.69.136.3"));
}

TEST(Ixfr, AFullAnswerOfNothingButASoaIsASoaTwice) {
  const auto outcome = play(ixfr(1), {soa(3), soa(3)});
  EXPECT_EQ(outcome.progress, Progress::complete);
  EXPECT_THAT(outcome.lines, ElementsAre("full", "+ jain.ad.jp SOA 3"));
}

TEST(Ixfr, ADeltaThatStartsElsewhereIsRejected) {
  expectFailure(play(ixfr(1), {soa(3), soa(2), kBb4, soa(3), kBb3, soa(3)}), Kind::malformed,
                "differences from serial 2, but 1 was reached");
}

TEST(Ixfr, ABrokenChainIsRejected) {
  expectFailure(play(ixfr(1), {soa(5), soa(1), soa(2), soa(3), soa(5), soa(5)}), Kind::malformed,
                "differences from serial 3, but 2 was reached");
}

TEST(Ixfr, AChainThatEndsShortOfTheOuterSerialIsRejected) {
  expectFailure(play(ixfr(1), {soa(3), soa(1), soa(2), kBb4, soa(3)}), Kind::malformed,
                "differences from serial 3, but 2 was reached");
}

TEST(Ixfr, AClosingSoaThatDiffersInMoreThanItsSerialIsRejected) {
  expectFailure(play(ixfr(1), {soa(3), soa(1), soa(3), soa("jain.ad.jp", 3, 1)}), Kind::malformed,
                "closing SOA");
}

TEST(Ixfr, ALastDeltaThatAddsAnotherSoaThanTheOuterOneIsRejected) {
  expectFailure(play(ixfr(1), {soa(3), soa(1), soa("jain.ad.jp", 3, 1), soa(3)}), Kind::malformed,
                "two different SOAs of serial 3");
}

TEST(Ixfr, DeltasThatLeadBackNowhereOrTooFarAreRejected) {
  for (const std::uint32_t elsewhere : {0u, 1u, 4u, 1u + (1u << 31)}) {
    const Records astray = {soa(3),         soa(1), kNezu, soa(elsewhere),
                            soa(elsewhere), soa(3), kBb3,  soa(3)};
    expectFailure(play(ixfr(1), astray), Kind::malformed, "which is not on the way to 3");
  }
}

TEST(Ixfr, RecordsBehindASoaThatIsNotNewerAreRejected) {
  expectFailure(play(ixfr(3), kExampleFull), Kind::malformed, "which is not newer than 3");
  expectFailure(play(ixfr(3), {soa(3), soa(3)}), Kind::malformed, "which is not newer than 3");
}

TEST(Ixfr, NothingReachesTheSinkOfADeltaWhoseNewSerialIsNotKnownYet) {
  EXPECT_TRUE(play(ixfr(1), {soa(3), soa(1), kNezu}).lines.empty());
}

}  // namespace
}  // namespace zonecast::xfr::transfers
