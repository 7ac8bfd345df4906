// What is behind Secondary: the zones, the links to their primaries, and who waits for what.
//
// Every event runs to its end in three steps, so that nothing is ever called back: a link or a zone
// takes it in; the outcomes that links have put on the switchboard move rounds on, which puts zones
// into the waiting room (secondary_rounds.cc); then those whose turn it is are sent to their links
// (secondary.cc). One event does a bounded amount of that; the rest is due at once.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <absl/container/btree_set.h>

#include "reconciler/xfr/agenda.h"
#include "reconciler/xfr/errand.h"
#include "reconciler/xfr/primary_link.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/servers.h"
#include "reconciler/xfr/waiting_room.h"
#include "reconciler/xfr/zone_state.h"
#include "reconciler/xfr/zone_table.h"

namespace zonecast::xfr {

class Secondary::Impl {
 public:
  Impl(const SecondarySettings& settings, const ZoneTable& zones, ZoneReceiver& receiver,
       std::uint64_t seed);

  void add(ZoneId id, const Now& now);
  void remove(ZoneId id, const Now& now);
  void restore(ZoneId id, const HeldCopy& copy);
  void start(const Now& now);
  void unconfirmAll();
  void onSettingsChanged(const Now& now);

  void onNotify(ZoneId id, const Address& sender, const Now& now);
  void refresh(ZoneId id, const Now& now);
  void retransfer(ZoneId id, const Now& now);
  void onZoneReady(ZoneId id, const Now& now);
  void onTimer(const Now& now);
  // `event` is told to the link that the connection belongs to.
  template <typename Event>
  void onConnection(ConnectionId connection, const Now& now, Event event);

  Instant nextDeadline() const;
  std::vector<Action> takeActions() { return std::exchange(board_.actions, {}); }
  std::vector<Fact> takeFacts() { return std::exchange(facts_, {}); }
  bool isConfirmed(ZoneId id) const { return has(id) && zones_[indexOf(id)].confirmed_in == era_; }
  ZoneStatus status(ZoneId id) const;
  const ZoneTally& tally() const { return tally_; }
  TransfersUnderWay underWay() const {
    TransfersUnderWay sum;
    for (const PrimaryLink& link : links_) link.addTo(sum);
    return sum;
  }
  SoaIntervals intervals(ZoneId id) const { return zones_[indexOf(id)].intervals; }

 private:
  template <typename Id>
  static constexpr std::size_t indexOf(Id id) {
    return static_cast<std::size_t>(id);
  }

  void makeStates(std::size_t count);
  void makeLinks();

  // Rounds.
  void begin(ZoneId id, const Now& now);
  void proceed(ZoneId id, const Now& now);
  bool stumble(ZoneId id, const Trouble& trouble, const Now& now);
  std::string outlook(ZoneId id, ZoneState::Next next, const Now& now);
  void fail(ZoneId id, const Trouble& trouble, const Now& now);
  void succeed(ZoneId id, const SoaIntervals& intervals, const Now& now);
  void finish(ZoneId id, const Now& now);
  void onNews(ZoneId id, const Now& now);
  void go(const WaitingRoom::Turn& turn, const Now& now);
  void leaveLine(ZoneId id);

  // What comes of errands.
  void onVerdict(ZoneId id, SerialSeen seen, const Now& now);
  void onVerdict(ZoneId id, Delivery delivery, const Now& now);
  void onVerdict(ZoneId id, Trouble trouble, const Now& now) { fail(id, trouble, now); }
  void onVerdict(ZoneId id, Displaced displaced, const Now& now);
  void confirm(ZoneId id, const SoaIntervals& intervals, const Now& now);

  // The work of one event.
  void settle(const Now& now);
  void take(Outcome& outcome, const Now& now);
  void noteHowItWent(ServerId server, Outcome& outcome);
  void dispatch(const Now& now);
  void dispatchQueries(ServerId server, const Now& now);
  bool mayConnectForQueries();
  void makeRoomForConnection();
  void awaitConnection(ServerId server, const Now& now);
  void evacuate(const Now& now);
  void recheckSome(const Now& now);
  void onAlarm(ZoneId id, const Now& now);
  void setAlarm(ZoneId id, const Now& now);
  void checkExpiry(ZoneId id, const Now& now);

  std::uint32_t random() { return static_cast<std::uint32_t>(board_.random()); }
  bool has(ZoneId id) const {
    return indexOf(id) < zones_.size() && zones_[indexOf(id)].phase != ZoneState::Phase::absent;
  }
  ZoneState& zone(ZoneId id) { return zones_[indexOf(id)]; }
  PrimaryLink& link(ServerId server) { return links_[indexOf(server)]; }
  PrimaryLink& link(PrimaryId primary) { return link(servers_.of(primary)); }
  const ZoneSettings& zoneSettings(ZoneId id) const { return table_[id]; }
  const PrimaryList& primaries(ZoneId id) const { return zoneSettings(id).primaries; }
  PrimaryId primaryOf(ZoneId id) const { return primaries(id)[zones_[indexOf(id)].round.position]; }
  const PrimarySettings& primarySettings(PrimaryId id) const {
    return settings_.primaries[indexOf(id)];
  }

  const SecondarySettings& settings_;
  const ZoneTable& table_;
  ZoneReceiver& receiver_;
  Servers servers_;
  Switchboard board_;
  std::vector<PrimaryLink> links_;
  WaitingRoom waiting_room_;
  std::vector<ZoneState> zones_;
  bool started_ = false;
  Agenda<ZoneId> agenda_;
  absl::btree_set<ServerId> stirred_;  // whose query line may move on
  std::deque<ServerId> to_evacuate_;   // fallen links at which zones may still be waiting
  std::deque<ServerId> unconnected_;   // whose queries wait for a connection that may be made
  std::vector<bool> is_unconnected_;   // by server: it stands there
  std::uint32_t era_ = 1;              // one ends when what was confirmed is so no more
  std::size_t recheck_;                // the zones from here on up are still to be checked anew
  Instant scarcity_told_ = Instant::min();
  std::optional<ServerId> asked_less_;  // in the present event
  ZoneTally tally_;
  std::vector<Fact> facts_;
};

}  // namespace zonecast::xfr
