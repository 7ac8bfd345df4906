// What is desired of domains and of virtual domains: which DID a domain gets, what is published of
// it, and who waits for a DID that is another's.

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {

using derive::Standing;

identity::Candidate DomainBook::candidate(const DomainNode& node) const {
  std::vector<derive::Domain> named_by;
  if (node.targets.empty()) {
    for (const DomainId namer : node.named_by) named_by.push_back(this->node(namer).domain);
    std::ranges::sort(named_by);
  }
  return {node.domain, *node.customer, node.claim ? &*node.claim : nullptr, std::move(named_by)};
}

// A target without records of its own is reached as those that name it are.
bool DomainBook::isServed(const DomainNode& node) const {
  if (!node.customer) return false;
  if (node.verdict.standing == Standing::hosted) return true;
  return node.verdict.standing == Standing::foreign && node.tried != Presence::present &&
         !node.named_by.empty();
}

std::optional<plan::DomainEntry> DomainBook::hostedEntry(DomainNode& node) {
  await(node, std::nullopt);
  derive::TransportSet transports = node.verdict.transports;
  derive::Role role = node.verdict.role;
  if (!isServed(node)) return std::nullopt;
  if (node.verdict.standing != Standing::hosted) {
    std::uint8_t bits = 0;
    role = derive::Role::backup;
    for (const DomainId namer : node.named_by) {
      bits |= this->node(namer).verdict.transports.bits();
      if (this->node(namer).verdict.role == derive::Role::primary) role = derive::Role::primary;
    }
    transports = derive::TransportSet::fromBits(bits);
  }
  identity::Assignment assignment = identity::assign(candidate(node), *this);
  if (assignment.reason == identity::Assignment::Reason::own && hasOwnDid(node) &&
      holder(node.published->did) == node.customer) {
    assignment.did = node.published->did;  // "name~2" stays when "name" becomes free
  }
  await(node, std::move(assignment.awaited));
  if (assignment.reason != identity::Assignment::Reason::claimed) {
    if (auto kept = keptDid(node)) assignment.did = std::move(*kept);
  }
  return plan::DomainEntry{.did = assignment.did, .transports = transports, .role = role};
}

// Published under its own name, or a number of it.
bool DomainBook::hasOwnDid(const DomainNode& node) const {
  if (!node.published) return false;
  const std::string_view name = node.domain.text();
  const std::string_view did = node.published->did.text();
  return did.starts_with(name) && (did == name || did[name.size()] == '~');
}

// While it is not known whether one that names it still does, or that it joins another, it stays
// where it is.
std::optional<identity::Did> DomainBook::keptDid(const DomainNode& node) {
  if (!node.published || holder(node.published->did) != node.customer) return std::nullopt;
  const auto stays = [this](DomainId id) { return staysAsItIs(id); };
  const bool is_kept = std::ranges::any_of(node.named_by, stays) || mayBeNamedByUnknown(node);
  return is_kept ? std::optional(node.published->did) : std::nullopt;
}

void DomainBook::settle(DomainId id, Evaluation& evaluation) {
  DomainNode& node = mutableNode(id);
  const bool unknown = node.verdict.standing == Standing::unknown;
  if (unknown || node.kept) await(node, std::nullopt);
  auto wish = unknown ? node.published : node.kept ? retiringEntry(id) : hostedEntry(node);
  if (!desire(id, braked(id, std::move(wish), evaluation.undecided))) return;
  evaluation.changed = true;
  for (const DomainId target : node.targets) {
    DomainNode& joined = mutableNode(target);
    if (staysAsItIs(target) || leansOnUnknown(joined, joined.verdict)) continue;
    auto wanted = braked(target, hostedEntry(joined), evaluation.undecided);
    if (desire(target, std::move(wanted))) evaluation.regrouped.push_back(target);
  }
}

bool DomainBook::desire(DomainId id, std::optional<plan::DomainEntry> entry) {
  DomainNode& node = mutableNode(id);
  if (node.desired == entry) return false;
  if (node.desired) {
    const auto members = members_.find(node.desired->did);
    members->second.erase(node.domain);
    if (members->second.empty()) members_.erase(members);
  }
  node.desired = std::move(entry);
  if (node.desired) members_[node.desired->did].insert(node.domain);
  count(node);
  return true;
}

void DomainBook::await(DomainNode& node, std::optional<identity::Did> did) {
  if (node.awaited) {
    const auto contenders = contenders_.find(*node.awaited);
    contenders->second.erase(node.domain);
    if (contenders->second.empty()) contenders_.erase(contenders);
  }
  node.awaited = std::move(did);
  if (node.awaited) contenders_[*node.awaited].insert(node.domain);
}

std::vector<derive::Domain> DomainBook::onFreed(const identity::Did& did) {
  const auto found = contenders_.find(did);
  if (found == contenders_.end()) return {};
  const std::vector<derive::Domain> contenders(found->second.begin(), found->second.end());
  std::vector<derive::Domain> changed;
  for (const derive::Domain& domain : contenders) {
    Evaluation evaluation;
    const DomainId id = *find(domain);
    settle(id, evaluation);
    if (std::ranges::count(evaluation.undecided, id) > 0 && decide(id)) settle(id, evaluation);
    if (evaluation.changed) changed.push_back(domain);
    for (const DomainId other : evaluation.regrouped) changed.push_back(node(other).domain);
  }
  return changed;
}

std::optional<plan::DomainEntry> DomainBook::desired(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  return id ? node(*id).desired : std::nullopt;
}

const identity::Members& DomainBook::members(const identity::Did& did) const {
  static const identity::Members kNone;
  const auto members = members_.find(did);
  return members == members_.end() ? kNone : members->second;
}

std::optional<plan::SharedVirtualDomain> DomainBook::desired(const identity::Did& did) const {
  const identity::Members& members = this->members(did);
  if (members.empty()) return std::nullopt;
  const auto found = published_.virtual_domains.find(did);
  const identity::VirtualDomain* published =
      found == published_.virtual_domains.end() ? nullptr : &*found->second;
  const derive::Domain canonical =
      identity::canonicalOf(did, published ? &published->canonical : nullptr, members);

  const DomainNode& speaker = node(*find(canonical));
  if (staysAsItIs(*find(canonical)) || !speaker.customer) {
    if (!published) return std::nullopt;
    return identity::VirtualDomain{
        canonical, published->customer, {members.begin(), members.end()}, published->attributes};
  }
  static const identity::Claim kNoClaim;
  static const identity::Attributes kNoAttributes;
  const CustomerSettings& customer =
      settings_.customers[static_cast<std::size_t>(*speaker.customer)];
  identity::AttributeResult resolved = identity::resolveAttributes(
      speaker.claim ? *speaker.claim : kNoClaim, customer.grants.setter, settings_.attributes,
      customer.attributes, published ? published->attributes : kNoAttributes);
  return identity::VirtualDomain{
      canonical, customer.name, {members.begin(), members.end()}, std::move(resolved.attributes)};
}

// Who enters or leaves a virtual domain is not as published itself, and the attributes are those of
// the canonical domain.
bool DomainBook::isAsPublished(DomainId id) const {
  const DomainNode& node = this->node(id);
  if (node.published != node.desired) return false;
  if (!node.desired) return true;
  const auto published = published_.virtual_domains.find(node.desired->did);
  if (published == published_.virtual_domains.end()) return false;
  const derive::Domain& canonical = published->second->canonical;
  if (canonical != node.domain && members(node.desired->did).contains(canonical)) return true;
  return desired(node.desired->did) == published->second;
}

std::optional<identity::Did> DomainBook::didOf(const derive::Domain& domain) const {
  const std::optional<plan::DomainEntry> entry = desired(domain);
  return entry ? std::optional(entry->did) : std::nullopt;
}

bool DomainBook::speaksFor(view::CustomerId customer, dns::NameView name) const {
  return customer != settings_.discovered && view_.speaker(name) == customer;
}

const identity::Grants& DomainBook::grants(view::CustomerId customer) const {
  return settings_.customers[static_cast<std::size_t>(customer)].grants;
}

std::string DomainBook::nameOf(view::CustomerId customer) const {
  return settings_.customers[static_cast<std::size_t>(customer)].name;
}

// Whom the published state names, so that an incumbent never notices; else whoever has members now.
std::optional<view::CustomerId> DomainBook::holder(const identity::Did& did) const {
  if (const auto published = published_.virtual_domains.find(did);
      published != published_.virtual_domains.end()) {
    const auto customer = customers_.find(published->second->customer);
    if (customer != customers_.end()) {
      // A discovered domain is its speaker's as soon as there is one.
      if (customer->second != settings_.discovered) return customer->second;
      return view_.speaker(published->second->canonical.name()).value_or(customer->second);
    }
  }
  const identity::Members& members = this->members(did);
  return members.empty() ? std::nullopt : node(*find(*members.begin())).customer;
}

}  // namespace zonecast::loop
