#include "reconciler/xfr/soa_query.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "reconciler/dns/message.h"

namespace zonecast::xfr {
namespace {

using Kind = TransferFailure::Kind;

tl::unexpected<TransferFailure> failure(Kind kind, std::string text) {
  return tl::unexpected(TransferFailure{kind, std::move(text)});
}

tl::unexpected<TransferFailure> malformed(const dns::Malformed& why) {
  return failure(Kind::malformed, fmt::format("{} (octet {})", why.what, why.offset));
}

tl::expected<void, TransferFailure> checkHeader(const dns::Header& header) {
  if (!header.qr) return failure(Kind::malformed, "a request instead of an answer");
  if (header.opcode != dns::Opcode::query) {
    return failure(Kind::malformed, fmt::format("opcode {}", static_cast<unsigned>(header.opcode)));
  }
  if (header.rcode != dns::Rcode::noError) return failure(Kind::refused, toText(header.rcode));
  // RFC 1034 section 4.3.5: it is the server's own zone that is polled. What a cache says may be
  // old.
  if (!header.aa) return failure(Kind::refused, "not authoritative");
  if (header.tc) return failure(Kind::malformed, "a truncated message");
  if (header.qdcount != 1) return failure(Kind::malformed, "not exactly one question");
  return {};
}

tl::expected<void, TransferFailure> checkQuestion(dns::MessageReader& reader, dns::NameView zone) {
  const auto read = reader.nextQuestion();
  if (!read) return malformed(read.error());
  const dns::Question& question = **read;
  if (question.name == zone && question.type == dns::RrType::soa &&
      question.rrclass == dns::RrClass::in) {
    return {};
  }
  return failure(Kind::malformed, fmt::format("answer to another question: {} {}",
                                              question.name.toText(), toText(question.type)));
}

bool isSoaOf(dns::NameView zone, const dns::MessageReader::Entry& entry) {
  return entry.section == dns::Section::answer && entry.record.type == dns::RrType::soa &&
         entry.record.rrclass == dns::RrClass::in && entry.record.owner == zone;
}

// Reads to the end, so that a message with a bad octet anywhere counts for nothing.
tl::expected<SoaAnswer, TransferFailure> readOnlySoa(dns::MessageReader& reader, dns::NameView zone,
                                                     const TimerClamps& clamps) {
  std::optional<SoaAnswer> answer;
  for (;;) {
    const auto entry = reader.nextRecord();
    if (!entry) return malformed(entry.error());
    if (!*entry) break;
    if (!isSoaOf(zone, **entry)) continue;
    const auto soa = dns::parseSoa((*entry)->record.rdata);
    if (!soa) return malformed(soa.error());
    if (answer) return failure(Kind::malformed, "more than one SOA");
    answer = SoaAnswer{soa->serial, clamped(*soa, clamps)};
  }
  if (!answer) return failure(Kind::refused, "no SOA in the answer: it does not serve the zone");
  return *answer;
}

}  // namespace

std::vector<std::uint8_t> encodeSoaQuery(dns::NameView zone, std::uint16_t id) {
  dns::MessageWriter writer(dns::Header{.id = id});
  writer.question(zone, dns::RrType::soa);
  return std::move(writer).take();
}

tl::expected<SoaAnswer, TransferFailure> readSoaAnswer(std::span<const std::uint8_t> message,
                                                       dns::NameView zone,
                                                       const TimerClamps& clamps) {
  auto reader = dns::MessageReader::open(message);
  if (!reader) return malformed(reader.error());
  return checkHeader(reader->header())
      .and_then([&] { return checkQuestion(*reader, zone); })
      .and_then([&] { return readOnlySoa(*reader, zone, clamps); });
}

}  // namespace zonecast::xfr
