// Decides what to answer to a message that arrives at a NOTIFY listener, and whether it is a hint
// that a zone changed (RFC 1996, RFC 8945 section 5.2).
//
// Invariants: only a primary of the zone may hint; a signature that does not verify never hints; an
// unsigned NOTIFY for a zone with a key is at most a rate-limited hint; the SOA in a NOTIFY is
// never believed; nothing but QR=0 is answered, so two listeners cannot answer each other. No IO,
// no log; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "reconciler/dns/message.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/time.h"
#include "reconciler/xfr/endpoint.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/zone_table.h"

namespace zonecast::xfr {

enum class NotifyResult : std::uint8_t {
  accepted,     // NOERROR, and a hint
  rateLimited,  // NOERROR, no hint: an unsigned one for a zone with a key, too soon after the last
  unknownZone,  // NOTAUTH
  stranger,     // REFUSED: the sender is not one of the zone's primaries
  unsignedRefused,  // REFUSED: notify_tsig: require
  badSignature,     // NOTAUTH with a TSIG error
  notImplemented,   // NOTIMP: another opcode (RFC 8906)
  malformed,        // FORMERR, or no answer at all when there is not even a header
};
std::string_view toText(NotifyResult result);  // "unsigned-refused": also the metric's label

struct NotifyOutcome {
  NotifyResult result{};
  std::vector<std::uint8_t> answer{};  // empty: stay silent
  std::optional<ZoneId> hint{};        // set only when accepted
  std::optional<dns::Name> zone{};     // what was asked about, when that could be read
};

struct NotifyPolicy {
  bool require_tsig = false;
  Duration unsigned_hint_interval = std::chrono::seconds{5};
};

class NotifyGate {
 public:
  // `settings` and `zones` must outlive it. Whatever zone stands in the table may be notified of.
  NotifyGate(const SecondarySettings& settings, const ZoneTable& zones, NotifyPolicy policy);

  NotifyOutcome onMessage(std::span<const std::uint8_t> message, const Address& sender,
                          const Now& now);
  void adopt(NotifyPolicy policy) { policy_ = policy; }
  void forget(ZoneId zone) { last_unsigned_hint_.erase(zone); }  // that is removed

 private:
  struct Request;

  static std::optional<Request> readRequest(dns::MessageReader& reader,
                                            std::span<const std::uint8_t> octets);
  NotifyOutcome judge(const Request& request, const Address& sender, const Now& now);
  NotifyOutcome judgeUnsigned(const Request& request, ZoneId zone, bool has_key, const Now& now);
  static NotifyOutcome accept(const Request& request, ZoneId zone);
  static NotifyOutcome rejectSignature(const Request& request, const dns::RequestFailure& failure,
                                       const Now& now);
  bool isPrimaryOf(const ZoneSettings& zone, const Address& sender) const;
  std::vector<const dns::TsigKey*> keysOf(const ZoneSettings& zone) const;
  const PrimarySettings& primary(PrimaryId id) const;
  bool mayHintUnsigned(ZoneId zone, const Now& now);

  const SecondarySettings& settings_;
  const ZoneTable& zones_;
  NotifyPolicy policy_;
  absl::flat_hash_map<ZoneId, Instant> last_unsigned_hint_;
};

}  // namespace zonecast::xfr
