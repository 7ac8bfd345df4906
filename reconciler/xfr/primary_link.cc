#include "reconciler/xfr/primary_link.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "reconciler/xfr/zone_table.h"

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;
using Step = ZoneFailure::Step;

constexpr std::size_t kHeaderOctets = 12;

std::uint16_t messageId(std::span<const std::uint8_t> message) {
  return static_cast<std::uint16_t>(message[0] << 8 | message[1]);
}

}  // namespace

// -- errands

void PrimaryLink::ask(const Errand& errand, const Now& now) {
  if (errand.kind == Kind::soa) ++queries_;
  place(errand, now);
}

bool PrimaryLink::hasRoomForQuery() const {
  return queries_ < limits().queries_in_flight_per_primary;
}

bool PrimaryLink::hasQueryConnection() const {
  return std::ranges::any_of(connections_, [](const auto& each) {
    return each->role == Connection::Role::query && each->isOpenToOthers();
  });
}

void PrimaryLink::place(const Errand& errand, const Now& now) {
  Connection* found = errand.asked_again ? nullptr : connectionFor(errand);
  Connection& connection = found != nullptr ? *found : connect(roleOf(errand), now);
  connection.on_trial |= errand.asked_again;
  if (connection.state == Connection::State::connecting) {
    connection.boarding.push_back(errand);
  } else {
    send(connection, errand, now);
  }
}

PrimaryLink::Connection* PrimaryLink::connectionFor(const Errand& errand) {
  const auto role = roleOf(errand);
  Connection* best = nullptr;
  for (const auto& connection : connections_) {
    if (connection->role != role || !connection->isOpenToOthers()) continue;
    if (role == Connection::Role::query) return connection.get();
    if (connection->load() > 0 && (!errand.ahead || connection->hasLong())) continue;
    if (best == nullptr || connection->load() < best->load()) best = connection.get();
  }
  return best;
}

PrimaryLink::Connection::Role PrimaryLink::roleOf(const Errand& errand) {
  return errand.kind == Kind::axfr ? Connection::Role::bulk : Connection::Role::query;
}

PrimaryLink::Connection& PrimaryLink::connect(Connection::Role role, const Now& now) {
  auto connection = std::make_unique<Connection>();
  connection->role = role;
  connection->id = ConnectionId{++board_->last_connection};
  connection->deadline = now.mono + limits().connect_timeout;
  connection->next_message_id = static_cast<std::uint16_t>(board_->random());
  board_->owners.emplace(connection->id, id_);
  board_->alarms.set(connection->id, connection->alarm, connection->deadline);
  if (role == Connection::Role::query) ++board_->query_connections;
  board_->actions.push_back(Connect{connection->id, peer_});
  return *connections_.emplace_back(std::move(connection));
}

void PrimaryLink::send(Connection& connection, const Errand& errand, const Now& now) {
  while (connection.flights.contains(connection.next_message_id)) ++connection.next_message_id;
  const std::uint16_t message_id = connection.next_message_id++;
  auto sink = errand.kind == Kind::soa ? nullptr : board_->receiver.open(errand.zone);
  Exchange exchange(errand, board_->zones[errand.zone], board_->settings, keyOf(errand),
                    std::move(sink), message_id, now);
  setIdle(connection, std::nullopt);
  board_->actions.push_back(Send{connection.id, exchange.takeRequest()});
  board_->alarms.bringForward(connection.id, connection.alarm, exchange.deadline());
  connection.flights.emplace(message_id, Flight{std::move(exchange), ++sent_, connection.arrivals,
                                                arrivals_, connection.concluded});
}

void PrimaryLink::forget(ZoneId zone, const Now& now) {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (forgetOn(*connections_[i], zone, now)) return;  // it has one at most
  }
}

bool PrimaryLink::forgetOn(Connection& connection, ZoneId zone, const Now& now) {
  const auto boarding = std::ranges::find(connection.boarding, zone, &Errand::zone);
  if (boarding != connection.boarding.end()) {
    report(*boarding, Displaced{Displaced::Why::zoneGone});
    connection.boarding.erase(boarding);
    return true;
  }
  const auto flight = std::ranges::find_if(connection.flights, [zone](const auto& entry) {
    return entry.second.exchange.errand().zone == zone;
  });
  if (flight == connection.flights.end()) return false;
  const bool is_transfer = flight->second.exchange.isTransfer();
  const std::uint64_t number = flight->second.number;
  conclude(connection, flight->first, Displaced{Displaced::Why::zoneGone});
  turnToNext(connection, number, now);
  if (is_transfer) retire(connection, now);  // nobody knows how much of its answer is to come
  settle(connection, now);
  return true;
}

