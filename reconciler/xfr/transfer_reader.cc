#include "reconciler/xfr/transfer_reader.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "reconciler/dns/packed_records.h"

namespace zonecast::xfr {
namespace {

using Kind = TransferFailure::Kind;

tl::unexpected<TransferFailure> failure(Kind kind, std::string text) {
  return tl::unexpected(TransferFailure{kind, std::move(text)});
}

tl::unexpected<TransferFailure> malformed(std::string text) {
  return failure(Kind::malformed, std::move(text));
}

tl::unexpected<TransferFailure> malformed(const dns::Malformed& why) {
  return malformed(fmt::format("{} (octet {})", why.what, why.offset));
}

std::string describe(const dns::RecordView& record) {
  return fmt::format("{} {}", record.owner.toText(), dns::toText(record.type));
}

// RFC 6895 section 3.1: OPT, and the Q and meta types, are about messages and stand in no zone.
bool isMetaType(dns::RrType type) {
  const auto value = static_cast<std::uint16_t>(type);
  return value == 0 || type == dns::RrType::opt || (value >= 128 && value <= 255);
}

dns::RrType questionType(const TransferRequest& request) {
  return request.ixfr_from ? dns::RrType::ixfr : dns::RrType::axfr;
}

dns::RecordView apexSoa(dns::NameView zone, dns::Ttl ttl, std::span<const std::uint8_t> rdata) {
  return {zone, dns::RrType::soa, dns::RrClass::in, ttl, rdata};
}

// RFC 1995 section 3 asks for the SOA that we hold; of it a primary reads the serial alone, so the
// rest is the root name twice and zeros.
std::array<std::uint8_t, 22> soaRdata(dns::Serial serial) {
  std::array<std::uint8_t, 22> rdata{};
  for (std::size_t i = 0; i < 4; ++i) {
    rdata[2 + i] = static_cast<std::uint8_t>(serial.value() >> (24 - 8 * i));
  }
  return rdata;
}

}  // namespace

std::vector<std::uint8_t> encode(const TransferRequest& request) {
  dns::MessageWriter writer(dns::Header{.id = request.id});
  writer.question(request.zone, questionType(request));
  if (request.ixfr_from) {
    const auto rdata = soaRdata(*request.ixfr_from);
    writer.record(dns::Section::authority, apexSoa(request.zone, dns::Ttl{}, rdata));
  }
  return std::move(writer).take();
}

TransferReader::TransferReader(TransferRequest request)
    : request_(std::move(request)), reached_(request_.ixfr_from.value_or(dns::Serial{})) {}

tl::expected<TransferReader::Progress, TransferFailure> TransferReader::feed(
    std::span<const std::uint8_t> message, TransferSink& sink) {
  if (auto read = readMessage(message, sink); !read) {
    state_ = State::failed;
    return tl::unexpected(std::move(read.error()));
  }
  if (state_ == State::complete) return Progress::complete;
  return state_ == State::upToDate ? Progress::upToDate : Progress::more;
}

TransferReader::Step TransferReader::readMessage(std::span<const std::uint8_t> message,
                                                 TransferSink& sink) {
  if (state_ >= State::upToDate) return malformed("a message behind the end of the transfer");
  octets_ += message.size();
  if (octets_ > request_.limits.octets_max) {
    return failure(Kind::limit, fmt::format("more than {} octets (limits.zone_octets_max)",
                                            request_.limits.octets_max));
  }
  auto reader = dns::MessageReader::open(message);
  if (!reader) return malformed(reader.error());
  return checkHeader(reader->header())
      .and_then([&] { return checkQuestion(*reader); })
      .and_then([&] { return readRecords(*reader, sink); })
      .and_then([&] { return onEndOfMessage(); });
}

// RFC 5936 section 2.2.1. AA is not looked at: Knot DNS leaves it clear.
TransferReader::Step TransferReader::checkHeader(const dns::Header& header) const {
  if (header.id != request_.id) {
    return malformed(fmt::format("message ID {} instead of {}", header.id, request_.id));
  }
  if (!header.qr) return malformed("a request instead of an answer");
  if (header.opcode != dns::Opcode::query) {
    return malformed(fmt::format("opcode {}", static_cast<unsigned>(header.opcode)));
  }
  if (header.tc) return malformed("a truncated message");
  if (header.rcode != dns::Rcode::noError) return failure(Kind::refused, toText(header.rcode));
  return {};
}

// RFC 5936 section 2.2.2: the first message repeats the question, later ones may. RFC 9619: there
// is never more than one.
TransferReader::Step TransferReader::checkQuestion(dns::MessageReader& reader) const {
  if (reader.header().qdcount == 0) {
    if (state_ == State::opening) return malformed("no question in the first message");
    return {};
  }
  if (reader.header().qdcount > 1) return malformed("more than one question");
  const auto read = reader.nextQuestion();
  if (!read) return malformed(read.error());
  const dns::Question& question = **read;
  if (question.name != request_.zone.view() || question.type != questionType(request_) ||
      question.rrclass != dns::RrClass::in) {
    return malformed(fmt::format("answer to another question: {} {}", question.name.toText(),
                                 dns::toText(question.type)));
  }
  return {};
}

// RFC 5936 sections 2.2.3 to 2.2.5: the zone stands in the answer section, nothing in the authority
// section, and OPT and TSIG may stand in the additional one, whose other records are passed over.
TransferReader::Step TransferReader::readRecords(dns::MessageReader& reader, TransferSink& sink) {
  bool has_opt = false, has_tsig = false;
  for (;;) {
    const auto read = reader.nextRecord();
    if (!read) return malformed(read.error());
    if (!*read) return {};
    const auto& [section, record, offset] = **read;
    // RFC 8945 section 5.1: there is one, and it is the last record.
    if (has_tsig) return malformed(fmt::format("{} behind the TSIG record", describe(record)));
    if (section == dns::Section::answer) {
      if (auto taken = onAnswer(record, sink); !taken) return taken;
    } else if (section == dns::Section::authority) {
      return malformed(fmt::format("{} in the authority section", describe(record)));
    } else if (record.type == dns::RrType::tsig) {
      has_tsig = true;
    } else if (record.type == dns::RrType::opt && std::exchange(has_opt, true)) {
      return malformed("a second OPT record");  // RFC 6891 section 6.1.1
    }
  }
}

TransferReader::Step TransferReader::onAnswer(const dns::RecordView& record, TransferSink& sink) {
  if (auto checked = checkPlace(record); !checked) return checked;
  return record.type == dns::RrType::soa ? onSoa(record, sink) : onData(record, sink);
}

// What is wrong wherever in the zone's data it stands, or wrong for its place among the others.
TransferReader::Step TransferReader::checkPlace(const dns::RecordView& record) const {
  // RFC 5936 section 2.2: the last message concludes with the SOA.
  if (state_ == State::complete) {
    return malformed(fmt::format("{} behind the closing SOA", describe(record)));
  }
  // RFC 1995 section 2: to whoever is up to date goes a single SOA.
  if (state_ == State::undecided && !offersNewer()) {
    return malformed(fmt::format("{} behind the SOA of serial {}, which is not newer than {}",
                                 describe(record), serial_.value(), reached_.value()));
  }
  if (isMetaType(record.type)) {
    return malformed(fmt::format("{} in the answer section", dns::toText(record.type)));
  }
  if (record.rrclass != dns::RrClass::in) {
    return malformed(
        fmt::format("{} of class {}", describe(record), static_cast<unsigned>(record.rrclass)));
  }
  if (!record.owner.isAtOrUnder(request_.zone)) {
    return malformed(fmt::format("{} is outside the zone", describe(record)));
  }
  return {};
}

TransferReader::Step TransferReader::onSoa(const dns::RecordView& record, TransferSink& sink) {
  // RFC 1035 section 5.2: one SOA, at the top of the zone.
  if (record.owner != request_.zone.view()) {
    return malformed(fmt::format("{} below the zone's apex", describe(record)));
  }
  const auto soa = dns::parseSoa(record.rdata);
  if (!soa) return malformed(soa.error());
  switch (state_) {
    case State::opening:
      return open(record, soa->serial, sink);
    case State::undecided:
      // RFC 1995 section 4: a second SOA at once makes it incremental, except in a full transfer of
      // a zone of nothing but its SOA.
      if (!isOpeningSoa(record)) return startRemovals(record, soa->serial);
      return startFull(sink).and_then([&] { return close(record); });
    case State::full:
      return close(record);
    case State::removing:
      return startAdditions(record, soa->serial, sink);
    default:
      assert(state_ == State::adding);
      // RFC 1995 section 4: where the next sequence would begin, the final SOA ends the list.
      return reached_ == serial_ ? close(record) : startRemovals(record, soa->serial);
  }
}

TransferReader::Step TransferReader::onData(const dns::RecordView& record, TransferSink& sink) {
  switch (state_) {
    case State::opening:  // RFC 5936 section 2.2
      return malformed(fmt::format("{} instead of the opening SOA", describe(record)));
    case State::undecided:  // RFC 1995 section 4: the entire zone, "the same as an AXFR response"
      return startFull(sink).and_then([&] { return add(record, sink); });
    case State::removing:
      return remove(record);
    default:
      assert(state_ == State::full || state_ == State::adding);
      return add(record, sink);
  }
}

TransferReader::Step TransferReader::onEndOfMessage() {
  // RFC 5936 section 2.2: the first message begins with the SOA.
  if (state_ == State::opening) return malformed("no SOA: the answer section is empty");
  // RFC 1995 section 2: a single SOA that is not newer is all there is to say. A single newer one
  // would mean "ask again over TCP" over UDP; over TCP, the rest follows (PowerDNS sends it so).
  if (state_ == State::undecided && !offersNewer()) state_ = State::upToDate;
  return {};
}

TransferReader::Step TransferReader::open(const dns::RecordView& soa, dns::Serial serial,
                                          TransferSink& sink) {
  serial_ = serial;
  soa_ttl_ = soa.ttl;
  soa_rdata_.assign(soa.rdata.begin(), soa.rdata.end());
  if (!request_.ixfr_from) return startFull(sink);
  state_ = State::undecided;
  return {};
}

TransferReader::Step TransferReader::startFull(TransferSink& sink) {
  state_ = State::full;
  sink.beginFull();
  return add(apexSoa(request_.zone, soa_ttl_, soa_rdata_), sink);
}

// RFC 1995 section 4: a sequence starts with the older SOA, "oldest first, newest last"; section 6
// allows it to condense several versions, so serials may jump, but each starts where we are.
TransferReader::Step TransferReader::startRemovals(const dns::RecordView& soa, dns::Serial from) {
  if (from != reached_) {
    return malformed(fmt::format("differences from serial {}, but {} was reached", from.value(),
                                 reached_.value()));
  }
  if (++deltas_ > request_.limits.ixfr_deltas_max) {
    return failure(Kind::limit,
                   fmt::format("more than {} difference sequences (limits.ixfr_deltas_max)",
                               request_.limits.ixfr_deltas_max));
  }
  state_ = State::removing;
  removed_.clear();
  return remove(soa);
}

// RFC 1995 section 4: the first of the added records is the newer SOA, and only now is it known
// where this sequence leads: on, as the sequences stand in the order of the versions, and not past
// the last one.
TransferReader::Step TransferReader::startAdditions(const dns::RecordView& soa, dns::Serial to,
                                                    TransferSink& sink) {
  if (!(to > reached_ && (to == serial_ || serial_ > to))) {
    return malformed(fmt::format("differences from serial {} to {}, which is not on the way to {}",
                                 reached_.value(), to.value(), serial_.value()));
  }
  if (to == serial_ && !isOpeningSoa(soa)) {
    return malformed(fmt::format("two different SOAs of serial {}", to.value()));
  }
  sink.beginDelta(reached_, to);
  dns::PackedReader removed(removed_);
  auto record = removed.next();
  for (; record && *record; record = removed.next()) sink.remove(**record);
  assert(record);
  state_ = State::adding;
  reached_ = to;
  return add(soa, sink);
}

// RFC 5936 section 2.2: it "concludes with the same SOA"; RFC 1995 section 4: "followed by a copy".
TransferReader::Step TransferReader::close(const dns::RecordView& soa) {
  if (!isOpeningSoa(soa)) return malformed("the closing SOA is not the opening one");
  state_ = State::complete;
  return {};
}

TransferReader::Step TransferReader::add(const dns::RecordView& record, TransferSink& sink) {
  if (auto counted = count(); !counted) return counted;
  sink.add(record);
  return {};
}

// Unpacked names are longer than those on the wire, so what is kept back has a bound of its own.
TransferReader::Step TransferReader::remove(const dns::RecordView& record) {
  if (auto counted = count(); !counted) return counted;
  dns::pack(record, removed_);
  if (removed_.size() > request_.limits.octets_max) {
    return failure(
        Kind::limit,
        fmt::format("a difference sequence removes more than {} octets (limits.zone_octets_max)",
                    request_.limits.octets_max));
  }
  return {};
}

TransferReader::Step TransferReader::count() {
  if (++records_ > request_.limits.records_max) {
    return failure(Kind::limit, fmt::format("more than {} records (limits.zone_records_max)",
                                            request_.limits.records_max));
  }
  const bool incremental = state_ == State::removing || state_ == State::adding;
  if (incremental && records_ > request_.limits.ixfr_records_max) {
    return failure(Kind::limit,
                   fmt::format("differences of more than {} records (limits.ixfr_records_max)",
                               request_.limits.ixfr_records_max));
  }
  return {};
}

bool TransferReader::isOpeningSoa(const dns::RecordView& soa) const {
  return std::ranges::equal(soa.rdata, soa_rdata_);
}

}  // namespace zonecast::xfr
