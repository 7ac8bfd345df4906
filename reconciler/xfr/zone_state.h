// What the secondary remembers of one zone, in some 200 octets; there are 100,000 of them.
//
// A zone rests, until it is due; then it makes a round: it runs an errand at one of its primaries,
// another one when that asks for it, and goes on to the next primary when one fails, until one
// serves it or each has failed once.
//
// Invariants: a waiting zone holds exactly one ticket; one at a primary has exactly one errand
// there. `news` outlives rounds: a primary that spoke is asked once after it spoke, by this round
// if it had not been asked yet, otherwise by one more.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "reconciler/rare.h"
#include "reconciler/xfr/agenda.h"
#include "reconciler/xfr/errand.h"
#include "reconciler/xfr/waiting_room.h"
#include "reconciler/xfr/zone_timers.h"

namespace zonecast::xfr {

// Which of a zone's primaries spoke (RFC 1996 section 4.3 lets several do so), as positions in its
// list; those behind the 63rd share the last bit.
class News {
 public:
  void add(std::uint32_t position) { bits_ |= bit(position); }
  bool has(std::uint32_t position) const { return (bits_ & bit(position)) != 0; }
  void drop(std::uint32_t position) { bits_ &= ~bit(position); }
  std::optional<std::uint32_t> first() const {
    if (bits_ == 0) return std::nullopt;
    return static_cast<std::uint32_t>(std::countr_zero(bits_));
  }

 private:
  static std::uint64_t bit(std::uint32_t position) { return 1ull << std::min(position, 63u); }
  std::uint64_t bits_ = 0;
};

struct Round {
  Urgency urgency{};
  Errand::Kind kind{};      // of the errand that is next, or under way
  bool axfr_only = false;   // nothing is held, IXFR failed, or the operator wants it
  bool any_serial = false;  // the operator wants whatever the primary has, and goes on wanting it
                            // in the next round when this one fails
  std::uint32_t position = 0;  // the primary's, in the zone's list
  std::uint32_t failed = 0;    // primaries
  std::uint32_t asked_in = 0;  // the era in which the errand under way was begun
  bool was_too_much = false;   // a primary may have failed it because of how much else it was asked
};

struct ZoneState {
  enum class Phase : std::uint8_t {
    absent,    // there is no such zone
    resting,   // until the alarm
    waiting,   // in the waiting room
    blocked,   // until the receiver is ready for it
    checking,  // at a primary, as is
    transferring,
  };

  explicit ZoneState(const TimerClamps& clamps) : timers(clamps) {}

  Instant nextCheck() const { return std::min(second_look, timers.nextCheck()); }
  Instant alarmAt(const Now& now) const;
  ZoneStatus status() const;  // all but the primary

  void beginRound();
  // An errand failed. Whether the same primary can be asked for AXFR instead is for the caller to
  // say; otherwise the next one is, until all have failed.
  enum class Next : std::uint8_t { axfr, primary, nothing };
  Next afterFailure(bool axfr_instead, std::uint32_t primaries);

  Phase phase = Phase::absent;
  std::uint32_t confirmed_in = 0;  // an era of the secondary's, which counts them from 1
  bool expired = false;            // and it was said
  bool retransfer = false;         // the operator asked for it, and no round has taken it on
  bool has_primary = false;        // one has served it: that at `sticky`
  std::uint32_t sticky = 0;        // the position where a round begins
  Instant alarm = kNever;          // in the agenda
  Instant second_look = kNever;    // the check that follows a change
  std::optional<dns::Serial> serial;
  SoaIntervals intervals;
  ZoneTimers timers;
  News news;
  Round round;
  Ticket ticket;
  Rare<std::string> trouble;
};

}  // namespace zonecast::xfr
