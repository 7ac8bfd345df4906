// Domains that DNS points here no more: which are kept for a while, why, and until when.

#include <algorithm>

#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {

using derive::Standing;
using plan::RetireCause;

namespace {

// Until what rests on zones that are not confirmed is looked at again.
constexpr Duration kAgainAfter = std::chrono::seconds{10};

plan::DomainEntry asHosted(plan::DomainEntry entry) {
  entry.state = plan::State::hosted;
  entry.cause = RetireCause::none;
  entry.until = {};
  return entry;
}

bool wasOnlyNamed(const derive::LeadingByTransport& hosted_by) {
  return std::ranges::all_of(hosted_by,
                             [](auto leading) { return leading == derive::Leading::nothing; });
}

}  // namespace

// While it is unknown nothing is decided, and what was begun goes on after.
bool DomainBook::keep(DomainId id, const Now& now) {
  DomainNode& node = mutableNode(id);
  node.is_due = false;
  if (node.isPinned() || node.isBlocked()) {
    node.is_over = false;
    partings_.end(id);
    return false;
  }
  const bool has_expired = hasExpired(node);
  node.is_over = node.is_over && has_expired;
  if (node.verdict.standing == Standing::unknown && !has_expired) return false;
  const std::optional<WallTime> leaves_at = leavesAt(node);
  if (isServed(node) && !leaves_at && !has_expired) {
    const bool asks_for_it = node.tried == Presence::present;
    node.hosted_by = asks_for_it ? node.verdict.leading : derive::LeadingByTransport{};
    node.was_static = statics_.find(node.domain) != nullptr;
  } else if (node.published) {
    const Parting parting = leaves_at     ? partingWithZone(id, *leaves_at, now)
                            : has_expired ? partingByExpiry(id, now)
                                          : this->parting(node, now);
    node.is_due = now.mono >= parting.until && (isGoing(node) || mayGo(node, parting));
    if (!node.is_due || !mayPass(node)) {
      const Parting* known = partings_.find(id);
      const bool is_set =
          known != nullptr && known->until == parting.until && known->cause == parting.cause;
      // Who waits for the operator is not looked at again for its time's sake.
      const bool rests = node.is_due || node.passage == Passage::rejected;
      if (!is_set || (!rests && partings_.isResting(id))) partings_.set(id, parting);
      if (rests) partings_.rest(id);
      node.is_over = false;
      return true;
    }
    node.is_over = has_expired && !leaves_at;
  }
  partings_.end(id);
  return false;
}

// The brake has let it pass, and only the publication is to come. Another look at it, for the sake
// of a domain that goes with it, needs no further opinion; but what it says now has its own time.
bool DomainBook::isGoing(const DomainNode& node) {
  return mayPass(node) && !node.desired;
}

std::optional<WallTime> DomainBook::leavesAt(const DomainNode& node) const {
  if (!node.customer || statics_.find(node.domain) != nullptr) return std::nullopt;
  return rules_.leaves_at(*node.customer, node.domain.name());
}

// Whatever the zone says, its domains are served as long as it is kept.
Parting DomainBook::partingWithZone(DomainId id, WallTime leaves_at, const Now& now) const {
  const Parting* known = partings_.find(id);
  if (known != nullptr && known->cause == RetireCause::zoneGone) return *known;
  const Duration left = std::max(leaves_at - now.wall, Duration::zero());
  return {RetireCause::zoneGone, now.mono, now.mono + left, plan::deadlineAt(now.wall + left)};
}

// Of what was seen that counts which lets it go first. The grace begins when it may be published.
Parting DomainBook::parting(const DomainNode& node, const Now& now) const {
  const RetireCause cause = causeOf(node);
  const Duration grace = settings_.retire.graceOf(cause);
  Parting parting{cause, now.mono, now.mono, plan::deadlineAt(now.wall + grace)};
  // Readers know whole seconds.
  if (grace > Duration::zero()) parting.until += WallTime(parting.deadline) - now.wall;
  const Parting* known = partings_.find(*find(node.domain));
  const auto counts = [](RetireCause begun) {
    return begun != RetireCause::none && begun != RetireCause::expired;
  };
  if (known != nullptr && counts(known->cause)) {
    if (known->until <= parting.until) parting = *known;
  } else if (counts(node.published->cause)) {
    // The process before began it.
    const Duration left = std::max(WallTime(node.published->until) - now.wall, Duration::zero());
    if (left <= grace) {
      parting = {node.published->cause, now.mono, now.mono + left, node.published->until};
    }
  } else if (grace > Duration::zero() && !restsOnConfirmed(node, Instant::min())) {
    parting = {RetireCause::none, now.mono, now.mono + kAgainAfter, {}};
  }
  return parting;
}

RetireCause DomainBook::causeOf(const DomainNode& node) const {
  if (!node.customer || node.was_static) return RetireCause::zoneGone;
  // Those that named it are known, and name it no more.
  const bool is_only_named = node.tried != Presence::present && wasOnlyNamed(node.hosted_by);
  if (is_only_named) return RetireCause::elsewhere;
  return plan::retireCause(node.published->transports, node.hosted_by, node.verdict.leading);
}

// Its time is over; now readers must have been told before, and DNS must have said so twice.
bool DomainBook::mayGo(const DomainNode& node, const Parting& parting) const {
  const bool is_absent = parting.cause == RetireCause::absent;
  const bool has_grace = settings_.retire.graceOf(parting.cause) > Duration::zero();
  if (has_grace && node.published->state != plan::State::retiring) return false;
  const bool is_said_by_nobody =
      parting.cause == RetireCause::zoneGone || parting.cause == RetireCause::expired;
  if (is_said_by_nobody || (is_absent && !has_grace)) return true;
  const bool answered = std::ranges::all_of(node.questions, [&](query::QuestionId question) {
    return answers_.answered(question) > parting.since;
  });
  return answered && (!is_absent || restsOnConfirmed(node, parting.since));
}

bool DomainBook::restsOnConfirmed(const DomainNode& node, Instant since) const {
  return std::ranges::all_of(node.verdict.sources, [&](view::ZoneIndex zone) {
    return rules_.confirmed_since(zone, since);
  });
}

plan::DomainEntry DomainBook::retiringEntry(DomainId id) const {
  const Parting& parting = *partings_.find(id);
  plan::DomainEntry entry = *node(id).published;
  if (parting.cause == RetireCause::none) return entry;
  if (node(id).passage == Passage::rejected) return asHosted(std::move(entry));
  entry.state = plan::State::retiring;
  entry.cause = parting.cause;
  entry.until = parting.deadline;
  return entry;
}

std::vector<DomainId> DomainBook::direct(const derive::Domain& domain,
                                         std::optional<plan::Directive> directive) {
  directives_.set(domain, directive);
  const std::optional<DomainId> id = find(domain);
  if (!id) return {};
  DomainNode& node = mutableNode(*id);
  node.directed = directive ? std::optional(directive->kind) : std::nullopt;
  std::vector<DomainId> anew{*id};
  anew.insert(anew.end(), node.targets.begin(), node.targets.end());
  return anew;
}

bool DomainBook::defiesDirective(const DomainNode& node) const {
  if (node.isBlocked()) return node.desired.has_value();
  return node.isPinned() && node.desired != directedEntry(node);
}

std::optional<plan::DomainEntry> DomainBook::directedEntry(const DomainNode& node) {
  if (node.isBlocked()) return std::nullopt;
  return asHosted(*node.published);
}

}  // namespace zonecast::loop
