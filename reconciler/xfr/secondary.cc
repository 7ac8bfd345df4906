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
constexpr Duration kScarcityInterval = std::chrono::minutes{1};

}  // namespace

Secondary::Impl::Impl(const SecondarySettings& settings, const ZoneTable& zones,
                      ZoneReceiver& receiver, std::uint64_t seed)
    : settings_(settings),
      table_(zones),
      receiver_(receiver),
      servers_(settings.primaries),
      board_(settings, zones, receiver, seed),
      waiting_room_(servers_, settings.limits),
      recheck_(indexOf(zones.idsEnd())) {
  zones_.reserve(indexOf(zones.idsEnd()));
  makeStates(indexOf(zones.idsEnd()));
  for (const auto& [name, id] : zones.byName()) zone(id).phase = Phase::resting;
  makeLinks();
}

void Secondary::Impl::makeStates(std::size_t count) {
  while (zones_.size() < count) zones_.emplace_back(settings_.clamps);
}

void Secondary::Impl::makeLinks() {
  is_unconnected_.resize(servers_.count(), false);
  links_.reserve(servers_.count());
  while (links_.size() < servers_.count()) {
    const ServerId id{static_cast<std::uint32_t>(links_.size())};
    links_.emplace_back(id, servers_.endpoint(id), board_);
  }
}

// -- from outside

void Secondary::Impl::add(ZoneId id, const Now& now) {
  if (indexOf(id) >= zones_.size()) {
    if (recheck_ == zones_.size()) recheck_ = indexOf(id) + 1;
    makeStates(indexOf(id) + 1);
  }
  assert(!has(id) && !primaries(id).empty());
  zone(id) = ZoneState(settings_.clamps);
  zone(id).phase = Phase::resting;
  if (started_) agenda_.set(id, zone(id).alarm, now.mono);
}

void Secondary::Impl::remove(ZoneId id, const Now& now) {
  if (!has(id)) return;
  ZoneState& zone = this->zone(id);
  if (zone.phase == Phase::waiting) leaveLine(id);
  const bool is_at_primary = zone.phase == Phase::checking || zone.phase == Phase::transferring;
  agenda_.set(id, zone.alarm, kNever);
  tally_.confirmed -= isConfirmed(id);
  tally_.expired -= zone.expired;
  tally_.in_trouble -= zone.trouble.has_value();
  zone.phase = Phase::absent;
  if (is_at_primary) link(primaryOf(id)).forget(id, now);
  settle(now);
}

void Secondary::Impl::restore(ZoneId id, const HeldCopy& copy) {
  ZoneState& zone = this->zone(id);
  zone.serial = copy.serial;
  zone.intervals = copy.intervals;
  zone.timers.restore(copy.intervals, copy.last_success);
}

void Secondary::Impl::start(const Now& now) {
  started_ = true;
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    const ZoneId id{static_cast<std::uint32_t>(i)};
    if (!has(id)) continue;
    assert(!primaries(id).empty());
    agenda_.set(id, zone(id).alarm, now.mono);
  }
}

void Secondary::Impl::unconfirmAll() {
  ++era_;
  tally_.confirmed = 0;
  recheck_ = 0;
}

void Secondary::Impl::onSettingsChanged(const Now& now) {
  servers_.extend(settings_.primaries);
  waiting_room_.adapt(settings_.limits);
  makeLinks();
  for (std::uint32_t i = 0; i < servers_.count(); ++i) stirred_.insert(ServerId{i});
  settle(now);
}

void Secondary::Impl::onNotify(ZoneId id, const Address& sender, const Now& now) {
  if (!has(id)) return;
  // A NOTIFY comes from any port: all that share the address may have spoken, so all are asked.
  const Address spoke = unmapped(sender);
  for (std::uint32_t position = 0; position < primaries(id).size(); ++position) {
    const PrimarySettings& settings = primarySettings(primaries(id)[position]);
    if (unmapped(settings.endpoint.address) == spoke) zone(id).news.add(position);
  }
  if (!zone(id).news.first()) zone(id).news.add(zone(id).sticky);
  onNews(id, now);
}

