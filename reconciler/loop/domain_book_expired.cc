// Domains whose evidence has expired: no primary has confirmed a zone of it for its EXPIRE (RFC
// 1035 section 3.3.13), or no server has renewed an answer of it for so long as the operator lets
// it hold. That DNS is silent says nothing of them: it lets them go only where the operator wants
// that, and only after a grace.
//
// What was not answered since the start has not expired: since when nobody answers is not known.
// It goes on expiring, if the process before had begun to let it go.

#include <algorithm>

#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {

using derive::Standing;
using plan::RetireCause;

bool DomainBook::hasExpired(const DomainNode& node) const {
  const bool rests_on_dns = node.customer && statics_.find(node.domain) == nullptr;
  if (settings_.retire.on_expire == plan::OnExpire::keep || !rests_on_dns) return false;
  if (node.verdict.standing == Standing::unknown) return isStillExpired(node);
  return std::ranges::any_of(node.verdict.sources, rules_.has_expired) ||
         std::ranges::any_of(node.questions, [this](query::QuestionId question) {
           return answers_.isExpired(question);
         });
}

// All that it asks has failed since the start.
bool DomainBook::isStillExpired(const DomainNode& node) const {
  if (!node.published || node.published->cause != RetireCause::expired) return false;
  return !node.questions.empty() &&
         std::ranges::none_of(node.questions, [this](query::QuestionId question) {
           return answers_.isAnswered(question) || answers_.isPending(question);
         });
}

// Of what has expired something was confirmed or answered since the start: so it was not expired
// all the time.
bool DomainBook::wasHeardOf(const DomainNode& node) const {
  return std::ranges::any_of(node.verdict.sources,
                             [this](view::ZoneIndex zone) {
                               return rules_.has_expired(zone) &&
                                      rules_.confirmed_since(zone, Instant::min());
                             }) ||
         std::ranges::any_of(node.questions, [this](query::QuestionId question) {
           return answers_.isExpired(question);
         });
}

// What the process before began, or this one before the store was lost, goes on with its deadline.
Parting DomainBook::partingByExpiry(DomainId id, const Now& now) const {
  const Parting* known = partings_.find(id);
  if (known != nullptr && known->cause == RetireCause::expired) return *known;
  const DomainNode& node = this->node(id);
  const Duration grace = settings_.retire.graceOf(RetireCause::expired);
  const bool was_begun = node.published->cause == RetireCause::expired;
  WallTime until = now.wall + grace;
  if (was_begun && (node.is_over || !wasHeardOf(node))) {
    until = std::clamp(WallTime(node.published->until), now.wall, until);
  }
  const plan::Deadline deadline = plan::deadlineAt(until);
  // Readers know whole seconds.
  const Duration left = grace > Duration::zero() ? WallTime(deadline) - now.wall : grace;
  return {RetireCause::expired, now.mono, now.mono + std::max(left, Duration::zero()), deadline};
}

bool DomainBook::lapses(DomainId id) const {
  if (node(id).is_over) return true;
  const Parting* parting = partings_.find(id);
  return node(id).kept && parting != nullptr && parting->cause == RetireCause::expired;
}

bool DomainBook::expiresInVain(const DomainNode& node) const {
  return settings_.retire.on_expire == plan::OnExpire::keep && node.published &&
         node.published->cause == RetireCause::expired;
}

bool DomainBook::isReprieved(const DomainNode& node) const {
  return expiresInVain(node) && node.desired == directedEntry(node);
}

// It stays as it is published, and expires only while the operator wants that.
std::optional<plan::DomainEntry> DomainBook::unknownEntry(const DomainNode& node) const {
  return expiresInVain(node) ? directedEntry(node) : node.published;
}

}  // namespace zonecast::loop
