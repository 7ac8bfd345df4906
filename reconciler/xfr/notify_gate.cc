#include "reconciler/xfr/notify_gate.h"

#include <algorithm>
#include <utility>

#include <tl/expected.hpp>

namespace zonecast::xfr {

using dns::Rcode;

// A NOTIFY that could be read to its end.
struct NotifyGate::Request {
  std::span<const std::uint8_t> octets;
  dns::Header header;
  dns::Name zone;
  dns::RrClass rrclass{};
  bool has_opt = false;

  NotifyOutcome outcome(NotifyResult result, Rcode rcode) const;
};

namespace {

// The requestor's payload size in an OPT record stands where other records have their class
// (RFC 6891 section 6.1.2). No path fragments 1232 octets (RFC 9715).
constexpr auto kUdpPayloadOctets = static_cast<dns::RrClass>(1232);

dns::Header answerHeader(const dns::Header& request, Rcode rcode) {
  return {.id = request.id,
          .qr = true,
          .aa = rcode == Rcode::noError,
          .rd = request.rd,
          .opcode = request.opcode,
          .rcode = rcode};
}

// For what could not be read, or whose sections mean nothing to us.
NotifyOutcome bareOutcome(NotifyResult result, const dns::Header& request, Rcode rcode) {
  return {.result = result, .answer = dns::MessageWriter(answerHeader(request, rcode)).take()};
}

// Reads all records for the sake of their form, and tells whether OPT is among them. What the
// others say, a SOA in the answer section above all, is an "unsecure hint" (RFC 1996 section 3.7):
// not used.
tl::expected<bool, dns::Malformed> readRecords(dns::MessageReader& reader) {
  bool has_opt = false;
  for (;;) {
    const auto read = reader.nextRecord();
    if (!read) return tl::unexpected(read.error());
    if (!*read) return has_opt;
    const bool is_opt = (*read)->record.type == dns::RrType::opt;
    if (is_opt && has_opt)
      return tl::unexpected(dns::Malformed{"two OPT records", (*read)->offset});
    has_opt |= is_opt;
  }
}

}  // namespace

// RFC 1996 section 4 echoes the question; RFC 6891 section 6.1.1 answers OPT with OPT.
NotifyOutcome NotifyGate::Request::outcome(NotifyResult result, Rcode rcode) const {
  dns::MessageWriter writer(answerHeader(header, rcode));
  writer.question(zone, dns::RrType::soa, rrclass);
  if (has_opt) {
    writer.record(dns::Section::additional,
                  {dns::NameView{}, dns::RrType::opt, kUdpPayloadOctets, dns::Ttl{}, {}});
  }
  return {.result = result, .answer = std::move(writer).take(), .zone = zone};
}

std::string_view toText(NotifyResult result) {
  switch (result) {
    case NotifyResult::accepted:
      return "accepted";
    case NotifyResult::rateLimited:
      return "rate-limited";
    case NotifyResult::unknownZone:
      return "unknown-zone";
    case NotifyResult::stranger:
      return "stranger";
    case NotifyResult::unsignedRefused:
      return "unsigned-refused";
    case NotifyResult::badSignature:
      return "bad-signature";
    case NotifyResult::notImplemented:
      return "not-implemented";
    case NotifyResult::malformed:
      return "malformed";
  }
  return "unknown";
}

NotifyGate::NotifyGate(const SecondarySettings& settings, const ZoneTable& zones,
                       NotifyPolicy policy)
    : settings_(settings), zones_(zones), policy_(policy) {}

NotifyOutcome NotifyGate::onMessage(std::span<const std::uint8_t> message, const Address& sender,
                                    const Now& now) {
  auto reader = dns::MessageReader::open(message);
  if (!reader || reader->header().qr) return {.result = NotifyResult::malformed};
  const dns::Header& header = reader->header();
  if (header.opcode != dns::Opcode::notify) {  // RFC 8906 section 3.1.4
    return bareOutcome(NotifyResult::notImplemented, header, Rcode::notImp);
  }
  const auto request = readRequest(*reader, message);
  if (!request) return bareOutcome(NotifyResult::malformed, header, Rcode::formErr);
  return judge(*request, unmapped(sender), now);
}

// RFC 1996 section 3.7, with QTYPE=SOA, the only event that it defines. One question: RFC 9619.
std::optional<NotifyGate::Request> NotifyGate::readRequest(dns::MessageReader& reader,
                                                           std::span<const std::uint8_t> octets) {
  if (reader.header().qdcount != 1) return std::nullopt;
  const auto question = reader.nextQuestion();
  if (!question || (*question)->type != dns::RrType::soa) return std::nullopt;
  Request request{.octets = octets,
                  .header = reader.header(),
                  .zone = dns::Name((*question)->name),
                  .rrclass = (*question)->rrclass};
  const auto has_opt = readRecords(reader);
  if (!has_opt) return std::nullopt;
  request.has_opt = *has_opt;
  return request;
}

// The sender is checked before the signature, which costs more and which a stranger could make us
// verify at will.
NotifyOutcome NotifyGate::judge(const Request& request, const Address& sender, const Now& now) {
  const std::optional<ZoneId> found = zones_.find(request.zone);
  if (!found || request.rrclass != dns::RrClass::in) {
    return request.outcome(NotifyResult::unknownZone, Rcode::notAuth);
  }
  const ZoneId id = *found;
  const ZoneSettings& zone = zones_[id];
  // RFC 1996 section 3.10 would have us ignore it; an answer tells an operator who forgot to list
  // an address what is wrong, and is no longer than the request.
  if (!isPrimaryOf(zone, sender)) return request.outcome(NotifyResult::stranger, Rcode::refused);
  const auto keys = keysOf(zone);
  const auto verified = dns::verifyRequest(request.octets, keys, now.wall);
  if (!verified) return rejectSignature(request, verified.error(), now);
  if (verified->key == nullptr) return judgeUnsigned(request, id, !keys.empty(), now);
  NotifyOutcome outcome = accept(request, id);
  dns::signAnswer(outcome.answer, *verified->key, verified->mac, now.wall);
  return outcome;
}

NotifyOutcome NotifyGate::judgeUnsigned(const Request& request, ZoneId zone, bool has_key,
                                        const Now& now) {
  if (!has_key) return accept(request, zone);
  if (policy_.require_tsig) return request.outcome(NotifyResult::unsignedRefused, Rcode::refused);
  if (!mayHintUnsigned(zone, now))
    return request.outcome(NotifyResult::rateLimited, Rcode::noError);
  return accept(request, zone);
}

NotifyOutcome NotifyGate::accept(const Request& request, ZoneId zone) {
  NotifyOutcome outcome = request.outcome(NotifyResult::accepted, Rcode::noError);
  outcome.hint = zone;
  return outcome;
}

// RFC 8945 section 5.1: a TSIG in the wrong place is a malformed message; section 5.2: any other
// failure is NOTAUTH, with a TSIG record that says which.
NotifyOutcome NotifyGate::rejectSignature(const Request& request,
                                          const dns::RequestFailure& failure, const Now& now) {
  if (failure.failure == dns::TsigFailure::misplaced) {
    return request.outcome(NotifyResult::malformed, Rcode::formErr);
  }
  NotifyOutcome outcome = request.outcome(NotifyResult::badSignature, Rcode::notAuth);
  dns::appendTsigError(outcome.answer, request.octets, failure, now.wall);
  return outcome;
}

bool NotifyGate::isPrimaryOf(const ZoneSettings& zone, const Address& sender) const {
  return std::ranges::any_of(zone.primaries, [&](PrimaryId id) {
    return unmapped(primary(id).endpoint.address) == sender;
  });
}

// Any of its primaries' keys speaks for the zone, whichever of them it came from.
std::vector<const dns::TsigKey*> NotifyGate::keysOf(const ZoneSettings& zone) const {
  std::vector<const dns::TsigKey*> keys;
  for (const PrimaryId id : zone.primaries) {
    if (const auto* key = primary(id).key.get()) keys.push_back(key);
  }
  return keys;
}

const PrimarySettings& NotifyGate::primary(PrimaryId id) const {
  return settings_.primaries[static_cast<std::size_t>(id)];
}

bool NotifyGate::mayHintUnsigned(ZoneId zone, const Now& now) {
  const auto [last, is_first] = last_unsigned_hint_.try_emplace(zone, now.mono);
  if (!is_first && now.mono - last->second < policy_.unsigned_hint_interval) return false;
  last->second = now.mono;
  return true;
}

}  // namespace zonecast::xfr
