#include "reconciler/loop/held_plans.h"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace zonecast::loop {

void HeldPlans::extend(Plan& plan, char what, const derive::Domain& domain, const Would& would) {
  // No part can hold a blank.
  std::string text(plan.chain.begin(), plan.chain.end());
  text += fmt::format("{} {} {}", what, domain.text(), would ? would->text() : "-");
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), plan.chain.data());
}

void HeldPlans::hold(plan::Party party, const derive::Domain& domain, Would would) {
  Plan& plan = plans_[party];
  const auto known = plan.domains.find(domain);
  if (known != plan.domains.end()) {
    if (known->second == would) return;
    extend(plan, '~', domain, would);
    known->second = std::move(would);
    return;
  }
  extend(plan, '+', domain, would);
  plan.domains.emplace(domain, std::move(would));
  ++size_;
}

void HeldPlans::release(plan::Party party, const derive::Domain& domain) {
  const auto plan = plans_.find(party);
  if (plan == plans_.end()) return;
  const auto known = plan->second.domains.find(domain);
  if (known == plan->second.domains.end()) return;
  extend(plan->second, '-', domain, known->second);
  plan->second.domains.erase(known);
  --size_;
  if (plan->second.domains.empty()) plans_.erase(plan);
}

std::string HeldPlans::Plan::digest() const {
  constexpr std::size_t kOctets = 8;
  std::string text;
  for (std::size_t i = 0; i < kOctets; ++i) text += fmt::format("{:02x}", chain[i]);
  return text;
}

std::optional<plan::Party> HeldPlans::find(std::string_view digest) const {
  for (const auto& [party, plan] : plans_) {
    if (plan.digest() == digest) return party;
  }
  return std::nullopt;
}

}  // namespace zonecast::loop
