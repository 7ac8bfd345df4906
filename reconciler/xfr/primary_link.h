// The connections to one server, for all primaries that are at its address and port: one for
// queries (SOA and IXFR, pipelined, RFC 7766 section 6.2.1.1) and one for each bulk transfer under
// way, kept for the next one until it was idle for a while. Further transfers may stand behind one
// (ahead).
//
// Errands go in, and each comes out as exactly one Outcome, on the switchboard, where actions and
// alarms are put too; a link calls nobody back.
//
// - An IXFR whose answer grows into a bulk transfer keeps its connection for itself: the connection
//   is retired (closed when its last answer is in), and what waited behind it is asked again
//   elsewhere. Likewise after an IXFR of which more messages may come than anybody wants to read,
//   and after an answer that is not well-formed, behind which nobody can tell where the next one
//   begins.
// - A bulk transfer that turns out to be long keeps its connection for itself, too: those behind it
//   come out displaced, to wait for their turn anew.
// - When a connection breaks, the request that was being answered, or was next to be, bears it; all
//   others on it are asked again on another one, or displaced if they are bulk transfers. That one,
//   too, is asked again, once and on a connection of its own, when the connection had been of use
//   before and was closed before anything came after it: that is how a request meets an idle close.
// - When an answer does not come in time, its connection is taken out of use, and what waited
//   behind it is asked again elsewhere, each request once. Of a server that has spoken before, only
//   that zone may be to blame; when it happens again and nothing was heard in between, the link
//   falls.
// - The link falls when it cannot connect, too, or when a connection is lost and nothing at all was
//   heard of the server since the first of its requests was sent; but not for one that had a
//   connection of its own and broke this, too. A fallen link stays down for `primary_hold_down`, so
//   that not every zone of the server tries it, one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include "reconciler/time.h"
#include "reconciler/xfr/agenda.h"
#include "reconciler/xfr/errand.h"
#include "reconciler/xfr/exchange.h"
#include "reconciler/xfr/message_stream.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/servers.h"

namespace zonecast::xfr {

// What all links share.
struct Switchboard {
  Switchboard(const SecondarySettings& all_settings, const ZoneTable& all_zones,
              ZoneReceiver& zone_receiver, std::uint64_t seed)
      : settings(all_settings), zones(all_zones), receiver(zone_receiver), random(seed) {}

  const SecondarySettings& settings;
  const ZoneTable& zones;
  ZoneReceiver& receiver;
  std::mt19937_64 random;
  std::uint64_t last_connection = 0;
  absl::flat_hash_map<ConnectionId, ServerId> owners;  // looked up, never walked through
  std::size_t query_connections = 0;                   // of these
  Agenda<ConnectionId> alarms;
  absl::btree_set<std::pair<Instant, ConnectionId>> idle;  // and since when; any may be closed
  std::vector<Action> actions;
  std::vector<Outcome> outcomes;
  std::vector<ServerId> slowed;  // links on which a bulk transfer turned out to be long
  std::vector<ServerId> fallen;  // links that fell; in order, perhaps more than once
};

class PrimaryLink {
 public:
  PrimaryLink(ServerId id, Endpoint peer, Switchboard& board)
      : id_(id), peer_(peer), board_(&board) {}

  void ask(const Errand& errand, const Now& now);
  // The zone's errand, when it has one here, comes out displaced; its answer is not read any more.
  void forget(ZoneId zone, const Now& now);
  bool hasRoomForQuery() const;
  bool hasQueryConnection() const;
  void closeIdle(ConnectionId connection);

  void addTo(TransfersUnderWay& sum) const;

  bool isDown(Instant now) const { return now < down_until_; }
  const Trouble& whyDown() const { return why_down_; }
  void endHoldDown() { down_until_ = Instant::min(); }

  void onConnected(ConnectionId connection, const Now& now);
  void onReceived(ConnectionId connection, std::span<const std::uint8_t> octets, const Now& now);
  void onClosed(ConnectionId connection, std::string_view why, const Now& now);
  void onAlarm(ConnectionId connection, const Now& now);

