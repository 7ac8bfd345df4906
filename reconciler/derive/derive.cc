#include "reconciler/derive/derive.h"

#include <algorithm>

#include <fmt/format.h>

#include "reconciler/derive/remedy.h"
#include "reconciler/derive/walk.h"

namespace zonecast::derive {
namespace {

bool isFailure(const Step& step) {
  return step.outcome == Step::Outcome::elsewhere || step.outcome == Step::Outcome::closed;
}

std::string firstFailure(const Domain& domain, const Verdict& verdict,
                         const std::vector<Step>& steps, const DerivePolicy& policy) {
  if (verdict.standing == Standing::hosted) return {};
  if (verdict.standing == Standing::unknown) return "Not known: " + verdict.missing + ".";
  const auto failed = std::find_if(steps.begin(), steps.end(), isFailure);
  if (failed == steps.end()) {
    return fmt::format("{} has no SRV record and no NAPTR record for SIP{}.", domain.text(),
                       policy.address_step ? ", nor an address at the edge" : "");
  }
  return fmt::format("{}: {}{}{}.", failed->question, failed->answer,
                     failed->note.empty() ? "" : ": ", failed->note);
}

}  // namespace

Verdict derive(const Domain& domain, const view::Lookup& dns, const Edge& edge,
               const DerivePolicy& policy) {
  return Walk(domain, dns, edge, policy, nullptr).run();
}

Explanation explain(const Domain& domain, const view::Lookup& dns, const Edge& edge,
                    const DerivePolicy& policy) {
  Explanation explanation;
  const Verdict verdict = Walk(domain, dns, edge, policy, &explanation.steps).run();
  explanation.first_failure = firstFailure(domain, verdict, explanation.steps, policy);
  if (verdict.standing != Standing::hosted) {
    explanation.remedy = remedyFor(domain, edge, policy);
  }
  return explanation;
}

std::vector<Step> stepsToEdge(const Domain& domain, const view::Lookup& dns, const Edge& edge,
                              const DerivePolicy& policy) {
  std::vector<Step> steps;
  Walk(domain, dns, edge, policy, &steps).run(Walk::Until::edge);
  return steps;
}

}  // namespace zonecast::derive