void Secondary::Impl::refresh(ZoneId id, const Now& now) {
  if (!has(id)) return;
  zone(id).news.add(zone(id).sticky);
  onNews(id, now);
}

void Secondary::Impl::retransfer(ZoneId id, const Now& now) {
  if (!has(id)) return;
  ZoneState& zone = this->zone(id);
  zone.retransfer = true;
  if (zone.phase == Phase::waiting) leaveLine(id);
  if (zone.phase == Phase::blocked) zone.phase = Phase::resting;
  zone.news.add(zone.sticky);
  onNews(id, now);
}

void Secondary::Impl::onZoneReady(ZoneId id, const Now& now) {
  if (!has(id) || zone(id).phase != Phase::blocked) return;
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
  recheckSome(now);
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
  if (!to_evacuate_.empty() || recheck_ < zones_.size()) return Instant{};  // long past
  return std::min(agenda_.first(), board_.alarms.first());
}

ZoneStatus Secondary::Impl::status(ZoneId id) const {
  if (!has(id)) return {};
  const ZoneState& zone = zones_[indexOf(id)];
  ZoneStatus status = zone.status();
  status.confirmed = isConfirmed(id);
  if (zone.has_primary) status.primary = primaries(id)[zone.sticky];
  return status;
}

// -- the work of one event

void Secondary::Impl::settle(const Now& now) {
  for (const ServerId server : std::exchange(board_.fallen, {})) {
    waiting_room_.close(server);
    to_evacuate_.push_back(server);
  }
  for (const ServerId server : std::exchange(board_.slowed, {})) {
    waiting_room_.beginLong(server);
    waiting_room_.pace(server, [](Pace& pace) { pace.onLong(); });
  }
  asked_less_.reset();
  for (Outcome& outcome : std::exchange(board_.outcomes, {})) take(outcome, now);
  evacuate(now);
  dispatch(now);
}

void Secondary::Impl::take(Outcome& outcome, const Now& now) {
  const ZoneId id = outcome.errand.zone;
  const ServerId server = servers_.of(outcome.errand.primary);
  if (outcome.errand.kind == Kind::axfr) noteHowItWent(server, outcome);
  if (outcome.errand.kind != Kind::soa) waiting_room_.release(server, outcome.errand.kind);
  stirred_.insert(server);
  if (!has(id)) return;
  std::visit([&](auto& verdict) { onVerdict(id, std::move(verdict), now); }, outcome.verdict);
}

// What a bulk transfer says of how many the server may be asked for ahead.
void Secondary::Impl::noteHowItWent(ServerId server, Outcome& outcome) {
  if (outcome.was_long) waiting_room_.endLong(server);
  bool too_much = false;
  if (const auto* displaced = std::get_if<Displaced>(&outcome.verdict)) {
    too_much = displaced->why == Displaced::Why::closed;
  } else if (const auto* trouble = std::get_if<Trouble>(&outcome.verdict)) {
    Round& round = zone(outcome.errand.zone).round;
    // The zone has the benefit of the doubt, once.
    too_much = trouble->too_much && waiting_room_.isAhead(server) && !round.was_too_much;
    if (too_much) {
      round.was_too_much = true;
      outcome.verdict = Displaced{Displaced::Why::closed};
    }
  } else if (!outcome.was_long) {
    waiting_room_.pace(server, [](Pace& pace) { pace.onShort(); });
  }
  if (!too_much || asked_less_ == server) return;
  asked_less_ = server;
  waiting_room_.pace(server, [](Pace& pace) { pace.onTooMuch(); });
}

// Sends whoever's turn it is; a link takes errands and says nothing yet.
void Secondary::Impl::dispatch(const Now& now) {
  while (!unconnected_.empty() && mayConnectForQueries()) {
    const ServerId server = unconnected_.front();
    unconnected_.pop_front();
    is_unconnected_[indexOf(server)] = false;
    dispatchQueries(server, now);
  }
  for (const ServerId server : std::exchange(stirred_, {})) dispatchQueries(server, now);
  while (const auto turn = waiting_room_.nextTransfer()) {
    makeRoomForConnection();
    go(*turn, now);
  }
}

