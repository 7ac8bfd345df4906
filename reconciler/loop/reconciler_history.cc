// Which record led to what became of a domain.
#include <algorithm>

#include <fmt/format.h>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {
namespace {

using derive::Step;

// What reached the edge; or else what did not, or what was found missing first.
const Step* decisiveStep(const std::vector<Step>& steps, bool is_hosted) {
  const auto first = [&steps](auto... outcomes) -> const Step* {
    const auto found = std::ranges::find_if(
        steps, [&](const Step& step) { return ((step.outcome == outcomes) || ...); });
    return found == steps.end() ? nullptr : &*found;
  };
  using Outcome = Step::Outcome;
  if (is_hosted) return first(Outcome::reachesEdge);
  const Step* failed = first(Outcome::elsewhere, Outcome::closed);
  return failed != nullptr || steps.empty() ? failed : &steps.front();
}

// What says where a host is has no source of its own: that is whatever led there.
std::string sourceOf(const std::vector<Step>& steps, const Step& step) {
  for (const Step* at = &step;; --at) {
    if (at->source.starts_with("zone ") || at == steps.data()) return at->source;
  }
}

// An edge's host name is nobody's record: what named it is.
const Step& recordStep(const std::vector<Step>& steps, const Step& step) {
  const Step* at = &step;
  while (at != steps.data() && !at->source.starts_with("zone ")) --at;
  return at->source.empty() ? step : *at;
}

}  // namespace

Chronicle::Evidence Reconciler::tellOf(const plan::DomainChange& change, bool with_record) const {
  if (book_.findStatic(change.key) != nullptr) return {{}, "the configuration"};
  const auto customer = customerOf(change.key);
  if (!customer) return {};
  if (!with_record) {
    const derive::Sources zones = book_.sources(change.key);
    const auto held = std::ranges::find_if(
        zones, [this](view::ZoneIndex zone) { return view_.zone(zone) != nullptr; });
    if (held == zones.end()) return {};
    return {{},
            fmt::format("zone {} serial {}", view_.apex(*held).toText(),
                        view_.zone(*held)->serial().value())};
  }
  const CustomerDns dns(settings_, view_, answers_, *customer, ports_.clock.now().mono);
  const bool moved = change.before && change.after && change.before->did != change.after->did;
  if (moved) {
    const auto owner = dns::Name::prepend(identity::kClaimLabel, change.key.name());
    const view::Answer claim = owner ? dns.lookup(*owner, dns::RrType::txt) : view::Answer{};
    if (!claim.evidence.empty()) {
      const std::string what = claim.kind == view::Answer::Kind::data
                                   ? dns::rdataToText(dns::RrType::txt, claim.rrset.rdatas.front())
                                   : "none";
      return {fmt::format("{} TXT: {}", owner->toText(), what),
              dns.describe(claim.evidence.back())};
    }
  }
  const std::vector<Step> steps =
      derive::stepsToEdge(change.key, dns, settings_.edge, settings_.derive);
  const bool is_hosted = change.after && change.after->state == plan::State::hosted;
  const Step* step = decisiveStep(steps, is_hosted);
  if (step == nullptr) return {};
  const Step& record = recordStep(steps, *step);
  return {fmt::format("{}: {}", record.question, record.answer), sourceOf(steps, *step)};
}

}  // namespace zonecast::loop
