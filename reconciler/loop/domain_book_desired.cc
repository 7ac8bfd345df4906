// What is desired of domains and of virtual domains: which DID a domain gets, what is published of
// it, and who waits for a DID that is another's.

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "reconciler/identity/printable.h"
#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {

using derive::Standing;

identity::Candidate DomainBook::candidate(const DomainNode& node) const {
  identity::Candidate candidate{node.domain, *node.customer, nullptr, {}, {}};
  // A discovered domain says nothing about other domains, nor about itself among them.
  if (node.claim && node.customer != settings_.discovered) candidate.claim = &*node.claim;
  if (node.targets.empty()) {
    for (const DomainId namer : node.named_by) {
      candidate.named_by.push_back(this->node(namer).domain);
    }
    std::ranges::sort(candidate.named_by);
  }
  const bool has_aliases = node.claim && !identity::aliasesIn(*node.claim).empty();
  const auto aliased = aliased_by_.find(node.domain);
  if (aliased == aliased_by_.end()) return candidate;
  for (const DomainId namer : aliased->second) {
    const DomainNode& other = this->node(namer);
    const bool has_say = other.customer != settings_.discovered && other.named_by.empty();
    const bool is_own = other.customer == node.customer;
    if (has_say && !(is_own && has_aliases)) candidate.aliased_by.push_back(other.domain);
  }
  std::ranges::sort(candidate.aliased_by);
  return candidate;
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
  setContested(node, false);
  derive::TransportSet transports = node.verdict.transports;
  derive::Role role = node.verdict.role;
  if (!isServed(node) || node.is_over) return std::nullopt;
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
  if (assignment.reason == identity::Assignment::Reason::own) {
    if (auto before = ownDidBefore(node)) assignment.did = *std::move(before);
  }
  await(node, std::move(assignment.awaited));
  setContested(node, assignment.contested);
  node.is_guest = assignment.reason == identity::Assignment::Reason::shared;
  if (assignment.reason != identity::Assignment::Reason::claimed &&
      assignment.reason != identity::Assignment::Reason::shared) {
    if (auto kept = keptDid(node)) assignment.did = std::move(*kept);
  }
  return plan::DomainEntry{.did = assignment.did, .transports = transports, .role = role};
}

// Published under one of its own.
bool DomainBook::hasOwnDid(const DomainNode& node) const {
  if (!node.published) return false;
  const std::string_view name = node.domain.text();
  const std::string_view did = node.published->did.text();
  if (did.starts_with(name) && (did == name || did[name.size()] == '~')) return true;
  if (!identity::looksLikeUuid(node.published->did)) return false;
  for (std::uint32_t number = 1;; ++number) {
    const identity::Did own = ownDid(node.domain, identity::DidKind::uuid, number);
    if (own == node.published->did) return true;
    if (!dids_.isKnown(own)) return false;
  }
}

// That it has, or had when the store lost it, stays its own, though another would be now: "name~2"
// when "name" became free, a name where UUIDs are given now.
std::optional<identity::Did> DomainBook::ownDidBefore(const DomainNode& node) const {
  if (node.published) {
    const bool stays = hasOwnDid(node) && isFreeFor(*node.customer, node.published->did);
    return stays ? std::optional(node.published->did) : std::nullopt;
  }
  if (!dids_.knowsMore()) return std::nullopt;
  for (const auto kind : {identity::DidKind::name, identity::DidKind::uuid}) {
    for (std::uint32_t number = 1;; ++number) {
      identity::Did own = ownDid(node.domain, kind, number);
      if (!dids_.isKnown(own)) break;
      const bool was_its = number > 1 || kind != settings_.did_kind;
      const derive::Domain* canonical = dids_.lostCanonical(own);
      const bool is_lost = canonical != nullptr && *canonical == node.domain;
      const bool is_kept = was_its && !published_.virtual_domains.contains(own);
      if ((is_lost || is_kept) && isFreeFor(*node.customer, own)) return own;
    }
  }
  return std::nullopt;
}

