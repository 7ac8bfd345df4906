// A hidden secondary for many zones at many primaries, sans-IO: events and the time go in, actions
// and facts come out.
//
// The life of one zone. `due` (started, refresh or retry reached, NOTIFY) -> a SOA query on its
// primary's query connection -> same serial: wait for refresh; newer: IXFR on the query connection,
// or AXFR on a bulk connection when nothing is held; older or unordered: the next primary, and
// wait. An IXFR that fails in any way is followed by an AXFR from the same primary; an AXFR that
// fails, by the next primary; when all have failed, by backoff. A zone sticks to a primary that
// answered until that one fails. A NOTIFY is checked ahead of all refreshes; one that arrives while
// the zone is busy makes one more check afterwards.
//
// Zones come and go while others are under way: add() and remove(); a zone whose settings change is
// removed and added again under the same id. What was under way for a removed zone is dropped, and
// its slot is free at once.
//
// Confirmed is a zone once an answer says that it is current; unconfirmAll() ends that, as another
// start would, and only what is asked from then on counts.
//
// Connections. Per primary one query connection (SOA and IXFR, pipelined, answers matched by ID in
// any order, RFC 7766) and up to `transfers_per_primary` bulk connections, reused. A primary that
// has shown that it serves short zones is asked for several ahead on each of them. Idle ones are
// closed. A request lost because the primary closed an idle connection under it is asked again
// once, at once, on a new connection. Primaries at the same address and port are one server, whose
// connections and limits they share.
//
// Invariants: a server works on at most transfers_per_primary AXFR/IXFR at a time as long as it
// answers each connection in order, and on transfers_max all of them together; there are at most
// connections_max connections; a slow primary holds nothing of another; a zone is transferred by at
// most one reader at a time; a failed transfer changes nothing. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <absl/container/inlined_vector.h>
#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/time.h"
#include "reconciler/xfr/endpoint.h"
#include "reconciler/xfr/transfer_reader.h"
#include "reconciler/xfr/zone_timers.h"