 private:
  struct Flight {  // a request that was sent
    Exchange exchange;
    std::uint64_t number = 0;  // in the order of sending, from 1 on
    // Counted until then.
    std::uint64_t connection_arrivals = 0, link_arrivals = 0, concluded = 0;
    bool is_long = false;
  };
  struct Connection {
    enum class Role : std::uint8_t { query, bulk } role{};
    enum class State : std::uint8_t { connecting, open, retired } state{};
    ConnectionId id{};
    Instant deadline;  // to be connected, or of the idle connection
    Instant alarm = kNever;
    std::optional<Instant> idle_since;
    std::uint64_t arrivals = 0, concluded = 0;
    // Made for a request that broke another one: others keep off until it is of use.
    bool on_trial = false;
    std::uint16_t next_message_id = 0;
    MessageStream stream;
    std::vector<Errand> boarding;  // until it is open
    absl::btree_map<std::uint16_t, Flight> flights;

    bool isIdle() const { return state != State::connecting && flights.empty(); }
    bool isOnTrial() const { return on_trial && arrivals == 0; }
    bool isOpenToOthers() const { return state != State::retired && !isOnTrial(); }
    std::size_t load() const { return boarding.size() + flights.size(); }
    bool hasLong() const;
    // Whether the flight's answer is not due before that of another one.
    bool isBehind(const Flight& flight) const;
  };

  void place(const Errand& errand, const Now& now);
  Connection* connectionFor(const Errand& errand);
  static Connection::Role roleOf(const Errand& errand);
  const dns::TsigKey* keyOf(const Errand& errand) const;
  Connection& connect(Connection::Role role, const Now& now);
  void send(Connection& connection, const Errand& errand, const Now& now);

  // False when the connection is gone after that.
  bool onMessage(Connection& connection, std::span<const std::uint8_t> message, const Now& now);
  void onLong(Connection& connection, Flight& flight, const Now& now);
  bool forgetOn(Connection& connection, ZoneId zone, const Now& now);
  void displaceAll(Connection& connection, Displaced::Why why);
  void turnToNext(Connection& connection, std::uint64_t number, const Now& now);
  bool onOverdue(Connection& connection, const Now& now);
  bool mayFailAlone();
  void creditPending(Connection& connection, const Now& now);
  bool settle(Connection& connection, const Now& now);
  void retire(Connection& connection, const Now& now);
  void setIdle(Connection& connection, std::optional<Instant> since);
  void close(Connection& connection);
  void giveUp(Connection& connection, std::string_view reason, std::string text, const Now& now);
  void breakOff(Connection& connection, std::string_view reason, std::string text, const Now& now);
  static std::uint64_t suspectOf(const Connection& connection);
  void lose(Connection& connection, std::string_view reason, std::string text);
  void fall(Trouble why, const Now& now);
  bool isSilent(const Connection& connection) const;
  static bool wasLostIdle(const Connection& connection, const Flight& flight);
  static bool wasLostWaiting(const Connection& connection, const Flight& flight);
  Instant wakeAt(const Connection& connection) const;

  void conclude(Connection& connection, std::uint16_t message_id, Verdict verdict);
  void report(const Flight& flight, Verdict verdict);
  void report(const Errand& errand, Verdict verdict, bool was_long = false);
  Connection* find(ConnectionId connection);
  std::unique_ptr<Connection> remove(Connection& connection);
  const SecondaryLimits& limits() const { return board_->settings.limits; }

  ServerId id_;
  Endpoint peer_;
  Switchboard* board_;
  std::vector<std::unique_ptr<Connection>> connections_;  // a handful
  std::uint32_t queries_ = 0;                             // SOA queries without an outcome
  std::uint64_t arrivals_ = 0, sent_ = 0;
  std::optional<std::uint64_t> silent_at_;  // arrivals, when one request failed for want of more
  Instant down_until_ = Instant::min();
  Trouble why_down_;
};

}  // namespace zonecast::xfr
