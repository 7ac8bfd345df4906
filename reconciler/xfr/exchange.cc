#include "reconciler/xfr/exchange.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "reconciler/dns/message.h"
#include "reconciler/xfr/message_stream.h"
#include "reconciler/xfr/soa_query.h"

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;
using Step = ZoneFailure::Step;

constexpr Duration kRateGrace = std::chrono::seconds{15};
constexpr std::uint64_t kShortAnswerOctets = 64 << 10;

dns::Rcode rcodeOf(std::span<const std::uint8_t> message) {
  return static_cast<dns::Rcode>(message[3] & 0xf);
}

double inSeconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Step stepOf(Kind kind) {
  switch (kind) {
    case Kind::soa:
      return Step::soa;
    case Kind::ixfr:
      return Step::ixfr;
    case Kind::axfr:
      return Step::axfr;
  }
  return Step::soa;
}

bool isMalformed(const Verdict& verdict) {
  const auto* trouble = std::get_if<Trouble>(&verdict);
  return trouble != nullptr && trouble->reason == reasonOf(TransferFailure::Kind::malformed);
}

// Passes a transfer on to its sink, and notes what shape it has and the SOA that it ends with.
class Witness final : public TransferSink {
 public:
  Witness(std::unique_ptr<TransferSink> sink, const TimerClamps& clamps)
      : sink_(std::move(sink)), clamps_(clamps), intervals_(clamped(dns::Soa{}, clamps)) {}

  void beginFull() override {
    shape_ = TransferShape::axfr;
    sink_->beginFull();
  }
  void beginDelta(dns::Serial from, dns::Serial to) override {
    shape_ = TransferShape::ixfr;
    sink_->beginDelta(from, to);
  }
  void add(const dns::RecordView& record) override {
    if (record.type == dns::RrType::soa) {
      if (const auto soa = dns::parseSoa(record.rdata)) intervals_ = clamped(*soa, clamps_);
    }
    sink_->add(record);
  }
  void remove(const dns::RecordView& record) override { sink_->remove(record); }

  std::unique_ptr<TransferSink> takeSink() { return std::move(sink_); }
  TransferShape shape() const { return shape_; }
  const SoaIntervals& intervals() const { return intervals_; }

 private:
  std::unique_ptr<TransferSink> sink_;
  const TimerClamps& clamps_;
  TransferShape shape_ = TransferShape::axfr;
  SoaIntervals intervals_;
};

}  // namespace

class Exchange::Transfer {
 public:
  Transfer(TransferRequest request, std::unique_ptr<TransferSink> sink, const TimerClamps& clamps)
      : reader(std::move(request)), witness(std::move(sink), clamps) {}

  TransferReader reader;
  Witness witness;
};

Exchange::Exchange(const Errand& errand, const ZoneSettings& zone,
                   const SecondarySettings& settings, const dns::TsigKey* key,
                   std::unique_ptr<TransferSink> sink, std::uint16_t id, const Now& now)
    : errand_(errand), zone_(&zone), settings_(&settings), sent_(now.mono), heard_(now.mono) {
  if (isTransfer()) {
    TransferRequest request{zone.name, id, errand.held, zone.limits};
    request_ = encode(request);
    transfer_ = std::make_unique<Transfer>(std::move(request), std::move(sink), settings.clamps);
  } else {
    request_ = encodeSoaQuery(zone.name, id);
  }
  if (key != nullptr) verifier_.emplace(*key, dns::signRequest(request_, *key, now.wall));
}

Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;

std::uint64_t Exchange::octets() const {
  return transfer_ ? transfer_->reader.octetCount() : 0;
}

std::uint64_t Exchange::records() const {
  return transfer_ ? transfer_->reader.recordCount() : 0;
}

bool Exchange::isLong() const {
  return octets() > kShortAnswerOctets;
}

std::vector<std::uint8_t> Exchange::takeRequest() {
  return framed(std::move(request_));
}

std::optional<Verdict> Exchange::onMessage(std::span<const std::uint8_t> message, const Now& now) {
  onProgress(now);
  const bool is_error = rcodeOf(message) != dns::Rcode::noError;
  ended_ = !isTransfer() || is_error;  // one message is all of it
  if (auto trouble = verify(message, now)) {
    ended_ = is_error;
    return std::move(*trouble);
  }
  auto verdict = transfer_ ? judgeTransfer(message, now) : judgeSoa(message);
  // Where a message is not what it should be, its length may not be either.
  if (verdict && isMalformed(*verdict)) ended_ = false;
  return verdict;
}

void Exchange::onProgress(const Now& now) {
  heard_ = now.mono;
  if (!first_heard_) first_heard_ = now.mono;
}

