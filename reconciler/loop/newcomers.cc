#include "reconciler/loop/newcomers.h"

#include <algorithm>
#include <string>

namespace zonecast::loop {
namespace {

using namespace std::chrono_literals;

// Past it nobody waits for the answer any more; resolvers and their retries are done long before.
constexpr Duration kPatience = 30s;
constexpr Duration kSweepInterval = 1s, kRoundInterval = 1min;
constexpr std::uint32_t kSweptAtOnce = 5000;

}  // namespace

std::optional<derive::Domain> Newcomers::onWanted(std::string_view text, std::string_view worker,
                                                  Instant now) {
  auto domain = gate_->admit(text, worker, now);
  const auto id = domain ? book_.find(*domain) : std::nullopt;
  const bool is_known = id && isKnown(book_.node(*id));
  if (domain && !is_known && isFull(*domain)) domain = tl::unexpected(discovery::Refusal::full);
  journal_.record(ports::Wanted{domain ? std::nullopt : std::optional(domain.error())});
  if (!domain) return std::nullopt;
  if (id) book_.touch(*id, now);
  if (!is_known) {
    under_way_.emplace_back(now, *domain);
    return *std::move(domain);
  }
  if (!book_.node(*id).published) answer(book_.node(*id));
  return std::nullopt;
}

bool Newcomers::isFull(const derive::Domain& domain) const {
  const discovery::Settings& limits = settings_.discovery;
  return book_.discovered() >= limits.hosted_max ||
         book_.discoveredUnder(discovery::registrableOf(domain)) >= limits.hosted_per_registrable;
}

// There is nothing to look up: the worker's table is behind, or the answer is no.
bool Newcomers::isKnown(const DomainNode& node) {
  return node.published || (node.derived && !node.queued && !node.desired &&
                            node.verdict.standing != derive::Standing::unknown);
}

void Newcomers::lookUp(const derive::Domain& domain, Instant now) {
  under_way_.emplace_back(now, domain);
  shown_.insert(domain);
}

void Newcomers::answer(const DomainNode& node) {
  const auto standing = node.isBlocked() ? derive::Standing::foreign : node.verdict.standing;
  workers_.answerNotHosted(node.domain, settings_.discovery.keep_foreign, derive::toText(standing));
}

void Newcomers::onEvaluated(DomainId id, bool leads) {
  const DomainNode& node = book_.node(id);
  if (!node.wanted || node.desired) return;
  const bool is_known = node.verdict.standing != derive::Standing::unknown;
  if (!is_known && book_.isPending(id)) return;
  if (is_known && leads) answer(node);
  if (!shown_.contains(node.domain)) book_.endWanting(id);
}

void Newcomers::onTimer(Instant now) {
  giveUpOld(now);
  if (settings_.discovered && now >= next_sweep_.value_or(now)) sweep(now);
}

void Newcomers::giveUpOld(Instant now) {
  while (!under_way_.empty() && under_way_.front().first + kPatience <= now) {
    const auto id = book_.find(under_way_.front().second);
    if (id && book_.node(*id).wanted && !book_.node(*id).desired) book_.endWanting(*id);
    shown_.erase(under_way_.front().second);
    under_way_.pop_front();
  }
}

// Some domains at a time, round and round.
void Newcomers::sweep(Instant now) {
  next_sweep_ = now + kSweepInterval;
  for (std::uint32_t n = 0; n < kSweptAtOnce; ++n) {
    if (sweep_cursor_ >= book_.idsEnd()) {
      sweep_cursor_ = {};
      next_sweep_ = now + kRoundInterval;
      return;
    }
    const DomainId id = sweep_cursor_;
    sweep_cursor_ = DomainId{static_cast<std::uint32_t>(id) + 1};
    if (!book_.exists(id) || book_.node(id).customer != settings_.discovered) continue;
    const DomainNode& node = book_.node(id);
    if (node.wanted_at == Instant()) {
      book_.touch(id, now);
    } else if (!node.idle && !node.watched && now - node.wanted_at >= settings_.discovery.idle) {
      book_.setIdle(id);
    }
  }
}

std::optional<Instant> Newcomers::nextDeadline() const {
  std::optional<Instant> next;
  if (settings_.discovered) next = next_sweep_.value_or(Instant());
  if (under_way_.empty()) return next;
  const Instant patience_ends = under_way_.front().first + kPatience;
  return next ? std::min(*next, patience_ends) : patience_ends;
}

}  // namespace zonecast::loop