void Secondary::Impl::dispatchQueries(ServerId server, const Now& now) {
  while (waiting_room_.hasQuery(server) && link(server).hasRoomForQuery()) {
    if (!link(server).hasQueryConnection() && !mayConnectForQueries()) {
      return awaitConnection(server, now);
    }
    go(*waiting_room_.nextQuery(server), now);
  }
}

// Transfers may always have theirs: there are transfers_max of them.
bool Secondary::Impl::mayConnectForQueries() {
  makeRoomForConnection();
  const SecondaryLimits& limits = settings_.limits;
  return board_.query_connections + limits.transfers_max < limits.connections_max;
}

// The one that was idle longest is not worth what others could do with it.
void Secondary::Impl::makeRoomForConnection() {
  const SecondaryLimits& limits = settings_.limits;
  const auto isFull = [&] {
    return board_.owners.size() >= limits.connections_max ||
           board_.query_connections + limits.transfers_max >= limits.connections_max;
  };
  while (isFull() && !board_.idle.empty()) {
    const ConnectionId idle = board_.idle.begin()->second;
    link(board_.owners.at(idle)).closeIdle(idle);
  }
}

void Secondary::Impl::awaitConnection(ServerId server, const Now& now) {
  if (is_unconnected_[indexOf(server)]) return;
  is_unconnected_[indexOf(server)] = true;
  unconnected_.push_back(server);
  if (now.mono < scarcity_told_ + kScarcityInterval && scarcity_told_ != Instant::min()) return;
  scarcity_told_ = now.mono;
  facts_.push_back(ConnectionsScarce{settings_.limits.connections_max, unconnected_.size()});
}

// All that wait for a fallen primary fail there together.
void Secondary::Impl::evacuate(const Now& now) {
  for (int i = 0; i < kZonesPerTurn && !to_evacuate_.empty(); ++i) {
    const ServerId server = to_evacuate_.front();
    const auto id = link(server).isDown(now.mono) ? waiting_room_.sendAway(server) : std::nullopt;
    if (!id) {
      waiting_room_.open(server);
      stirred_.insert(server);
      to_evacuate_.pop_front();
      continue;
    }
    zone(*id).news.drop(zone(*id).round.position);
    fail(*id, link(server).whyDown(), now);
  }
}

// Whoever waits for its turn will ask then, and who is at a primary will ask once more.
void Secondary::Impl::recheckSome(const Now& now) {
  for (int i = 0; i < kZonesPerTurn && recheck_ < zones_.size(); ++i, ++recheck_) {
    const ZoneId id{static_cast<std::uint32_t>(recheck_)};
    if (zone(id).phase == Phase::resting && !isConfirmed(id)) begin(id, now);
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
  ++tally_.expired;
  facts_.push_back(ZoneExpired{id, zoneSettings(id).name});
}

// -- the class that others see

Secondary::Secondary(const SecondarySettings& settings, const ZoneTable& zones,
                     ZoneReceiver& receiver, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(settings, zones, receiver, seed)) {}
Secondary::~Secondary() = default;

void Secondary::add(ZoneId zone, const Now& now) {
  impl_->add(zone, now);
}
void Secondary::remove(ZoneId zone, const Now& now) {
  impl_->remove(zone, now);
}

void Secondary::restore(ZoneId zone, const HeldCopy& copy) {
  impl_->restore(zone, copy);
}
void Secondary::start(const Now& now) {
  impl_->start(now);
}
void Secondary::unconfirmAll() {
  impl_->unconfirmAll();
}

void Secondary::onSettingsChanged(const Now& now) {
  impl_->onSettingsChanged(now);
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

bool Secondary::isConfirmed(ZoneId zone) const {
  return impl_->isConfirmed(zone);
}
ZoneStatus Secondary::status(ZoneId zone, const Now&) const {
  return impl_->status(zone);
}
TransfersUnderWay Secondary::underWay() const {
  return impl_->underWay();
}

const ZoneTally& Secondary::tally() const {
  return impl_->tally();
}
SoaIntervals Secondary::intervals(ZoneId zone) const {
  return impl_->intervals(zone);
}

}  // namespace zonecast::xfr
