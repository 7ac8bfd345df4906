#include "reconciler/query/dispatcher.h"

#include <cassert>
#include <limits>
#include <utility>

#include "reconciler/query/interpret.h"

namespace zonecast::query {
namespace {

using Why = Failure::Why;

// One turn of the loop has time for these.
constexpr std::size_t kActionsAtOnceMax = 500;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

const Upstream& upstreamOf(const Request& request) {
  return request.upstream;
}
bool isAuthoritative(const Request& request) {
  return upstreamOf(request).kind == Upstream::Kind::authoritative;
}

// A reply that would be the same if it were asked for again.
bool isTurnedDown(Why why) {
  return why != Why::timeout && why != Why::malformed && why != Why::truncated;
}

}  // namespace

Dispatcher::Dispatcher(const DispatcherSettings& settings)
    : settings_(settings),
      quarantine_(settings.quarantine),
      quick_(settings.quick_slots),
      slow_(settings.slow_slots),
      tcp_(settings.tcp_slots) {}

void Dispatcher::ask(AskId id, Request request) {
  assert(!upstreamOf(request).servers.empty());
  const auto [asked, added] = asks_.try_emplace(id, Ask{.request = std::move(request)});
  assert(added);
  asked->second.tries_left = asked->second.request.brief ? 0 : patienceWith(asked->second).tries;
  asked->second.server = preferredServer(asked->second);
  enqueue(id, asked->second);
}

void Dispatcher::onReply(TryId id, std::span<const std::uint8_t> reply, Instant now) {
  const auto found = tries_.find(id);
  if (found == tries_.end()) return;
  const xfr::Endpoint server = found->second.server;
  const auto asked = endTry(id);
  if (asked == asks_.end()) return;
  const Request& request = asked->second.request;
  const Source source{upstreamOf(request).kind,
                      !isAuthoritative(request) && isLoopback(server.address)};
  Outcome outcome = interpret(reply, request.question, source, request.dnssec);
  if (!outcome) outcome.error().text += " from " + xfr::toText(server);
  takeOutcome(asked, std::move(outcome), now);
}

void Dispatcher::onFailed(TryId id, Failure failure, Instant now) {
  const auto asked = endTry(id);
  if (asked != asks_.end()) takeFailure(asked, std::move(failure), now);
}

std::vector<Action> Dispatcher::act(Instant now) {
  fillSlots(Line::quick, now);
  fillSlots(Line::slow, now);
  fillSlots(Line::tcp, now);
  more_to_do_ = actions_.size() >= kActionsAtOnceMax;
  return std::exchange(actions_, {});
}

Lines& Dispatcher::lines(Line line) {
  switch (line) {
    case Line::quick:
      return quick_;
    case Line::slow:
      return slow_;
    case Line::tcp:
      return tcp_;
  }
  return quick_;
}

Patience Dispatcher::patienceWith(const Ask& ask) const {
  if (ask.request.brief) return {settings_.glance, 1};
  return isAuthoritative(ask.request) ? settings_.authoritative : settings_.resolver;
}

void Dispatcher::enqueue(AskId id, Ask& ask) {
  std::size_t share = kNoLimit;
  if (isAuthoritative(ask.request) && ask.line == Line::quick) share = settings_.quick_share;
  if (isAuthoritative(ask.request) && ask.line == Line::slow) share = settings_.slow_share;
  if (isAuthoritative(ask.request) && ask.line == Line::tcp) share = 1;
  lines(ask.line).push(upstreamOf(ask.request).servers[ask.server], share, id);
}

void Dispatcher::moveTo(Line line, AskId id, Ask& ask) {
  ask.line = line;
  enqueue(id, ask);
}

std::size_t Dispatcher::preferredServer(const Ask& ask) const {
  const auto& servers = upstreamOf(ask.request).servers;
  const auto found = preferred_.find(servers.front());
  return found == preferred_.end() ? 0 : found->second % servers.size();
}

void Dispatcher::prefer(const Ask& ask) {
  const xfr::Endpoint& first = upstreamOf(ask.request).servers.front();
  if (ask.server == 0) {
    preferred_.erase(first);
  } else {
    preferred_[first] = ask.server;
  }
}

void Dispatcher::useNextServer(Ask& ask) {
  ask.server = (ask.server + 1) % upstreamOf(ask.request).servers.size();
}

// Whose try it was; the end, when that was forgotten meanwhile.
Dispatcher::Asks::iterator Dispatcher::endTry(TryId id) {
  const auto found = tries_.find(id);
  if (found == tries_.end()) return asks_.end();
  const Try ended = found->second;
  tries_.erase(found);
  lines(ended.line).giveBack(ended.server);
  return asks_.find(ended.ask);
}

void Dispatcher::takeOutcome(Asks::iterator asked, Outcome outcome, Instant now) {
  if (!outcome) return takeFailure(asked, std::move(outcome.error()), now);
  quarantine_.succeeded(asked->second.request);
  prefer(asked->second);
  conclude(asked, std::move(outcome));
}

void Dispatcher::takeFailure(Asks::iterator asked, Failure failure, Instant now) {
  auto& [id, ask] = *asked;
  if (failure.why == Why::truncated && ask.line != Line::tcp) {
    ask.tries_left = patienceWith(ask).tries - 1;
    return moveTo(Line::tcp, id, ask);
  }
  if (isTurnedDown(failure.why)) {
    useNextServer(ask);
    if (++ask.turned_down < upstreamOf(ask.request).servers.size()) return enqueue(id, ask);
  } else if (ask.tries_left > 0) {
    --ask.tries_left;
    useNextServer(ask);
    return moveTo(ask.line == Line::quick ? Line::slow : ask.line, id, ask);
  }
  // A server that cannot do TCP may serve all that is short.
  if (ask.line != Line::tcp || !isAuthoritative(ask.request)) {
    quarantine_.failed(ask.request, failure, now);
  }
  conclude(asked, tl::unexpected(std::move(failure)));
}

void Dispatcher::conclude(Asks::iterator asked, Outcome outcome) {
  actions_.push_back(Report{asked->first, std::move(outcome)});
  asks_.erase(asked);
}

void Dispatcher::fillSlots(Line line, Instant now) {
  while (actions_.size() < kActionsAtOnceMax) {
    const auto turn = lines(line).take();
    if (!turn) return;
    const auto asked = asks_.find(turn->ask);
    if (asked == asks_.end() || isHeldBack(asked, now)) {
      lines(line).giveBack(turn->server);
    } else {
      send(turn->ask, asked->second);
    }
  }
}

// By the quarantine, which it ends for itself by waiting in the slow line.
bool Dispatcher::isHeldBack(Asks::iterator asked, Instant now) {
  auto& [id, ask] = *asked;
  const Quarantine::Case* found = ask.tried ? nullptr : quarantine_.find(ask.request);
  if (found == nullptr) return false;
  if (now < found->until) {
    Failure failure = found->last;
    failure.text += " lately";
    conclude(asked, tl::unexpected(std::move(failure)));
    return true;
  }
  if (ask.line == Line::slow || ask.request.brief) return false;
  --ask.tries_left;  // there is no glance before them
  moveTo(Line::slow, id, ask);
  return true;
}

void Dispatcher::send(AskId id, Ask& ask) {
  ask.tried = true;
  const TryId try_id{++last_try_};
  const Request& request = ask.request;
  const xfr::Endpoint& server = upstreamOf(request).servers[ask.server];
  tries_.emplace(try_id, Try{id, ask.line, server});
  actions_.push_back(Send{
      .id = try_id,
      .server = server,
      .transport = ask.line == Line::tcp ? Transport::tcp : Transport::udp,
      .question = request.question,
      .recursion = !isAuthoritative(request),
      .checking_disabled = request.dnssec == DnssecPolicy::ignore,
      .patience = ask.line == Line::quick ? settings_.glance : patienceWith(ask).each,
  });
}

}  // namespace zonecast::query
