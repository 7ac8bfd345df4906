// What the operator says about everything, or of one domain for a time.
#include <utility>

#include <fmt/format.h>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {
namespace {

constexpr const char* kOperator = "the operator";

}  // namespace

void Reconciler::restoreHold(plan::Deadline since) {
  held_since_ = since;
  publisher_.setOnHold(true);
}

bool Reconciler::hold() {
  if (held_since_) return false;
  held_since_ = plan::deadlineAt(ports_.clock.now().wall);
  publisher_.setOnHold(true);
  ports_.disk.saveHold(held_since_);
  ports_.journal.record(ports::OperatorHolds{true});
  return true;
}

bool Reconciler::release() {
  if (!std::exchange(held_since_, std::nullopt)) return false;
  publisher_.setOnHold(false);
  ports_.disk.saveHold(std::nullopt);
  ports_.journal.record(ports::OperatorHolds{false});
  return true;
}

tl::expected<void, std::string> Reconciler::direct(const derive::Domain& domain,
                                                   plan::Directive directive) {
  const Directives& known = book_.directives();
  if (known.find(domain) == nullptr && known.size() >= settings_.pins_max) {
    return tl::unexpected(fmt::format(
        "{} domains are pinned or blocked, and operator.pins_max is {}: end some of them (zonecast "
        "pins lists them, zonecast pin DOMAIN --off or block DOMAIN --off ends one), or raise it",
        known.size(), settings_.pins_max));
  }
  if (directive.kind == plan::Directive::Kind::pin && !published_.domains.contains(domain)) {
    return tl::unexpected(
        fmt::format("{} is not published, so there is nothing to keep: zonecast explain {} says "
                    "why",
                    domain.text(), domain.text()));
  }
  direct(domain, directive, kOperator);
  settle();
  return {};
}

bool Reconciler::endDirective(const derive::Domain& domain, plan::Directive::Kind kind) {
  const plan::Directive* directive = book_.directives().find(domain);
  if (directive == nullptr || directive->kind != kind) return false;
  direct(domain, std::nullopt, kOperator);
  settle();
  return true;
}

void Reconciler::direct(const derive::Domain& domain, std::optional<plan::Directive> directive,
                        std::string_view who) {
  const plan::Directive* before = book_.directives().find(domain);
  const plan::Directive::Kind kind = directive ? directive->kind : before->kind;
  std::vector<DomainId> anew = book_.direct(domain, directive);
  ports_.disk.saveDirective(domain, directive);
  ports_.journal.record(ports::Directed{std::string(domain.text()), kind,
                                        directive ? std::optional(directive->until) : std::nullopt,
                                        std::string(who)});
  if (anew.empty()) return;
  plan::Cause cause{fmt::format("{}: {} of {}{}", who, plan::toText(kind), domain.text(),
                                directive ? "" : " is over"),
                    std::nullopt};
  begin(DomainsDue{std::move(anew)}, std::move(cause), false);
}

// Of many some at a time: the others stay due.
void Reconciler::lookAtDirectives(const Now& now) {
  constexpr std::size_t kAtOnce = 100;
  for (const derive::Domain& domain : book_.directives().over(now.wall, kAtOnce)) {
    direct(domain, std::nullopt, "its time");
  }
}

std::vector<DirectiveReport> Reconciler::directives(const derive::Domain* after,
                                                    std::size_t domains_max) const {
  const Directives::ByDomain& all = book_.directives().byDomain();
  auto at = after == nullptr ? all.begin() : all.upper_bound(*after);
  std::vector<DirectiveReport> reports;
  for (; reports.size() < domains_max && at != all.end(); ++at) {
    reports.push_back({at->first, at->second});
  }
  return reports;
}

}  // namespace zonecast::loop