namespace zonecast::xfr {

enum class ZoneId : std::uint32_t {};        // see zone_table.h
enum class PrimaryId : std::uint32_t {};     // index into SecondarySettings::primaries
enum class ConnectionId : std::uint64_t {};  // never used twice

struct PrimarySettings {
  std::string name;  // as the operator calls it; for messages
  Endpoint endpoint;
  std::shared_ptr<const dns::TsigKey> key;  // nothing: unsigned
};

using PrimaryList = absl::InlinedVector<PrimaryId, 4>;  // in order of preference

struct ZoneSettings {
  dns::Name name;
  PrimaryList primaries;  // at least one
  TransferLimits limits;
};

struct SecondaryLimits {
  std::uint32_t transfers_per_primary = 4;
  std::uint32_t transfers_max = 64;
  std::uint32_t transfers_pipelined = 16;  // asked for on one connection; 1: one after the other
  std::uint32_t connections_max = 512;     // more than transfers_max
  std::uint32_t queries_in_flight_per_primary = 64;  // SOA queries pipelined
  Duration connect_timeout = std::chrono::seconds{5};
  Duration query_timeout = std::chrono::seconds{5};
  Duration transfer_timeout = std::chrono::seconds{300};
  Duration transfer_idle_timeout = std::chrono::seconds{15};
  std::uint64_t transfer_octets_per_second_min = 1024;  // looked at once 15 s have passed
  Duration connection_idle_timeout = std::chrono::seconds{4};
  Duration primary_hold_down = std::chrono::seconds{5};  // after it could not be reached
};

struct SecondarySettings {
  std::vector<PrimarySettings> primaries;
  std::vector<ZoneSettings> zones;  // that are there from the start, whatever comes later
  TimerClamps clamps;
  SecondaryLimits limits;
};

class ZoneTable;

// What the secondary needs from the rest of the core: somewhere to put what it received.
class ZoneReceiver {
 public:
  virtual ~ZoneReceiver() = default;
  // False while an earlier version of the zone is still being worked off: the secondary then waits
  // for onZoneReady() before it transfers.
  virtual bool readyFor(ZoneId zone) = 0;
  virtual std::unique_ptr<TransferSink> open(ZoneId zone) = 0;
  // The transfer is whole and authentic: take it. An error (a deletion of a record that is not
  // there, a limit of the view) leaves the zone as it was, and counts as a failed transfer.
  virtual tl::expected<void, TransferFailure> commit(ZoneId zone,
                                                     std::unique_ptr<TransferSink> sink,
                                                     const Now& now) = 0;
};

// -- actions: what the transport shall do
struct Connect {
  ConnectionId connection{};
  Endpoint peer;
};
struct Send {
  ConnectionId connection{};
  std::vector<std::uint8_t> octets;  // length prefix and message together (RFC 7766 section 8)
};
struct Close {
  ConnectionId connection{};
};
using Action = std::variant<Connect, Send, Close>;

// -- facts: what happened, for logs and metrics
enum class TransferShape : std::uint8_t { axfr, ixfr };
struct ZoneCurrent {  // the serial was checked and is what we hold
  ZoneId zone{};
  PrimaryId primary{};
  dns::Serial serial;
  dns::Name name{};  // of the zone, in each of these: the id may be another's when it is read
};
struct ZoneTransferred {
  ZoneId zone{};
  PrimaryId primary{};
  TransferShape shape{};  // of the answer: an IXFR answered in full is `axfr`
  std::optional<dns::Serial> from;
  dns::Serial to;
  std::uint64_t records = 0, octets = 0;
  Duration took{};
  dns::Name name{};
};
struct ZoneFailure {  // one try at one primary failed; `text` says why and what happens next
  enum class Step : std::uint8_t { connect, soa, ixfr, axfr } step{};
  ZoneId zone{};
  PrimaryId primary{};
  std::string reason;  // a short metric label: "timeout", "refused", "malformed", "limit", "tsig",
                       // "closed", "older"
  std::string text;
  dns::Name name{};
};
struct ZoneExpired {  // once, when it happens; the copy goes on being used (section 6: on_expire
                      // keep)
  ZoneId zone{};
  dns::Name name{};
};
struct ConnectionsScarce {  // SOA queries wait for one of connections_max; told once a minute
  std::uint32_t connections_max = 0;
  std::size_t servers_waiting = 0;
};
using Fact =
    std::variant<ZoneCurrent, ZoneTransferred, ZoneFailure, ZoneExpired, ConnectionsScarce>;

// -- what a zone is doing, for status
enum class ZoneActivity : std::uint8_t { waiting, queued, checking, transferring };
struct ZoneStatus {
  ZoneActivity activity{};
  std::optional<dns::Serial> serial;
  std::optional<PrimaryId> primary;  // the one it sticks to
  std::optional<WallTime> last_success;
  Instant next_check{};
  std::uint32_t failures = 0;
  bool confirmed = false;  // checked or transferred successfully; see Secondary::unconfirmAll()
  bool expired = false;
  std::string trouble;  // text of the last failure; empty after a success
};

struct ZoneTally {  // how many zones are
  std::size_t confirmed = 0, expired = 0, in_trouble = 0;
};

struct TransfersUnderWay {
  std::size_t transfers = 0;  // that were asked for, IXFR included
  std::uint64_t records = 0;  // that have come of them
};

struct HeldCopy {  // what the embedded store had for a zone
  dns::Serial serial;
  SoaIntervals intervals;
  WallTime last_success;
};

class Secondary {
 public:
  // All of them must outlive it. The zones that stand in the table are there already. `seed` drives
  // jitter and message IDs.
  Secondary(const SecondarySettings& settings, const ZoneTable& zones, ZoneReceiver& receiver,
            std::uint64_t seed);
  ~Secondary();

  // The zone stands in the table. It holds nothing, and is due at once, or at start().
  void add(ZoneId zone, const Now& now);
  // The zone still stands in the table as it was. All is as if it had never been there; to be told
  // about a zone that is not there changes nothing.
  void remove(ZoneId zone, const Now& now);
  // Before the zone's first check: tells what is held.
  void restore(ZoneId zone, const HeldCopy& copy);
  void start(const Now& now);
  // The settings are others. Primaries stay as they are under their ids; more may stand behind
  // them.
  void onSettingsChanged(const Now& now);

  // No zone is confirmed any more; each is checked again, as after start().
  void unconfirmAll();

  void onNotify(ZoneId zone, const Address& sender, const Now& now);
  void refresh(ZoneId zone, const Now& now);     // operator: check now
  void retransfer(ZoneId zone, const Now& now);  // operator: AXFR now, whatever the serial
  void onZoneReady(ZoneId zone, const Now& now);

  void onConnected(ConnectionId connection, const Now& now);
  void onReceived(ConnectionId connection, std::span<const std::uint8_t> octets, const Now& now);
  // The peer or the transport closed it, or it could not be opened; `why` is for people.
  void onClosed(ConnectionId connection, std::string_view why, const Now& now);
  void onTimer(const Now& now);  // at nextDeadline() or later

  std::optional<Instant> nextDeadline() const;
  std::vector<Action> takeActions();
  std::vector<Fact> takeFacts();

  bool isConfirmed(ZoneId zone) const;
  ZoneStatus status(ZoneId zone, const Now& now) const;
  const ZoneTally& tally() const;
  TransfersUnderWay underWay() const;
  SoaIntervals intervals(ZoneId zone) const;  // of the zone's current SOA, clamped

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zonecast::xfr
