// One request to a primary and all the messages that answer it: signed and verified when there is a
// key (RFC 8945 section 5.3), read, and judged.
//
// Invariants: nothing unverified becomes a verdict other than Trouble; a transfer counts only when
// its last message is signed, hence all of it is authentic. After its verdict an exchange takes
// nothing more. No IO, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reconciler/dns/tsig.h"
#include "reconciler/time.h"
#include "reconciler/xfr/errand.h"

namespace zonecast::xfr {

class Exchange {
 public:
  // `sink` is there for transfers. Everything referred to must outlive the exchange.
  Exchange(const Errand& errand, const ZoneSettings& zone, const SecondarySettings& settings,
           const dns::TsigKey* key, std::unique_ptr<TransferSink> sink, std::uint16_t id,
           const Now& now);
  ~Exchange();
  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;

  const Errand& errand() const { return errand_; }
  bool isTransfer() const { return errand_.kind != Errand::Kind::soa; }
  bool isAnswered() const { return first_heard_.has_value(); }
  // False while the primary may have more to say, even if nobody wants to hear it any longer, and
  // when it is not certain where its answer ends.
  bool hasEnded() const { return ended_; }
  std::uint64_t octets() const;   // of whole messages
  std::uint64_t records() const;  // of a transfer: those in them
  bool isLong() const;            // what has come of it is too much to wait behind

  std::vector<std::uint8_t> takeRequest();  // with its length; once

  // The next message with our ID; a verdict when it is the last one needed.
  std::optional<Verdict> onMessage(std::span<const std::uint8_t> message, const Now& now);
  // Some octets of our next message came.
  void onProgress(const Now& now);
  // What stood before it on its connection is done: its time begins now.
  void onTurn(const Now& now);

  // The time by which something must have happened; what to say when it has not, given how many
  // octets of our next message are already here.
  Instant deadline() const;
  std::optional<Trouble> overdue(std::uint64_t pending_octets, const Now& now) const;

  Trouble trouble(std::string_view reason, std::string text) const;

 private:
  class Transfer;

  std::optional<Trouble> verify(std::span<const std::uint8_t> message, const Now& now);
  std::optional<Verdict> judgeSoa(std::span<const std::uint8_t> message) const;
  std::optional<Verdict> judgeTransfer(std::span<const std::uint8_t> message, const Now& now);
  Verdict deliver(const Now& now);
  std::optional<Trouble> tooSlow(std::uint64_t octets, const Now& now) const;

  Errand errand_;
  const ZoneSettings* zone_;
  const SecondarySettings* settings_;
  std::vector<std::uint8_t> request_;
  std::optional<dns::TsigVerifier> verifier_;
  std::unique_ptr<Transfer> transfer_;  // nothing: a SOA query
  Instant sent_;                        // or when its turn on the connection came
  Instant heard_;                       // or sent, while nothing was heard
  std::optional<Instant> first_heard_;
  bool ended_ = false;
};

// The metric's label for a failure of that kind.
std::string_view reasonOf(TransferFailure::Kind kind);

}  // namespace zonecast::xfr