// While it is not known whether one that names it still does, or that it joins another, it stays
// where it is.
std::optional<identity::Did> DomainBook::keptDid(const DomainNode& node) {
  if (!node.published) return std::nullopt;
  // Of another customer's it is only while both say so.
  if (!isFreeFor(*node.customer, node.published->did) && !asksForPublished(node)) {
    return std::nullopt;
  }
  const auto stays = [this](DomainId id) { return staysAsItIs(id); };
  const bool is_kept = std::ranges::any_of(node.named_by, stays) || mayBeNamedByUnknown(node);
  return is_kept ? std::optional(node.published->did) : std::nullopt;
}

bool DomainBook::asksForPublished(const DomainNode& node) const {
  if (!node.claim) return false;
  return std::ranges::any_of(node.claim->tags, [&node](const identity::ClaimTag& tag) {
    return tag.name == "did" && tag.value == node.published->did.text();
  });
}

void DomainBook::settle(DomainId id, Evaluation& evaluation) {
  DomainNode& node = mutableNode(id);
  if (!desire(id, wishOf(id, evaluation.undecided))) return;
  evaluation.changed = true;
  addAliases(node, evaluation.also);
  for (const DomainId target : node.targets) {
    DomainNode& joined = mutableNode(target);
    if (staysAsItIs(target) || leansOnUnknown(joined, joined.verdict)) continue;
    auto wanted = braked(target, hostedEntry(joined), evaluation.undecided);
    if (!desire(target, std::move(wanted))) continue;
    evaluation.regrouped.push_back(target);
    addAliases(joined, evaluation.also);
  }
}