const dns::TsigKey* PrimaryLink::keyOf(const Errand& errand) const {
  return board_->settings.primaries[static_cast<std::size_t>(errand.primary)].key.get();
}

void PrimaryLink::conclude(Connection& connection, std::uint16_t message_id, Verdict verdict) {
  const auto flight = connection.flights.find(message_id);
  assert(flight != connection.flights.end());
  ++connection.concluded;
  report(flight->second, std::move(verdict));
  connection.flights.erase(flight);
}

void PrimaryLink::report(const Flight& flight, Verdict verdict) {
  report(flight.exchange.errand(), std::move(verdict), flight.is_long);
}

void PrimaryLink::report(const Errand& errand, Verdict verdict, bool was_long) {
  if (errand.kind == Kind::soa) --queries_;
  board_->outcomes.push_back({errand, std::move(verdict), was_long});
}

// -- events

void PrimaryLink::onConnected(ConnectionId id, const Now& now) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->state != Connection::State::connecting) return;
  connection->state = Connection::State::open;
  for (const Errand& errand : std::exchange(connection->boarding, {})) {
    send(*connection, errand, now);
  }
  settle(*connection, now);
}

void PrimaryLink::onReceived(ConnectionId id, std::span<const std::uint8_t> octets,
                             const Now& now) {
  Connection* connection = find(id);
  if (connection == nullptr || octets.empty()) return;
  const bool was_idle = connection->isIdle();
  ++arrivals_;
  ++connection->arrivals;
  while (const auto message = connection->stream.next(octets)) {
    if (!onMessage(*connection, *message, now)) return;
  }
  creditPending(*connection, now);
  if (!was_idle) settle(*connection, now);
}

bool PrimaryLink::onMessage(Connection& connection, std::span<const std::uint8_t> message,
                            const Now& now) {
  if (message.size() < kHeaderOctets) {
    board_->actions.push_back(Close{connection.id});
    breakOff(connection, "malformed", fmt::format("a message of {} octets", message.size()), now);
    return false;
  }
  const std::uint16_t message_id = messageId(message);
  const auto flight = connection.flights.find(message_id);
  if (flight == connection.flights.end()) return true;  // nobody waits for it any longer
  Exchange& exchange = flight->second.exchange;
  auto verdict = exchange.onMessage(message, now);
  if (!verdict) {
    if (exchange.isLong()) onLong(connection, flight->second, now);
    return true;
  }
  const bool more_may_come = !exchange.hasEnded();
  const std::uint64_t number = flight->second.number;
  conclude(connection, message_id, std::move(*verdict));
  turnToNext(connection, number, now);
  if (!more_may_come) return true;
  retire(connection, now);
  return settle(connection, now);
}

// A long transfer needs its connection for itself.
void PrimaryLink::onLong(Connection& connection, Flight& flight, const Now& now) {
  const bool bulk = flight.exchange.errand().kind == Kind::axfr;
  if (bulk && !std::exchange(flight.is_long, true)) board_->slowed.push_back(id_);
  if (!bulk || connection.flights.size() > 1) retire(connection, now);
}

void PrimaryLink::displaceAll(Connection& connection, Displaced::Why why) {
  absl::erase_if(connection.flights, [&](const auto& entry) {
    if (entry.second.exchange.isAnswered()) return false;
    report(entry.second, Displaced{why});
    return true;
  });
}

void PrimaryLink::turnToNext(Connection& connection, std::uint64_t number, const Now& now) {
  if (connection.role == Connection::Role::query) return;
  for (auto& [message_id, flight] : connection.flights) {
    if (flight.number > number) flight.exchange.onTurn(now);
  }
}

// What a slow message has brought so far counts as a sign of life of the transfer it belongs to.
void PrimaryLink::creditPending(Connection& connection, const Now& now) {
  const auto message_id = connection.stream.pendingId();
  if (!message_id) return;
  const auto flight = connection.flights.find(*message_id);
  if (flight != connection.flights.end()) flight->second.exchange.onProgress(now);
}

void PrimaryLink::onClosed(ConnectionId id, std::string_view why, const Now& now) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  breakOff(*connection, "closed", std::string(why), now);
}