void Exchange::onTurn(const Now& now) {
  if (!isAnswered()) sent_ = heard_ = now.mono;
}

std::optional<Trouble> Exchange::verify(std::span<const std::uint8_t> message, const Now& now) {
  if (!verifier_) return std::nullopt;
  const auto verified = verifier_->next(message, now.wall);
  if (verified) return std::nullopt;
  // An error may well be why it is not signed (RFC 8945 section 5.3.2), so tell that too.
  const dns::Rcode rcode = rcodeOf(message);
  const std::string_view why = dns::describe(verified.error());
  if (rcode == dns::Rcode::noError) return trouble("tsig", fmt::format("TSIG: {}", why));
  return trouble("tsig", fmt::format("{}, TSIG: {}", toText(rcode), why));
}

std::optional<Verdict> Exchange::judgeSoa(std::span<const std::uint8_t> message) const {
  assert(!verifier_ || verifier_->isSettled());  // a first message that is not signed is refused
  auto answer = readSoaAnswer(message, zone_->name, settings_->clamps);
  if (answer) return SerialSeen{answer->serial, answer->intervals};
  return trouble(reasonOf(answer.error().kind), std::move(answer.error().text));
}

std::optional<Verdict> Exchange::judgeTransfer(std::span<const std::uint8_t> message,
                                               const Now& now) {
  auto progress = transfer_->reader.feed(message, transfer_->witness);
  if (!progress) {
    auto refusal = trouble(reasonOf(progress.error().kind), std::move(progress.error().text));
    refusal.too_much = rcodeOf(message) == dns::Rcode::servFail;
    return refusal;
  }
  if (*progress == TransferReader::Progress::more) return std::nullopt;
  ended_ = true;
  // RFC 8945 section 5.3.1: the last message must be signed.
  if (verifier_ && !verifier_->isSettled())
    return trouble("tsig", "the last message is not signed");
  if (*progress == TransferReader::Progress::complete) return deliver(now);
  // We ask only when the primary's SOA was newer than what we hold.
  return trouble("older", fmt::format("it offers no more than serial {}, though its SOA was newer",
                                      transfer_->reader.serial().value()));
}

Verdict Exchange::deliver(const Now& now) {
  const TransferReader& reader = transfer_->reader;
  return Delivery{
      .sink = transfer_->witness.takeSink(),
      .shape = transfer_->witness.shape(),
      .serial = reader.serial(),
      .intervals = transfer_->witness.intervals(),
      .records = reader.recordCount(),
      .octets = reader.octetCount(),
      .took = now.mono - sent_,
  };
}

Instant Exchange::deadline() const {
  const SecondaryLimits& limits = settings_->limits;
  if (!isTransfer()) return sent_ + limits.query_timeout;
  return std::min(sent_ + limits.transfer_timeout, heard_ + limits.transfer_idle_timeout);
}

std::optional<Trouble> Exchange::overdue(std::uint64_t pending_octets, const Now& now) const {
  const SecondaryLimits& limits = settings_->limits;
  if (!isTransfer()) {
    if (now.mono < deadline()) return std::nullopt;
    return trouble("timeout", fmt::format("no answer in {} s", inSeconds(limits.query_timeout)));
  }
  if (now.mono >= sent_ + limits.transfer_timeout) {
    return trouble("timeout",
                   fmt::format("not complete in {} s", inSeconds(limits.transfer_timeout)));
  }
  if (now.mono >= heard_ + limits.transfer_idle_timeout) {
    return trouble("timeout",
                   fmt::format("nothing came for {} s", inSeconds(limits.transfer_idle_timeout)));
  }
  return tooSlow(octets() + pending_octets, now);
}

std::optional<Trouble> Exchange::tooSlow(std::uint64_t octets, const Now& now) const {
  if (!first_heard_ || now.mono - *first_heard_ < kRateGrace) return std::nullopt;
  const std::uint64_t rate_min = settings_->limits.transfer_octets_per_second_min;
  const double elapsed_s = inSeconds(now.mono - *first_heard_);
  if (static_cast<double>(octets) >= static_cast<double>(rate_min) * elapsed_s) return std::nullopt;
  return trouble("timeout", fmt::format("{} octets in {:.0f} s are less than {} octets/s", octets,
                                        elapsed_s, rate_min));
}

Trouble Exchange::trouble(std::string_view reason, std::string text) const {
  return {stepOf(errand_.kind), reason, std::move(text)};
}

std::string_view reasonOf(TransferFailure::Kind kind) {
  switch (kind) {
    case TransferFailure::Kind::refused:
      return "refused";
    case TransferFailure::Kind::malformed:
      return "malformed";
    case TransferFailure::Kind::limit:
      return "limit";
  }
  return "malformed";
}

}  // namespace zonecast::xfr