std::optional<plan::DomainEntry> DomainBook::wishOf(DomainId id, std::vector<DomainId>& undecided) {
  DomainNode& node = mutableNode(id);
  const bool unknown = node.verdict.standing == Standing::unknown && !node.is_over;
  const bool is_directed = node.isPinned() || node.isBlocked();
  if (unknown || node.kept || is_directed) await(node, std::nullopt);
  if (node.kept || is_directed) setContested(node, false);
  if (is_directed) {
    endRisk(id);
    return directedEntry(node);
  }
  auto wish = node.kept ? retiringEntry(id) : unknown ? unknownEntry(node) : hostedEntry(node);
  return braked(id, std::move(wish), undecided);
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

void DomainBook::setContested(DomainNode& node, bool is_contested) {
  if (node.is_contested != is_contested) is_contested ? ++contested_ : --contested_;
  node.is_contested = is_contested;
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

std::vector<DomainId> DomainBook::contenders(const identity::Did& did) const {
  std::vector<DomainId> ids;
  const auto found = contenders_.find(did);
  if (found == contenders_.end()) return ids;
  for (const derive::Domain& domain : found->second) ids.push_back(*find(domain));
  return ids;
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

// Of those whose customer may have the DID, as long as there is one.
derive::Domain DomainBook::successor(const identity::Did& did,
                                     const identity::VirtualDomain* published,
                                     const identity::Members& members) const {
  const derive::Domain* present = published ? &published->canonical : dids_.lostCanonical(did);
  const bool stays = present != nullptr && members.contains(*present);
  if (stays && !present->isAddress()) return *present;
  identity::Members own;
  for (const derive::Domain& member : members) {
    const auto& customer = node(*find(member)).customer;
    if (customer && isFreeFor(*customer, did)) own.insert(own.end(), member);
  }
  return identity::canonicalOf(did, present, own.empty() ? members : own);
}

// Those of a static virtual domain hold for all that share its DID.
std::map<std::string, std::vector<std::string>> DomainBook::operatorAttributes(
    const identity::Did& did, view::CustomerId customer) const {
  auto attributes = settings_.customers[static_cast<std::size_t>(customer)].attributes;
  if (!isConfiguredFor(customer, did)) return attributes;
  for (const auto& [name, values] : statics_.under(did)->attributes) {
    attributes.insert_or_assign(name, values);
  }
  return attributes;
}

std::optional<plan::SharedVirtualDomain> DomainBook::desired(const identity::Did& did) const {
  const identity::Members& members = this->members(did);
  if (members.empty()) return std::nullopt;
  const auto found = published_.virtual_domains.find(did);
  const identity::VirtualDomain* published =
      found == published_.virtual_domains.end() ? nullptr : &*found->second;
  const derive::Domain canonical = successor(did, published, members);
  const DomainNode& speaker = node(*find(canonical));
  // Who was let in does not speak for it, and may be there for a moment longer than the others.
  const bool speaks = speaker.customer && isFreeFor(*speaker.customer, did);
  if (staysAsItIs(*find(canonical)) || !speaks) {
    if (!published) return std::nullopt;
    return identity::VirtualDomain{
        canonical, published->customer, {members.begin(), members.end()}, published->attributes};
  }
  static const identity::Claim kNoClaim;
  static const identity::Attributes kNoAttributes;
  const CustomerSettings& customer =
      settings_.customers[static_cast<std::size_t>(*speaker.customer)];
  identity::AttributeResult resolved =
      identity::resolveAttributes(speaker.claim ? *speaker.claim : kNoClaim, customer.grants.setter,
                                  settings_.attributes, operatorAttributes(did, *speaker.customer),
                                  published ? published->attributes : kNoAttributes);
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

std::optional<view::CustomerId> DomainBook::customerOf(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  return id ? node(*id).customer : std::nullopt;
}

bool DomainBook::speaksFor(view::CustomerId customer, dns::NameView name) const {
  return customer != settings_.discovered && view_.speaker(name) == customer;
}

const identity::Grants& DomainBook::grants(view::CustomerId customer) const {
  return settings_.customers[static_cast<std::size_t>(customer)].grants;
}

bool DomainBook::isConfiguredFor(view::CustomerId customer, const identity::Did& did) const {
  const StaticVirtualDomain* entry = statics_.under(did);
  return entry != nullptr && entry->customer == customer;
}

std::string DomainBook::nameOf(view::CustomerId customer) const {
  return std::string(nameOfCustomer(customer));
}

std::string_view DomainBook::nameOfCustomer(view::CustomerId customer) const {
  return settings_.customers[static_cast<std::size_t>(customer)].name;
}

std::string_view DomainBook::nameOfDiscovered() const {
  return settings_.discovered ? nameOfCustomer(*settings_.discovered) : std::string_view();
}

// Whom the published state names, so that an incumbent never notices; else for whom it is kept;
// else whoever has members now.
bool DomainBook::isFreeFor(view::CustomerId customer, const identity::Did& did) const {
  const std::string_view name = nameOfCustomer(customer);
  const std::string_view discovered = nameOfDiscovered();
  const plan::DidRecord* record = dids_.record(did);
  if (const auto used = published_.virtual_domains.find(did);
      used != published_.virtual_domains.end()) {
    if (used->second->customer == name) return true;
    if (record != nullptr && record->customer == name) return true;
    // A discovered domain is its speaker's as soon as there is one.
    return used->second->customer == discovered &&
           view_.speaker(used->second->canonical.name()) == customer;
  }
  if (record != nullptr) return mayHave(name, *record, discovered, settings_.did_keep, now_);
  return firstToHave(did).value_or(customer) == customer;
}

// Of a DID that is not published yet.
std::optional<view::CustomerId> DomainBook::firstToHave(const identity::Did& did) const {
  for (const derive::Domain& member : members(did)) {
    const DomainNode& node = this->node(*find(member));
    if (!node.is_guest && node.customer) return node.customer;
  }
  return std::nullopt;
}

std::string DomainBook::tenureOf(const identity::Did& did) const {
  const auto held = [](std::string_view customer) {
    return fmt::format("customer {} holds it", identity::quoted(customer));
  };
  const auto used = published_.virtual_domains.find(did);
  if (used != published_.virtual_domains.end()) return held(used->second->customer);
  if (const plan::DidRecord* record = dids_.record(did)) {
    const bool is_kept =
        mayHave(record->customer, *record, nameOfDiscovered(), settings_.did_keep, now_);
    return fmt::format("{} customer {}{}", is_kept ? "it is kept for" : "it is reserved, and was",
                       identity::quoted(record->customer), is_kept ? "" : "'s");
  }
  const auto customer = firstToHave(did);
  return customer ? held(nameOfCustomer(*customer)) : "nobody holds it";
}

}  // namespace zonecast::loop
