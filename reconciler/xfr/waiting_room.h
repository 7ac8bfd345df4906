// Who waits for which primary, and whose turn it is.
//
// Per primary there is a line for each kind of errand; in a line the more urgent stand ahead, and
// those of one urgency in the order in which they came. Anybody may leave a line at any time.
// The primaries of one server take turns there, the most urgent first, then the one whose last turn
// is longest ago, so that a customer with 100,000 zones holds up nobody beside it. SOA queries are
// taken off one by one, transfers against slots: so many per server, so many in all, and among the
// servers the same order counts.
//
// Bulk transfers never take the last quarter of the slots: it is kept for IXFR, which therefore
// need not wait for the end of somebody's AXFR. A transfer that is asked for ahead (see Pace), on a
// connection that has one already, takes no further slot.
//
// Every operation is O(log n).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include <absl/container/btree_set.h>

#include "reconciler/xfr/errand.h"
#include "reconciler/xfr/pace.h"
#include "reconciler/xfr/servers.h"

namespace zonecast::xfr {

enum class Urgency : std::uint8_t {
  asked,    // by a NOTIFY or by the operator
  first,    // nothing is held yet
  refresh,  // the timers say so
};

struct Ticket {
  Urgency urgency{};
  std::uint64_t number = 0;
  ZoneId zone{};
  friend auto operator<=>(const Ticket&, const Ticket&) = default;
};

// What is left of `slots` for bulk transfers.
constexpr std::uint32_t bulkShare(std::uint32_t slots) {
  return slots - slots / 4;
}

class WaitingRoom {
 public:
  // `servers` must outlive it.
  WaitingRoom(const Servers& servers, const SecondaryLimits& limits);
  // There are other limits, or more servers; what is under way beyond the limits ends as it would.
  void adapt(const SecondaryLimits& limits);

  Ticket enter(PrimaryId primary, Errand::Kind kind, Urgency urgency, ZoneId zone);
  void leave(PrimaryId primary, Errand::Kind kind, const Ticket& ticket);

  struct Turn {
    PrimaryId primary{};
    Errand::Kind kind{};
    ZoneId zone{};
    bool ahead = false;
  };
  bool hasQuery(ServerId server) const;
  std::optional<Turn> nextQuery(ServerId server);
  std::optional<Turn> nextTransfer();                // takes a slot,
  void release(ServerId server, Errand::Kind kind);  // and gives it back

  // How the server's bulk transfers go. Ahead: more are under way than it has slots for.
  bool isAhead(ServerId server) const;
  void beginLong(ServerId server);  // behind one of them none may wait
  void endLong(ServerId server);
  template <typename Note>
  void pace(ServerId server, Note note) {
    note(serverAt(server).pace);
    reconsider(server);
  }

  // At a closed server it is nobody's turn, though one may still come and go.
  void close(ServerId server);
  void open(ServerId server);
  // Whoever waits for this server, for whatever: sent away without a turn.
  std::optional<ZoneId> sendAway(ServerId server);

 private:
  // What a server could begin: a transfer of that kind, or an AXFR ahead of its slots.
  enum class Lane : std::uint8_t { ixfr, axfr, ahead };

  using Line = absl::btree_set<Ticket>;
  using PrimaryCandidate = std::tuple<Urgency, std::uint64_t, PrimaryId>;
  using ServerCandidate = std::tuple<Urgency, std::uint64_t, ServerId>;

  struct Slots {  // transfers under way, and how many there may be
    std::uint32_t max = 0;
    std::uint32_t ixfr = 0, bulk = 0;

    bool haveRoomForIxfr() const { return ixfr + bulk < max; }
    bool haveRoomForBulk() const { return haveRoomForIxfr() && bulk < bulkShare(max); }
  };
  struct Desk {  // of a primary
    std::array<Line, 3> lines;
    std::uint64_t last_turn = 0;
    std::array<std::optional<PrimaryCandidate>, 3> standing;  // at its server
  };
  struct Server {
    std::array<absl::btree_set<PrimaryCandidate>, 3> candidates;  // primaries with a line
    Slots slots;
    std::uint32_t ahead = 0;  // bulk transfers beyond its slots
    std::uint32_t longs = 0;
    Pace pace;
    bool closed = false;
    std::uint64_t last_turn = 0;
    std::array<std::optional<ServerCandidate>, 3> standing;  // by lane

    explicit Server(const SecondaryLimits& limits)
        : slots{.max = limits.transfers_per_primary}, pace(limits.transfers_pipelined) {}
    bool hasRoomAhead() const;
  };

  Turn take(ServerId server, Errand::Kind kind, bool ahead = false);
  void reconsider(PrimaryId primary, Errand::Kind kind);
  void reconsider(ServerId server);
  bool isOpenFor(const Server& server, Lane lane) const;
  std::optional<Lane> bestLane() const;
  Desk& desk(PrimaryId primary) { return desks_[static_cast<std::size_t>(primary)]; }
  Server& serverAt(ServerId server) { return per_server_[static_cast<std::size_t>(server)]; }

  const Servers& servers_;
  std::vector<Desk> desks_;
  std::vector<Server> per_server_;
  Slots slots_;
  std::array<absl::btree_set<ServerCandidate>, 3> candidates_;  // by lane
  std::uint64_t last_number_ = 0;
  std::uint64_t last_turn_ = 0;
};

}  // namespace zonecast::xfr
