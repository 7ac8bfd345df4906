#include "reconciler/xfr/waiting_room.h"

#include <cassert>

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;

constexpr std::size_t indexOf(Kind kind) {
  return static_cast<std::size_t>(kind);
}
constexpr std::array kTransferKinds{Kind::ixfr, Kind::axfr};

// What is left of `slots` for bulk transfers.
constexpr std::uint32_t bulkShare(std::uint32_t slots) {
  return slots - slots / 4;
}

}  // namespace

bool WaitingRoom::Slots::haveRoomFor(Kind kind) const {
  const std::uint32_t bulk = taken[indexOf(Kind::axfr)];
  if (taken[indexOf(Kind::ixfr)] + bulk >= max) return false;
  return kind != Kind::axfr || bulk < bulkShare(max);
}

WaitingRoom::WaitingRoom(std::size_t primaries, std::uint32_t transfers_per_primary,
                         std::uint32_t transfers_max)
    : desks_(primaries), slots_{.max = transfers_max} {
  for (Desk& desk : desks_) desk.slots.max = transfers_per_primary;
}

Ticket WaitingRoom::enter(PrimaryId primary, Kind kind, Urgency urgency, ZoneId zone) {
  const Ticket ticket{urgency, ++last_number_, zone};
  desk(primary).lines[indexOf(kind)].insert(ticket);
  if (kind != Kind::soa) reconsider(primary);
  return ticket;
}

void WaitingRoom::leave(PrimaryId primary, Kind kind, const Ticket& ticket) {
  [[maybe_unused]] const auto gone = desk(primary).lines[indexOf(kind)].erase(ticket);
  assert(gone == 1);
  if (kind != Kind::soa) reconsider(primary);
}

std::optional<ZoneId> WaitingRoom::nextQuery(PrimaryId primary) {
  Line& line = desk(primary).lines[indexOf(Kind::soa)];
  if (line.empty() || desk(primary).closed) return std::nullopt;
  return line.extract(line.begin()).value().zone;
}

std::optional<WaitingRoom::Turn> WaitingRoom::nextTransfer() {
  const auto kind = bestKind();
  if (!kind) return std::nullopt;
  const PrimaryId primary = std::get<PrimaryId>(*candidates_[indexOf(*kind)].begin());
  Line& line = desk(primary).lines[indexOf(*kind)];
  const ZoneId zone = line.extract(line.begin()).value().zone;
  ++slots_.taken[indexOf(*kind)];
  ++desk(primary).slots.taken[indexOf(*kind)];
  desk(primary).last_turn = ++last_turn_;
  reconsider(primary);
  return Turn{primary, *kind, zone};
}

void WaitingRoom::release(PrimaryId primary, Kind kind) {
  assert(kind != Kind::soa && desk(primary).slots.taken[indexOf(kind)] > 0);
  --slots_.taken[indexOf(kind)];
  --desk(primary).slots.taken[indexOf(kind)];
  reconsider(primary);
}

void WaitingRoom::close(PrimaryId primary) {
  desk(primary).closed = true;
  reconsider(primary);
}

void WaitingRoom::open(PrimaryId primary) {
  desk(primary).closed = false;
  reconsider(primary);
}

std::optional<ZoneId> WaitingRoom::sendAway(PrimaryId primary) {
  for (const Kind kind : {Kind::soa, Kind::ixfr, Kind::axfr}) {
    Line& line = desk(primary).lines[indexOf(kind)];
    if (line.empty()) continue;
    const Ticket ticket = *line.begin();
    leave(primary, kind, ticket);
    return ticket.zone;
  }
  return std::nullopt;
}

void WaitingRoom::reconsider(PrimaryId primary) {
  Desk& here = desk(primary);
  for (const Kind kind : kTransferKinds) {
    const Line& line = here.lines[indexOf(kind)];
    std::optional<Candidate> candidate;
    if (!line.empty() && !here.closed && here.slots.haveRoomFor(kind)) {
      candidate = {line.begin()->urgency, here.last_turn, primary};
    }
    std::optional<Candidate>& standing = here.candidates[indexOf(kind)];
    if (standing == candidate) continue;
    if (standing) candidates_[indexOf(kind)].erase(*standing);
    if (candidate) candidates_[indexOf(kind)].insert(*candidate);
    standing = candidate;
  }
}

std::optional<Kind> WaitingRoom::bestKind() const {
  std::optional<Kind> best;
  for (const Kind kind : kTransferKinds) {
    const auto& candidates = candidates_[indexOf(kind)];
    if (candidates.empty() || !slots_.haveRoomFor(kind)) continue;
    if (!best || std::get<Urgency>(*candidates.begin()) <
                     std::get<Urgency>(*candidates_[indexOf(*best)].begin())) {
      best = kind;
    }
  }
  return best;
}

}  // namespace zonecast::xfr
