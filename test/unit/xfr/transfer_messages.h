// Messages of zone transfers from literals, for tests: the records, messages and expected traces of
// RFC 1995 section 7 among them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/xfr/transfer_reader.h"

namespace zonecast::xfr::transfers {

using dns::Name;
using dns::RrClass;
using dns::RrType;
using dns::Section;
using dns::Serial;
using Octets = std::vector<std::uint8_t>;
using Kind = TransferFailure::Kind;
using Progress = TransferReader::Progress;

inline constexpr std::uint16_t kId = 4711;

inline Name name(std::string_view text) {
  return Name::fromText(text).value();
}

struct OwnedRecord {
  Name owner;
  RrType type{};
  Octets rdata;
  Section section = Section::answer;
  RrClass rrclass = RrClass::in;
};
using Records = std::vector<OwnedRecord>;

inline void append(Octets& out, dns::NameView name) {
  out.insert(out.end(), name.wire().begin(), name.wire().end());
}
inline void append(Octets& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

inline OwnedRecord soa(std::string_view owner, std::uint32_t serial,
                       std::uint32_t minimum = 604800) {
  Octets rdata;
  append(rdata, name("ns.jain.ad.jp"));
  append(rdata, name("mohta.jain.ad.jp"));
  for (const std::uint32_t field : {serial, 600u, 600u, 3600000u, minimum}) append(rdata, field);
  return {name(owner), RrType::soa, rdata};
}
inline OwnedRecord soa(std::uint32_t serial) {
  return soa("jain.ad.jp", serial);
}

inline OwnedRecord a(std::string_view owner, std::initializer_list<std::uint8_t> address) {
  return {name(owner), RrType::a, address};
}

inline OwnedRecord ns(std::string_view owner, std::string_view target) {
  Octets rdata;
  append(rdata, name(target));
  return {name(owner), RrType::ns, rdata};
}

struct Message {
  Records records;
  dns::Header header{.id = kId, .qr = true};
  struct Question {
    Name name;
    RrType type{};
    RrClass rrclass = RrClass::in;
  };
  std::vector<Question> questions;

  Octets octets() const {
    dns::MessageWriter writer(header);
    for (const auto& question : questions) {
      writer.question(question.name, question.type, question.rrclass);
    }
    for (const auto& record : records) {
      writer.record(record.section,
                    {record.owner, record.type, record.rrclass, dns::Ttl(3600), record.rdata});
    }
    return std::move(writer).take();
  }
};

inline std::string line(std::string_view sign, const dns::RecordView& record) {
  std::string data = "...";
  if (record.type == RrType::soa)
    data = fmt::format("{}", dns::parseSoa(record.rdata)->serial.value());
  if (record.type == RrType::a) data = fmt::format("{}", fmt::join(record.rdata, "."));
  return fmt::format("{} {} {} {}", sign, record.owner.toText(), dns::toText(record.type), data);
}

class Trace : public TransferSink {
 public:
  void beginFull() override { lines.push_back("full"); }
  void beginDelta(Serial from, Serial to) override {
    lines.push_back(fmt::format("delta {} {}", from.value(), to.value()));
  }
  void add(const dns::RecordView& record) override { lines.push_back(line("+", record)); }
  void remove(const dns::RecordView& record) override { lines.push_back(line("-", record)); }

  std::vector<std::string> lines;
};

inline TransferRequest axfr() {
  return {.zone = name("jain.ad.jp"), .id = kId, .ixfr_from = {}, .limits = {}};
}
inline TransferRequest ixfr(std::uint32_t from) {
  TransferRequest request = axfr();
  request.ixfr_from = Serial(from);
  return request;
}

struct Outcome {
  tl::expected<Progress, TransferFailure> progress;
  std::vector<std::string> lines;
  std::uint32_t serial;
  std::uint64_t records;
};

inline Message::Question questionOf(const TransferRequest& request) {
  return {request.zone, request.ixfr_from ? RrType::ixfr : RrType::axfr};
}

// A first message, which repeats the question.
inline Message firstMessage(const TransferRequest& request, const Records& records) {
  return {.records = records, .questions = {questionOf(request)}};
}

// Feeds all messages, or those up to the first failure. The first one gets the question, unless it
// has another.
inline Outcome play(const TransferRequest& request, std::vector<Message> messages) {
  if (messages[0].questions.empty()) messages[0].questions = {questionOf(request)};
  TransferReader reader(request);
  Trace trace;
  tl::expected<Progress, TransferFailure> progress = Progress::more;
  for (const auto& message : messages) {
    progress = reader.feed(message.octets(), trace);
    if (!progress) break;
  }
  return {progress, trace.lines, reader.serial().value(), reader.recordCount()};
}

inline Outcome play(const TransferRequest& request, const Records& records) {
  return play(request, std::vector{firstMessage(request, records)});
}

// One message for each record, as far as messages can be split.
inline std::vector<Message> oneRecordEach(const Records& records) {
  std::vector<Message> messages;
  for (const auto& record : records) messages.push_back({.records = {record}, .questions = {}});
  return messages;
}

inline void expectFailure(const Outcome& outcome, Kind kind, std::string_view text) {
  ASSERT_FALSE(outcome.progress.has_value()) << "accepted, but should say: " << text;
  EXPECT_EQ(outcome.progress.error().kind, kind) << outcome.progress.error().text;
  EXPECT_THAT(outcome.progress.error().text, testing::HasSubstr(std::string(text)));
}

// The three versions of RFC 1995 section 7, and the answers that it gives to IXFR from serial 1.
inline const OwnedRecord kNezu = a("NEZU.JAIN.AD.JP", {133, 69, 136, 5});
inline const OwnedRecord kBb4 = a("JAIN-BB.JAIN.AD.JP", {133, 69, 136, 4});
inline const OwnedRecord kBb3 = a("JAIN-BB.JAIN.AD.JP", {133, 69, 136, 3});
inline const OwnedRecord kBb2 = a("JAIN-BB.JAIN.AD.JP", {192, 41, 197, 2});
inline const Records kExampleFull = {
    soa(3), ns("JAIN.AD.JP", "NS.JAIN.AD.JP"), a("NS.JAIN.AD.JP", {133, 69, 136, 1}), kBb3, kBb2,
    soa(3)};
inline const Records kExampleIncremental = {soa(3), soa(1), kNezu,  soa(2), kBb4,  kBb2,
                                            soa(2), kBb4,   soa(3), kBb3,   soa(3)};
inline const Records kExampleCondensed = {soa(3), soa(1), kNezu, soa(3), kBb3, kBb2, soa(3)};

inline const auto kExampleFullTrace = testing::ElementsAre(
    "full", "+ jain.ad.jp SOA 3", "+ jain.ad.jp NS ...", "+ ns.jain.ad.jp A 133.69.136.1",
    "+ jain-bb.jain.ad.jp A 133.69.136.3", "+ jain-bb.jain.ad.jp A 192.41.197.2");
inline const auto kExampleIncrementalTrace = testing::ElementsAre(
    "delta 1 2", "- jain.ad.jp SOA 1", "- nezu.jain.ad.jp A 133.69.136.5", "+ jain.ad.jp SOA 2",
    "+ jain-bb.jain.ad.jp A 133.69.136.4", "+ jain-bb.jain.ad.jp A 192.41.197.2",  //
    "delta 2 3", "- jain.ad.jp SOA 2", "- jain-bb.jain.ad.jp A 133.69.136.4", "+ jain.ad.jp SOA 3",
    "+ jain-bb.jain.ad.jp A 133.69.136.3");
inline const auto kExampleCondensedTrace = testing::ElementsAre(
    "delta 1 3", "- jain.ad.jp SOA 1", "- nezu.jain.ad.jp A 133.69.136.5", "+ jain.ad.jp SOA 3",
    "+ jain-bb.jain.ad.jp A 133.69.136.3", "+ jain-bb.jain.ad.jp A 192.41.197.2");

}  // namespace zonecast::xfr::transfers
