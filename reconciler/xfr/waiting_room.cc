#include "reconciler/xfr/waiting_room.h"

#include <cassert>

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;

constexpr std::array kKinds{Kind::soa, Kind::ixfr, Kind::axfr};

template <typename Enum>
constexpr std::size_t indexOf(Enum value) {
  return static_cast<std::size_t>(value);
}

// Makes `candidate` stand in `among` in place of what stands there.
template <typename Set, typename Candidate>
void stand(Set& among, std::optional<Candidate>& standing,
           const std::optional<Candidate>& candidate) {
  if (standing == candidate) return;
  if (standing) among.erase(*standing);
  if (candidate) among.insert(*candidate);
  standing = candidate;
}

}  // namespace

WaitingRoom::WaitingRoom(const Servers& servers, const SecondaryLimits& limits)
    : servers_(servers), desks_(servers.primaries()), slots_{.max = limits.transfers_max} {
  per_server_.reserve(servers.count());
  for (std::size_t i = 0; i < servers.count(); ++i) {
    per_server_.emplace_back(limits);
  }
}

void WaitingRoom::adapt(const SecondaryLimits& limits) {
  slots_.max = limits.transfers_max;
  desks_.resize(servers_.primaries());
  for (Server& server : per_server_) {
    server.slots.max = limits.transfers_per_primary;
    server.pace.limit(limits.transfers_pipelined);
  }
  while (per_server_.size() < servers_.count()) per_server_.emplace_back(limits);
  for (std::uint32_t i = 0; i < per_server_.size(); ++i) reconsider(ServerId{i});
}

Ticket WaitingRoom::enter(PrimaryId primary, Kind kind, Urgency urgency, ZoneId zone) {
  const Ticket ticket{urgency, ++last_number_, zone};
  desk(primary).lines[indexOf(kind)].insert(ticket);
  reconsider(primary, kind);
  return ticket;
}

void WaitingRoom::leave(PrimaryId primary, Kind kind, const Ticket& ticket) {
  [[maybe_unused]] const auto gone = desk(primary).lines[indexOf(kind)].erase(ticket);
  assert(gone == 1);
  reconsider(primary, kind);
}

bool WaitingRoom::hasQuery(ServerId server) const {
  const Server& here = per_server_[static_cast<std::size_t>(server)];
  return !here.closed && !here.candidates[indexOf(Kind::soa)].empty();
}

std::optional<WaitingRoom::Turn> WaitingRoom::nextQuery(ServerId server) {
  if (!hasQuery(server)) return std::nullopt;
  return take(server, Kind::soa);
}

std::optional<WaitingRoom::Turn> WaitingRoom::nextTransfer() {
  const auto lane = bestLane();
  if (!lane) return std::nullopt;
  const ServerId id = std::get<ServerId>(*candidates_[indexOf(*lane)].begin());
  Server& server = serverAt(id);
  switch (*lane) {
    case Lane::ixfr:
      ++slots_.ixfr;
      ++server.slots.ixfr;
      break;
    case Lane::axfr:
      ++slots_.bulk;
      ++server.slots.bulk;
      break;
    case Lane::ahead:
      ++server.ahead;
      break;
  }
  return take(id, *lane == Lane::ixfr ? Kind::ixfr : Kind::axfr, *lane == Lane::ahead);
}

WaitingRoom::Turn WaitingRoom::take(ServerId id, Kind kind, bool ahead) {
  Server& server = serverAt(id);
  const PrimaryId primary = std::get<PrimaryId>(*server.candidates[indexOf(kind)].begin());
  Desk& here = desk(primary);
  Line& line = here.lines[indexOf(kind)];
  const ZoneId zone = line.extract(line.begin()).value().zone;
  here.last_turn = server.last_turn = ++last_turn_;
  for (const Kind each : kKinds) reconsider(primary, each);
  return {primary, kind, zone, ahead};
}