void PrimaryLink::onAlarm(ConnectionId id, const Now& now) {
  Connection* connection = find(id);
  assert(connection != nullptr);
  connection->alarm = kNever;
  if (connection->state == Connection::State::connecting && connection->deadline <= now.mono) {
    const std::chrono::duration<double> waited = limits().connect_timeout;
    return giveUp(*connection, "timeout", fmt::format("no connection in {} s", waited.count()),
                  now);
  }
  if (connection->isIdle() && connection->deadline <= now.mono) return close(*connection);
  if (!onOverdue(*connection, now)) return;
  board_->alarms.set(id, connection->alarm, wakeAt(*connection));
}

// -- the end of requests

bool PrimaryLink::onOverdue(Connection& connection, const Now& now) {
  std::vector<std::pair<std::uint16_t, Trouble>> overdue;
  for (const auto& [message_id, flight] : connection.flights) {
    if (connection.isBehind(flight)) continue;
    const bool arriving = connection.stream.pendingId() == message_id;
    auto trouble = flight.exchange.overdue(arriving ? connection.stream.pendingOctets() : 0, now);
    if (trouble) overdue.emplace_back(message_id, std::move(*trouble));
  }
  if (overdue.empty()) return true;
  if (isSilent(connection) && !mayFailAlone()) {
    auto& [message_id, first] = overdue.front();
    giveUp(connection, first.reason, std::move(first.text), now);
    return false;
  }
  // A server that answers in order can say nothing to those behind the one that it is busy with.
  const std::uint64_t suspect = suspectOf(connection);
  std::vector<Errand> again;
  for (auto& [message_id, trouble] : overdue) {
    const auto flight = connection.flights.find(message_id);
    Errand errand = flight->second.exchange.errand();
    if (flight->second.exchange.isAnswered() || flight->second.number == suspect ||
        std::exchange(errand.has_waited, true)) {
      conclude(connection, message_id, std::move(trouble));
    } else {
      connection.flights.erase(flight);
      again.push_back(errand);
    }
  }
  retire(connection, now);
  for (const Errand& errand : again) place(errand, now);
  return settle(connection, now);
}

// A server that has spoken may be busy with one request, once; the next silence is its own.
bool PrimaryLink::mayFailAlone() {
  return arrivals_ > 0 && std::exchange(silent_at_, arrivals_) != arrivals_;
}

// Takes the connection out of use for all but the answers that have begun to come.
void PrimaryLink::retire(Connection& connection, const Now& now) {
  if (connection.state == Connection::State::retired) return;
  connection.state = Connection::State::retired;
  if (connection.role == Connection::Role::bulk) {
    return displaceAll(connection, Displaced::Why::longTransfer);
  }
  std::vector<Errand> elsewhere;
  absl::erase_if(connection.flights, [&](const auto& entry) {
    if (entry.second.exchange.isAnswered()) return false;
    elsewhere.push_back(entry.second.exchange.errand());
    return true;
  });
  for (const Errand& errand : elsewhere) place(errand, now);
}

// False when the connection is gone.
bool PrimaryLink::settle(Connection& connection, const Now& now) {
  if (!connection.isIdle()) return true;
  if (connection.state == Connection::State::retired) {
    close(connection);
    return false;
  }
  connection.deadline = now.mono + limits().connection_idle_timeout;
  board_->alarms.bringForward(connection.id, connection.alarm, connection.deadline);
  setIdle(connection, now.mono);
  return true;
}

void PrimaryLink::setIdle(Connection& connection, std::optional<Instant> since) {
  if (connection.idle_since) board_->idle.erase({*connection.idle_since, connection.id});
  if (since) board_->idle.emplace(*since, connection.id);
  connection.idle_since = since;
}

void PrimaryLink::addTo(TransfersUnderWay& sum) const {
  for (const auto& connection : connections_) {
    for (const auto& [id, flight] : connection->flights) {
      if (!flight.exchange.isTransfer()) continue;
      ++sum.transfers;
      sum.records += flight.exchange.records();
    }
  }
}

void PrimaryLink::closeIdle(ConnectionId id) {
  close(*find(id));
}

void PrimaryLink::close(Connection& connection) {
  board_->actions.push_back(Close{connection.id});
  remove(connection);
}

void PrimaryLink::giveUp(Connection& connection, std::string_view reason, std::string text,
                         const Now& now) {
  board_->actions.push_back(Close{connection.id});
  fall({Step::connect, reason, text}, now);
  lose(connection, reason, std::move(text));
}

