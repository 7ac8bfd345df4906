// Who waits for which primary, and whose turn it is.
//
// Per primary there is a line for each kind of errand; in a line the more urgent stand ahead, and
// those of one urgency in the order in which they came. Anybody may leave a line at any time.
// SOA queries are taken off their line one by one, transfers against slots: so many per primary, so
// many in all. Among the primaries that could start a transfer, the most urgent goes first, then
// the one whose last turn is longest ago, so that a primary with 100,000 zones to transfer takes
// its slots and no others. Bulk transfers never take the last quarter of the slots: it is kept for
// IXFR, which therefore need not wait for the end of somebody's AXFR.
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

class WaitingRoom {
 public:
  WaitingRoom(std::size_t primaries, std::uint32_t transfers_per_primary,
              std::uint32_t transfers_max);

  Ticket enter(PrimaryId primary, Errand::Kind kind, Urgency urgency, ZoneId zone);
  void leave(PrimaryId primary, Errand::Kind kind, const Ticket& ticket);

  std::optional<ZoneId> nextQuery(PrimaryId primary);

  struct Turn {
    PrimaryId primary{};
    Errand::Kind kind{};
    ZoneId zone{};
  };
  std::optional<Turn> nextTransfer();                  // takes a slot,
  void release(PrimaryId primary, Errand::Kind kind);  // and gives it back

  // At a closed primary it is nobody's turn, though one may still come and go.
  void close(PrimaryId primary);
  void open(PrimaryId primary);
  // Whoever waits for this primary, for whatever: sent away without a turn.
  std::optional<ZoneId> sendAway(PrimaryId primary);

 private:
  using Line = absl::btree_set<Ticket>;
  using Candidate = std::tuple<Urgency, std::uint64_t, PrimaryId>;

  struct Slots {  // transfers under way, and how many there may be
    std::uint32_t max = 0;
    std::array<std::uint32_t, 3> taken{};

    bool haveRoomFor(Errand::Kind kind) const;
  };
  struct Desk {
    std::array<Line, 3> lines;
    Slots slots;
    bool closed = false;
    std::uint64_t last_turn = 0;
    std::array<std::optional<Candidate>, 3> candidates;  // as they stand in candidates_
  };

  void reconsider(PrimaryId primary);
  std::optional<Errand::Kind> bestKind() const;
  Desk& desk(PrimaryId primary) { return desks_[static_cast<std::size_t>(primary)]; }

  std::vector<Desk> desks_;
  Slots slots_;
  std::array<absl::btree_set<Candidate>, 3> candidates_;  // primaries that could start a transfer
  std::uint64_t last_number_ = 0;
  std::uint64_t last_turn_ = 0;
};

}  // namespace zonecast::xfr
