#include "reconciler/xfr/secondary.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "reconciler/xfr/secondary_impl.h"

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;
using Phase = ZoneState::Phase;

// One event does no more than this at once; the rest is then due at once.
constexpr int kConnectionsPerTurn = 64;
constexpr int kZonesPerTurn = 500;

}  // namespace

Secondary::Impl::Impl(const SecondarySettings& settings, ZoneReceiver& receiver, std::uint64_t seed)
    : settings_(settings),
      receiver_(receiver),
      board_(settings, receiver, seed),
      waiting_room_(settings.primaries.size(), settings.limits.transfers_per_primary,
                    settings.limits.transfers_max),
      zones_(settings.zones.size(), ZoneState(settings.clamps)) {
  links_.reserve(settings.primaries.size());
  for (std::size_t i = 0; i < settings.primaries.size(); ++i) {
    links_.emplace_back(PrimaryId{static_cast<std::uint32_t>(i)}, board_);
  }
}

// -- from outside

void Secondary::Impl::restore(ZoneId id, const HeldCopy& copy) {
  ZoneState& zone = this->zone(id);
  zone.serial = copy.serial;
  zone.intervals = copy.intervals;
  zone.timers.restore(copy.intervals, copy.last_success);
}

void Secondary::Impl::start(const Now& now) {
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    assert(!settings_.zones[i].primaries.empty());
    const ZoneId id{static_cast<std::uint32_t>(i)};
    agenda_.set(id, zone(id).alarm, now.mono);
  }
}

void Secondary::Impl::onNotify(ZoneId id, const Address& sender, const Now& now) {
  const auto spoke = [&](PrimaryId primary) {
    return unmapped(primarySettings(primary).endpoint.address) == unmapped(sender);
  };
  const auto found = std::ranges::find_if(primaries(id), spoke);
  const auto position = found == primaries(id).end()
                            ? zone(id).sticky
                            : static_cast<std::uint32_t>(found - primaries(id).begin());
  onNews(id, position, now);
}

void Secondary::Impl::refresh(ZoneId id, const Now& now) {
  onNews(id, zone(id).sticky, now);
}

void Secondary::Impl::retransfer(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  zone.retransfer = true;
  if (zone.phase == Phase::waiting) leaveLine(id);
  if (zone.phase == Phase::blocked) zone.phase = Phase::resting;
  onNews(id, zone.sticky, now);
}

void Secondary::Impl::onZoneReady(ZoneId id, const Now& now) {
  if (zone(id).phase != Phase::blocked) return;
  proceed(id, now);
  settle(now);
}

void Secondary::Impl::onTimer(const Now& now) {
  for (int i = 0; i < kConnectionsPerTurn; ++i) {
    const auto connection = board_.alarms.takeDue(now.mono);
    if (!connection) break;
    link(board_.owners.at(*connection)).onAlarm(*connection, now);
  }
  for (int i = 0; i < kZonesPerTurn; ++i) {
    const auto due = agenda_.takeDue(now.mono);
    if (!due) break;
    onAlarm(*due, now);
  }
  settle(now);
}

template <typename Event>
void Secondary::Impl::onConnection(ConnectionId connection, const Now& now, Event event) {
  const auto owner = board_.owners.find(connection);
  if (owner == board_.owners.end()) return;
  event(link(owner->second));
  settle(now);
}

Instant Secondary::Impl::nextDeadline() const {
  if (!to_evacuate_.empty()) return Instant{};  // long past
  return std::min(agenda_.first(), board_.alarms.first());
}

ZoneStatus Secondary::Impl::status(ZoneId id) const {
  const ZoneState& zone = zones_[indexOf(id)];
  ZoneStatus status = zone.status();
  if (zone.has_primary) status.primary = primaries(id)[zone.sticky];
  return status;
}

// -- the work of one event

void Secondary::Impl::settle(const Now& now) {
  for (const PrimaryId primary : std::exchange(board_.fallen, {})) {
    waiting_room_.close(primary);
    to_evacuate_.push_back(primary);
  }
  for (Outcome& outcome : std::exchange(board_.outcomes, {})) {
    const ZoneId id = outcome.errand.zone;
    if (outcome.errand.kind != Kind::soa) {
      waiting_room_.release(outcome.primary, outcome.errand.kind);
    }
    stirred_.insert(outcome.primary);
    std::visit([&](auto& verdict) { onVerdict(id, std::move(verdict), now); }, outcome.verdict);
  }
  evacuate(now);
  dispatch(now);
}