void WaitingRoom::release(ServerId id, Kind kind) {
  Server& server = serverAt(id);
  if (kind == Kind::ixfr) {
    assert(server.slots.ixfr > 0);
    --slots_.ixfr;
    --server.slots.ixfr;
  } else if (server.ahead > 0) {
    --server.ahead;  // one of them is no longer ahead
  } else {
    assert(kind == Kind::axfr && server.slots.bulk > 0);
    --slots_.bulk;
    --server.slots.bulk;
  }
  reconsider(id);
}

bool WaitingRoom::isAhead(ServerId server) const {
  return per_server_[static_cast<std::size_t>(server)].ahead > 0;
}

void WaitingRoom::beginLong(ServerId server) {
  ++serverAt(server).longs;
  reconsider(server);
}

void WaitingRoom::endLong(ServerId server) {
  assert(serverAt(server).longs > 0);
  --serverAt(server).longs;
  reconsider(server);
}

void WaitingRoom::close(ServerId server) {
  serverAt(server).closed = true;
  reconsider(server);
}

void WaitingRoom::open(ServerId server) {
  serverAt(server).closed = false;
  reconsider(server);
}

std::optional<ZoneId> WaitingRoom::sendAway(ServerId server) {
  for (const Kind kind : kKinds) {
    const auto& candidates = serverAt(server).candidates[indexOf(kind)];
    if (candidates.empty()) continue;
    const PrimaryId primary = std::get<PrimaryId>(*candidates.begin());
    const Ticket ticket = *desk(primary).lines[indexOf(kind)].begin();
    leave(primary, kind, ticket);
    return ticket.zone;
  }
  return std::nullopt;
}

void WaitingRoom::reconsider(PrimaryId primary, Kind kind) {
  Desk& here = desk(primary);
  const Line& line = here.lines[indexOf(kind)];
  std::optional<PrimaryCandidate> candidate;
  if (!line.empty()) candidate = {line.begin()->urgency, here.last_turn, primary};
  const ServerId server = servers_.of(primary);
  stand(serverAt(server).candidates[indexOf(kind)], here.standing[indexOf(kind)], candidate);
  if (kind != Kind::soa) reconsider(server);
}

void WaitingRoom::reconsider(ServerId id) {
  Server& server = serverAt(id);
  for (const Lane lane : {Lane::ixfr, Lane::axfr, Lane::ahead}) {
    const Kind kind = lane == Lane::ixfr ? Kind::ixfr : Kind::axfr;
    const auto& waiting = server.candidates[indexOf(kind)];
    std::optional<ServerCandidate> candidate;
    if (!waiting.empty() && isOpenFor(server, lane)) {
      candidate = {std::get<Urgency>(*waiting.begin()), server.last_turn, id};
    }
    stand(candidates_[indexOf(lane)], server.standing[indexOf(lane)], candidate);
  }
}

bool WaitingRoom::isOpenFor(const Server& server, Lane lane) const {
  if (server.closed) return false;
  switch (lane) {
    case Lane::ixfr:
      return server.slots.haveRoomForIxfr();
    case Lane::axfr:
      return server.slots.haveRoomForBulk();
    case Lane::ahead:
      return server.hasRoomAhead();
  }
  return false;
}

// Behind each bulk transfer that has a slot and is not a long one.
bool WaitingRoom::Server::hasRoomAhead() const {
  return slots.bulk > longs && ahead < (slots.bulk - longs) * (pace.depth() - 1);
}

std::optional<WaitingRoom::Lane> WaitingRoom::bestLane() const {
  std::optional<Lane> best;
  for (const Lane lane : {Lane::ixfr, Lane::axfr, Lane::ahead}) {
    const auto& candidates = candidates_[indexOf(lane)];
    if (candidates.empty()) continue;
    if (lane == Lane::ixfr && !slots_.haveRoomForIxfr()) continue;
    if (lane == Lane::axfr && !slots_.haveRoomForBulk()) continue;
    if (!best || std::get<Urgency>(*candidates.begin()) <
                     std::get<Urgency>(*candidates_[indexOf(*best)].begin())) {
      best = lane;
    }
  }
  return best;
}

}  // namespace zonecast::xfr