// The connection is gone in the middle of its work: those that are not to blame are asked again.
void PrimaryLink::breakOff(Connection& connection, std::string_view reason, std::string text,
                           const Now& now) {
  const std::uint64_t suspect = suspectOf(connection);
  std::vector<Errand> again;
  absl::erase_if(connection.flights, [&](const auto& entry) {
    const Flight& flight = entry.second;
    if (flight.exchange.isAnswered()) return false;
    Errand errand = flight.exchange.errand();
    const bool to_blame = flight.number == suspect && !wasLostWaiting(connection, flight);
    if (!to_blame && connection.role == Connection::Role::bulk) {
      report(flight, Displaced{Displaced::Why::closed});
      return true;
    }
    if (to_blame) {
      if (errand.asked_again || !wasLostIdle(connection, flight)) return false;
      errand.asked_again = true;
    }
    again.push_back(errand);
    return true;
  });
  const bool only_one_to_blame =
      connection.isOnTrial() && connection.state == Connection::State::open;
  if (isSilent(connection) && !only_one_to_blame) fall({Step::connect, reason, text}, now);
  lose(connection, reason, std::move(text));
  for (const Errand& errand : again) place(errand, now);
}

// The request whose answer was due next. Where an answer had begun, it is to blame, and none of
// those that wait.
std::uint64_t PrimaryLink::suspectOf(const Connection& connection) {
  std::uint64_t first = 0;
  for (const auto& [message_id, flight] : connection.flights) {
    if (flight.exchange.isAnswered()) return 0;
    if (first == 0 || flight.number < first) first = flight.number;
  }
  return first;
}

// The connection is gone, and whatever is on it fails.
void PrimaryLink::lose(Connection& connection, std::string_view reason, std::string text) {
  const Trouble unreachable{Step::connect, reason, text};
  const auto lost = remove(connection);
  for (const Errand& errand : lost->boarding) report(errand, unreachable);
  for (auto& [message_id, flight] : lost->flights) {
    report(flight, flight.exchange.trouble(reason, text));
  }
}

void PrimaryLink::fall(Trouble why, const Now& now) {
  why_down_ = std::move(why);
  down_until_ = now.mono + limits().primary_hold_down;
  board_->fallen.push_back(id_);
}

// Nothing was heard of the primary since the connection was begun, or since the first of the
// requests still on it was sent.
bool PrimaryLink::isSilent(const Connection& connection) const {
  if (connection.state == Connection::State::connecting) return true;
  const auto unheard = [&](const auto& entry) { return entry.second.link_arrivals == arrivals_; };
  return !connection.flights.empty() && std::ranges::all_of(connection.flights, unheard);
}

// RFC 7766 section 6.2.4: a server may close an idle connection just when we send a request.
bool PrimaryLink::wasLostIdle(const Connection& connection, const Flight& flight) {
  return flight.connection_arrivals > 0 && flight.connection_arrivals == connection.arrivals;
}

// The server answered what came before it, and closed the connection: it does not take so many.
bool PrimaryLink::wasLostWaiting(const Connection& connection, const Flight& flight) {
  return connection.role == Connection::Role::bulk && !flight.exchange.isAnswered() &&
         flight.concluded != connection.concluded;
}

// -- connections

bool PrimaryLink::Connection::hasLong() const {
  return std::ranges::any_of(flights, [](const auto& entry) { return entry.second.is_long; });
}

bool PrimaryLink::Connection::isBehind(const Flight& flight) const {
  if (role == Role::query || flight.exchange.isAnswered()) return false;
  return std::ranges::any_of(
      flights, [&](const auto& entry) { return entry.second.number < flight.number; });
}

Instant PrimaryLink::wakeAt(const Connection& connection) const {
  if (connection.flights.empty()) return connection.deadline;
  Instant first = kNever;
  for (const auto& [message_id, flight] : connection.flights) {
    if (!connection.isBehind(flight)) first = std::min(first, flight.exchange.deadline());
  }
  return first;
}

PrimaryLink::Connection* PrimaryLink::find(ConnectionId id) {
  const auto found =
      std::ranges::find_if(connections_, [&](const auto& each) { return each->id == id; });
  return found == connections_.end() ? nullptr : found->get();
}

std::unique_ptr<PrimaryLink::Connection> PrimaryLink::remove(Connection& connection) {
  const auto found = std::ranges::find_if(
      connections_, [&](const auto& each) { return each.get() == &connection; });
  assert(found != connections_.end());
  auto removed = std::move(*found);
  if (removed->role == Connection::Role::query) --board_->query_connections;
  setIdle(*removed, std::nullopt);
  connections_.erase(found);
  board_->owners.erase(removed->id);
  board_->alarms.set(removed->id, removed->alarm, kNever);
  return removed;
}

}  // namespace zonecast::xfr