// Sends whoever's turn it is; a link takes errands and says nothing yet.
void Secondary::Impl::dispatch(const Now& now) {
  for (const PrimaryId primary : std::exchange(stirred_, {})) {
    while (link(primary).hasRoomForQuery()) {
      const auto next = waiting_room_.nextQuery(primary);
      if (!next) break;
      go(*next, primary, Kind::soa, now);
    }
  }
  while (const auto turn = waiting_room_.nextTransfer()) {
    go(turn->zone, turn->primary, turn->kind, now);
  }
}

// All that wait for a fallen primary fail there together.
void Secondary::Impl::evacuate(const Now& now) {
  for (int i = 0; i < kZonesPerTurn && !to_evacuate_.empty(); ++i) {
    const PrimaryId primary = to_evacuate_.front();
    const auto id = link(primary).isDown(now.mono) ? waiting_room_.sendAway(primary) : std::nullopt;
    if (!id) {
      waiting_room_.open(primary);
      stirred_.insert(primary);
      to_evacuate_.pop_front();
      continue;
    }
    zone(*id).news.drop(zone(*id).round.position);
    fail(*id, link(primary).whyDown(), now);
  }
}

void Secondary::Impl::onAlarm(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  zone.alarm = kNever;
  checkExpiry(id, now);
  if (zone.phase == Phase::resting && zone.nextCheck() <= now.mono) return begin(id, now);
  setAlarm(id, now);
}

void Secondary::Impl::setAlarm(ZoneId id, const Now& now) {
  agenda_.set(id, zone(id).alarm, zone(id).alarmAt(now));
}

void Secondary::Impl::checkExpiry(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  if (zone.expired || !zone.timers.expired(now)) return;
  zone.expired = true;
  facts_.push_back(ZoneExpired{id});
}

// -- the class that others see

Secondary::Secondary(const SecondarySettings& settings, ZoneReceiver& receiver, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(settings, receiver, seed)) {}
Secondary::~Secondary() = default;

void Secondary::restore(ZoneId zone, const HeldCopy& copy) {
  impl_->restore(zone, copy);
}
void Secondary::start(const Now& now) {
  impl_->start(now);
}

void Secondary::onNotify(ZoneId zone, const Address& sender, const Now& now) {
  impl_->onNotify(zone, sender, now);
}
void Secondary::refresh(ZoneId zone, const Now& now) {
  impl_->refresh(zone, now);
}
void Secondary::retransfer(ZoneId zone, const Now& now) {
  impl_->retransfer(zone, now);
}
void Secondary::onZoneReady(ZoneId zone, const Now& now) {
  impl_->onZoneReady(zone, now);
}

void Secondary::onConnected(ConnectionId connection, const Now& now) {
  impl_->onConnection(connection, now,
                      [&](PrimaryLink& link) { link.onConnected(connection, now); });
}
void Secondary::onReceived(ConnectionId connection, std::span<const std::uint8_t> octets,
                           const Now& now) {
  impl_->onConnection(connection, now,
                      [&](PrimaryLink& link) { link.onReceived(connection, octets, now); });
}
void Secondary::onClosed(ConnectionId connection, std::string_view why, const Now& now) {
  impl_->onConnection(connection, now,
                      [&](PrimaryLink& link) { link.onClosed(connection, why, now); });
}
void Secondary::onTimer(const Now& now) {
  impl_->onTimer(now);
}

std::optional<Instant> Secondary::nextDeadline() const {
  const Instant next = impl_->nextDeadline();
  return next == kNever ? std::nullopt : std::optional(next);
}
std::vector<Action> Secondary::takeActions() {
  return impl_->takeActions();
}
std::vector<Fact> Secondary::takeFacts() {
  return impl_->takeFacts();
}

ZoneStatus Secondary::status(ZoneId zone, const Now&) const {
  return impl_->status(zone);
}
SoaIntervals Secondary::intervals(ZoneId zone) const {
  return impl_->intervals(zone);
}

}  // namespace zonecast::xfr
