// The rounds that a zone makes among its primaries: how they begin, go on, and end.
#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "reconciler/xfr/secondary_impl.h"

namespace zonecast::xfr {
namespace {

using Kind = Errand::Kind;
using Phase = ZoneState::Phase;
using Step = ZoneFailure::Step;

// named holds a NOTIFY back for 5 s when it sent one for the zone just before, so a zone that
// changed is looked at once more.
constexpr Duration kSecondLookAfter = std::chrono::seconds{1};

std::string_view prefixOf(Step step) {
  switch (step) {
    case Step::connect:
      return "";
    case Step::soa:
      return "SOA query: ";
    case Step::ixfr:
      return "IXFR: ";
    case Step::axfr:
      return "AXFR: ";
  }
  return "";
}

}  // namespace

// A primary spoke, or the operator did: the zone is checked there, ahead of all that nobody asked
// for, unless it waits for that already. While it is at a primary, the news wait for their round.
void Secondary::Impl::onNews(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  for (std::uint32_t position = 0; position < primaries(id).size(); ++position) {
    if (zone.news.has(position)) link(primaries(id)[position]).endHoldDown();
  }
  if (zone.phase == Phase::waiting && zone.round.urgency != Urgency::asked) leaveLine(id);
  if (zone.phase == Phase::resting) begin(id, now);
  settle(now);
}

void Secondary::Impl::begin(ZoneId id, const Now& now) {
  zone(id).beginRound();
  proceed(id, now);
}

// On with the round, at the primary where it stands or the first one behind it that is not down.
void Secondary::Impl::proceed(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  while (link(primaryOf(id)).isDown(now.mono)) {
    zone.news.drop(zone.round.position);
    if (!stumble(id, link(primaryOf(id)).whyDown(), now)) return finish(id, now);
  }
  if (zone.round.kind != Kind::soa && !receiver_.readyFor(id)) {
    zone.phase = Phase::blocked;
  } else {
    zone.phase = Phase::waiting;
    zone.ticket = waiting_room_.enter(primaryOf(id), zone.round.kind, zone.round.urgency, id);
    stirred_.insert(servers_.of(primaryOf(id)));
  }
  setAlarm(id, now);
}

// Something failed: moves the round on, and tells it. False when all primaries have failed.
bool Secondary::Impl::stumble(ZoneId id, const Trouble& trouble, const Now& now) {
  ZoneState& zone = this->zone(id);
  const PrimaryId primary = primaryOf(id);
  const bool axfr_instead = trouble.step == Step::ixfr && !link(primary).isDown(now.mono);
  const auto next =
      zone.afterFailure(axfr_instead, static_cast<std::uint32_t>(primaries(id).size()));
  if (next == ZoneState::Next::nothing) zone.timers.failed(now, random());
  const PrimarySettings& settings = primarySettings(primary);
  if (!zone.trouble) ++tally_.in_trouble;
  zone.trouble = fmt::format("zone {} from {} ({}): {}{}; {}", zoneSettings(id).name.toText(),
                             settings.name, toText(settings.endpoint), prefixOf(trouble.step),
                             trouble.text, outlook(id, next, now));
  facts_.push_back(ZoneFailure{trouble.step, id, primary, std::string(trouble.reason),
                               *zone.trouble, zoneSettings(id).name});
  return next != ZoneState::Next::nothing;
}

std::string Secondary::Impl::outlook(ZoneId id, ZoneState::Next next, const Now& now) {
  if (next == ZoneState::Next::axfr) return "trying AXFR";
  if (next == ZoneState::Next::primary) {
    return fmt::format("trying {}", primarySettings(primaryOf(id)).name);
  }
  const Duration wait = zone(id).timers.nextCheck() - now.mono;
  return fmt::format("next try in {} s", std::chrono::ceil<std::chrono::seconds>(wait).count());
}

void Secondary::Impl::fail(ZoneId id, const Trouble& trouble, const Now& now) {
  if (stumble(id, trouble, now)) return proceed(id, now);
  finish(id, now);
}

void Secondary::Impl::succeed(ZoneId id, const SoaIntervals& intervals, const Now& now) {
  ZoneState& zone = this->zone(id);
  zone.sticky = zone.round.position;
  zone.has_primary = true;
  zone.round.any_serial = false;
  zone.intervals = intervals;
  zone.timers.succeeded(intervals, now, random());
  if (zone.round.asked_in == era_) {
    tally_.confirmed += std::exchange(zone.confirmed_in, era_) != era_;
  } else {
    zone.second_look = now.mono;
  }
  tally_.expired -= std::exchange(zone.expired, false);
  tally_.in_trouble -= zone.trouble.has_value();
  zone.trouble = {};
  finish(id, now);
}

void Secondary::Impl::finish(ZoneId id, const Now& now) {
  ZoneState& zone = this->zone(id);
  zone.phase = Phase::resting;
  if (zone.news.first() || zone.retransfer) return begin(id, now);
  setAlarm(id, now);
}

// Its turn has come.
void Secondary::Impl::go(const WaitingRoom::Turn& turn, const Now& now) {
  ZoneState& zone = this->zone(turn.zone);
  assert(zone.phase == Phase::waiting && zone.round.kind == turn.kind &&
         primaryOf(turn.zone) == turn.primary);
  zone.phase = turn.kind == Kind::soa ? Phase::checking : Phase::transferring;
  zone.round.asked_in = era_;
  zone.news.drop(zone.round.position);
  const auto held = turn.kind == Kind::ixfr ? zone.serial : std::nullopt;
  link(turn.primary)
      .ask({.kind = turn.kind,
            .primary = turn.primary,
            .zone = turn.zone,
            .held = held,
            .ahead = turn.ahead},
           now);
}

void Secondary::Impl::leaveLine(ZoneId id) {
  waiting_room_.leave(primaryOf(id), zone(id).round.kind, zone(id).ticket);
  zone(id).phase = Phase::resting;
}

// -- what comes of errands

void Secondary::Impl::onVerdict(ZoneId id, SerialSeen seen, const Now& now) {
  ZoneState& zone = this->zone(id);
  assert(zone.serial);
  if (seen.serial == *zone.serial) return confirm(id, seen.intervals, now);
  if (seen.serial > *zone.serial) {
    zone.round.kind = zone.round.axfr_only ? Kind::axfr : Kind::ixfr;
    return proceed(id, now);
  }
  // RFC 1982: older, or so far apart that nobody can say.
  fail(id,
       {Step::soa, "older",
        fmt::format("serial {} is not newer than {} (zone-retransfer takes it all the same)",
                    seen.serial.value(), zone.serial->value())},
       now);
}

void Secondary::Impl::onVerdict(ZoneId id, Delivery delivery, const Now& now) {
  ZoneState& zone = this->zone(id);
  const auto held = zone.serial;
  const Step step = zone.round.kind == Kind::ixfr ? Step::ixfr : Step::axfr;
  if (held && !zone.round.any_serial && !(delivery.serial > *held)) {
    if (delivery.serial == *held) return confirm(id, delivery.intervals, now);
    return fail(
        id,
        {step, "older",
         fmt::format("serial {} is not newer than {}", delivery.serial.value(), held->value())},
        now);
  }
  if (auto taken = receiver_.commit(id, std::move(delivery.sink), now); !taken) {
    return fail(id, {step, reasonOf(taken.error().kind), std::move(taken.error().text)}, now);
  }
  facts_.push_back(ZoneTransferred{id, primaryOf(id), delivery.shape, held, delivery.serial,
                                   delivery.records, delivery.octets, delivery.took,
                                   zoneSettings(id).name});
  zone.serial = delivery.serial;
  if (held) zone.second_look = now.mono + kSecondLookAfter;
  succeed(id, delivery.intervals, now);
}

void Secondary::Impl::onVerdict(ZoneId id, Displaced, const Now& now) {
  proceed(id, now);
}

void Secondary::Impl::confirm(ZoneId id, const SoaIntervals& intervals, const Now& now) {
  facts_.push_back(ZoneCurrent{id, primaryOf(id), *zone(id).serial, zoneSettings(id).name});
  succeed(id, intervals, now);
}

}  // namespace zonecast::xfr
