#include "reconciler/loop/domain_book.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace zonecast::loop {
namespace {

using derive::Standing;
using derive::Verdict;

// An alias may lead a claim to other names; the domain's own are not stored.
void addRead(Verdict& verdict, dns::NameView domain, dns::NameView name) {
  if (derive::ownDomainName(name) == domain) return;
  const auto at = std::ranges::lower_bound(verdict.reads, name, dns::CanonicalLess());
  if (at == verdict.reads.end() || *at != name) verdict.reads.insert(at, dns::Name(name));
}

Verdict notHosted(std::optional<view::ZoneIndex> source) {
  Verdict verdict;
  verdict.standing = Standing::foreign;
  if (source) verdict.sources.push_back(*source);
  return verdict;
}

Verdict notYetKnown(view::ZoneIndex source, std::string missing) {
  Verdict verdict;
  verdict.standing = Standing::unknown;
  verdict.missing = std::move(missing);
  verdict.sources.push_back(source);
  return verdict;
}

std::uint32_t hashOf(dns::NameView name) {
  return static_cast<std::uint32_t>(dns::NameHash()(name));
}

view::NameIndex::Ref refOf(DomainId id) {
  return static_cast<view::NameIndex::Ref>(id) + 1;
}

void addAll(const Sources& from, Sources& to) {
  for (const view::ZoneIndex zone : from) derive::addSource(to, zone);
}

}  // namespace

DomainBook::DomainBook(const Settings& settings, const view::View& view,
                       const plan::Table& published)
    : settings_(settings), view_(view), published_(published) {
  for (std::size_t i = 0; i < settings.customers.size(); ++i) {
    customers_.emplace(settings.customers[i].name, view::CustomerId{static_cast<std::uint32_t>(i)});
  }
}

DomainId DomainBook::ensure(const derive::Domain& domain) {
  const auto known = find(domain);
  return known ? *known : make(domain);
}

std::optional<DomainId> DomainBook::ensure(dns::NameView name) {
  if (const auto known = find(name)) return known;
  auto domain = derive::Domain::fromName(name);
  return domain ? std::optional(make(*std::move(domain))) : std::nullopt;
}

DomainId DomainBook::make(derive::Domain domain) {
  DomainId id{};
  if (free_.empty()) {
    id = idsEnd();
    nodes_.push_back(nullptr);
  } else {
    id = free_.back();
    free_.pop_back();
  }
  auto& node = nodes_[static_cast<std::size_t>(id)];
  node = std::make_unique<DomainNode>(std::move(domain));
  by_hash_.insert(hashOf(node->domain.name()), refOf(id));
  in_order_.emplace(node->domain.name(), id);
  node->published = publishedEntry(*node);
  desire(id, node->published);
  return id;
}

std::optional<DomainId> DomainBook::find(dns::NameView name) const {
  const auto idOf = [](view::NameIndex::Ref ref) { return DomainId{ref - 1}; };
  const auto ref = by_hash_.find(hashOf(name), [&](view::NameIndex::Ref candidate) {
    return node(idOf(candidate)).domain.name() == name;
  });
  return ref == view::Arena::kNone ? std::nullopt : std::optional(idOf(ref));
}

bool DomainBook::markChanged(DomainId id) {
  mutableNode(id).derived = false;
  return markQueued(id);
}

bool DomainBook::markQueued(DomainId id) {
  return !std::exchange(mutableNode(id).queued, true);
}

bool DomainBook::markPlanned(DomainId id, std::uint32_t planning) {
  return std::exchange(mutableNode(id).planned_in, planning) != planning;
}

bool DomainBook::isWaiting(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  const auto is_queued = [this](DomainId namer) { return node(namer).queued; };
  return id && (is_queued(*id) || std::ranges::any_of(node(*id).named_by, is_queued));
}

DomainBook::Evaluation DomainBook::evaluate(DomainId id) {
  DomainNode& node = mutableNode(id);
  node.queued = false;
  // What has records of its own is judged by the view alone, not by what is published.
  if (node.derived && node.own_records == Presence::present) {
    Evaluation evaluation;
    settle(id, evaluation);
    return evaluation;
  }
  node.derived = true;
  Verdict verdict = judge(node);
  const bool needs_claim = verdict.standing == Standing::hosted || !node.named_by.empty();
  const bool claim_changed =
      verdict.standing != Standing::unknown && needs_claim && readClaim(node, verdict);

  Evaluation evaluation;
  const std::vector<dns::Name> targets = std::exchange(verdict.targets, {});
  evaluation.changed = verdict != node.verdict || claim_changed;
  const Verdict before = std::exchange(node.verdict, std::move(verdict));
  updateReads(id, before.reads, node.verdict.reads);
  const bool is_known = node.verdict.standing != Standing::unknown;
  if (is_known) {
    updateTargets(id, targets, evaluation);
    node.was_known = true;
  }
  if (is_known != (before.standing != Standing::unknown)) {
    evaluation.also.insert(evaluation.also.end(), node.targets.begin(), node.targets.end());
    if (is_known) revisitCompanions(node, evaluation);
  }
  settle(id, evaluation);
  if (claim_changed) evaluation.warnings = warnings(id);
  return evaluation;
}

Verdict DomainBook::judge(DomainNode& node) {
  const dns::NameView name = node.domain.name();
  node.customer = view_.speaker(name);
  if (!node.customer) return notHosted(std::nullopt);  // no zone of the configuration speaks for it
  const std::optional<view::ZoneIndex> zone = view_.zoneFor(*node.customer, name);
  assert(zone.has_value());
  if (view_.zone(*zone) == nullptr) {
    return notYetKnown(*zone, "zone " + view_.apex(*zone).toText() + " is not transferred yet");
  }
  const view::CustomerLookup dns(view_, *node.customer);
  derive::Inquiry inquiry(name, dns, settings_.derive.lookups_max);
  node.own_records = askedForByZone(inquiry, name);
  node.occluded = node.own_records == Presence::absent && isOccluded(dns, name);
  if (node.own_records == Presence::present || !node.named_by.empty()) {
    Verdict verdict = derive::derive(node.domain, dns, settings_.edge, settings_.derive);
    if (leansOnUnknown(node, verdict)) {
      return notYetKnown(*zone, "a domain that names it as its target is not known yet");
    }
    return verdict;
  }
  if (node.own_records == Presence::notKnown) {
    Verdict verdict = notYetKnown(
        *zone, fmt::format("a name of {} leads outside of what is known", node.domain.text()));
    addAll(inquiry.sources(), verdict.sources);
    verdict.reads = inquiry.reads();
    return verdict;
  }
  if (mayBeNamedByUnknown(node)) {
    return notYetKnown(*zone, "a domain of the same virtual domain is not known yet");
  }
  if (mayBeNamedFromMissing(node)) {
    awaiting_[*node.customer].insert(*find(name));
    return notYetKnown(*zone, "a zone of its customer is not transferred yet, and may name it");
  }
  return notHosted(zone);
}

bool DomainBook::isUnknown(DomainId id) const {
  return node(id).verdict.standing == Standing::unknown;
}

// A domain without records of its own is one only for those that name it. While none of these is
// known it may not be one; while some are not, it may be reached otherwise than the others tell.
bool DomainBook::leansOnUnknown(const DomainNode& node, const Verdict& verdict) const {
  if (node.own_records == Presence::present) return false;
  const auto is_unknown = [this](DomainId id) { return isUnknown(id); };
  if (std::ranges::all_of(node.named_by, is_unknown)) return true;
  return verdict.standing == Standing::foreign && node.published.has_value() &&
         std::ranges::any_of(node.named_by, is_unknown);
}

// One that was published with the domain, and was never known since the start, may name it: a
// failure never removes. One without records of its own names nobody; two such do not wait for each
// other.
bool DomainBook::mayBeNamedByUnknown(const DomainNode& node) const {
  return std::ranges::any_of(companions(node), [&](const derive::Domain& companion) {
    if (companion == node.domain) return false;
    const std::optional<DomainId> id = find(companion);
    if (!id) return true;
    const DomainNode& other = this->node(*id);
    return isUnknown(*id) && !other.was_known && other.own_records != Presence::absent;
  });
}

// Those that name a domain that is published under its own DID are under others, and not agreed:
// they may be anywhere.
bool DomainBook::mayBeNamedFromMissing(const DomainNode& node) const {
  return hasOwnDid(node) && !view_.hasAll(*node.customer);
}

std::vector<DomainId> DomainBook::takeAwaiting(view::CustomerId customer) {
  const auto found = awaiting_.find(customer);
  if (found == awaiting_.end()) return {};
  std::vector<DomainId> domains;
  std::ranges::copy_if(found->second, std::back_inserter(domains),
                       [this](DomainId id) { return exists(id); });
  awaiting_.erase(found);
  return domains;
}

// What is now known of `node` may free those that were published with it.
void DomainBook::revisitCompanions(const DomainNode& node, Evaluation& evaluation) const {
  for (const derive::Domain& companion : companions(node)) {
    const std::optional<DomainId> id = find(companion);
    if (!id || companion == node.domain) continue;
    const DomainNode& other = this->node(*id);
    const bool waits = other.own_records != Presence::present && isUnknown(*id);
    if (waits || other.keeps_did) evaluation.also.push_back(*id);
  }
}

bool DomainBook::readClaim(DomainNode& node, Verdict& verdict) const {
  std::optional<identity::Claim> claim;
  const dns::NameView name = node.domain.name();
  if (const auto owner = dns::Name::prepend(identity::kClaimLabel, name); owner && node.customer) {
    const view::Answer answer = view_.lookup(*node.customer, *owner, dns::RrType::txt);
    addRead(verdict, name, answer.name);
    for (const view::Evidence& evidence : answer.evidence) {
      derive::addSource(verdict.sources, evidence.zone);
      addRead(verdict, name, evidence.asked);
      addRead(verdict, name, evidence.name);
    }
    if (answer.kind == view::Answer::Kind::notKnown) {
      // Without its claim a domain would be another's or its own: it stays as it is published.
      verdict.standing = Standing::unknown;
      verdict.missing = fmt::format("its {} record: {}", identity::kClaimLabel, answer.why);
      return false;
    }
    if (answer.kind == view::Answer::Kind::data) {
      claim = identity::parseClaim(answer.rrset.rdatas, settings_.claim_limits);
    }
  }
  if (claim == node.claim) return false;
  node.claim = std::move(claim);
  return true;
}

std::vector<std::string> DomainBook::warnings(DomainId id) const {
  const DomainNode& node = this->node(id);
  if (!node.claim || !node.customer) return {};
  std::vector<std::string> texts = node.claim->warnings;
  const CustomerSettings& customer = settings_.customers[static_cast<std::size_t>(*node.customer)];
  const auto append = [&texts](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(texts));
  };
  append(identity::resolveAttributes(*node.claim, customer.grants.setter, settings_.attributes,
                                     customer.attributes, {})
             .warnings);
  if (node.desired) append(identity::assign(candidate(node), *this).warnings);
  return texts;
}

void DomainBook::updateReads(DomainId id, const std::vector<dns::Name>& before,
                             const std::vector<dns::Name>& after) {
  if (before == after) return;
  for (const dns::Name& name : before) {
    const auto readers = readers_.find(name.view());
    readers->second.erase(id);
    if (readers->second.empty()) readers_.erase(readers);
  }
  for (const dns::Name& name : after) readers_[name].insert(id);
}

// The in-zone SRV targets of a hosted domain become domains too (DESIGN section 4).
void DomainBook::updateTargets(DomainId id, const std::vector<dns::Name>& names,
                               Evaluation& evaluation) {
  std::vector<DomainId> targets;
  for (const dns::Name& name : names) {
    if (view_.speaker(name) != node(id).customer) continue;
    const std::optional<DomainId> target = ensure(name);
    if (target && *target != id) targets.push_back(*target);
  }
  for (const DomainId lost : node(id).targets) {
    if (std::ranges::find(targets, lost) != targets.end()) continue;
    mutableNode(lost).named_by.erase(id);
    evaluation.also.push_back(lost);
  }
  for (const DomainId gained : targets) {
    if (mutableNode(gained).named_by.insert(id).second) evaluation.also.push_back(gained);
  }
  mutableNode(id).targets = std::move(targets);
}

identity::Candidate DomainBook::candidate(const DomainNode& node) const {
  std::vector<derive::Domain> named_by;
  if (node.targets.empty()) {
    for (const DomainId namer : node.named_by) named_by.push_back(this->node(namer).domain);
    std::ranges::sort(named_by);
  }
  return {node.domain, *node.customer, node.claim ? &*node.claim : nullptr, std::move(named_by)};
}

// A target without records of its own is reached as those that name it are.
std::optional<plan::DomainEntry> DomainBook::hostedEntry(DomainNode& node) {
  node.keeps_did = false;
  await(node, std::nullopt);
  derive::TransportSet transports = node.verdict.transports;
  derive::Role role = node.verdict.role;
  if (node.verdict.standing != Standing::hosted) {
    const bool is_reached_as_target = node.verdict.standing == Standing::foreign &&
                                      node.own_records != Presence::present &&
                                      !node.named_by.empty();
    if (!is_reached_as_target) return std::nullopt;
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
  return plan::DomainEntry{assignment.did, plan::State::hosted, transports, role};
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
std::optional<identity::Did> DomainBook::keptDid(DomainNode& node) const {
  if (!node.published || holder(node.published->did) != node.customer) return std::nullopt;
  const auto is_unknown = [this](DomainId id) { return isUnknown(id); };
  node.keeps_did = std::ranges::any_of(node.named_by, is_unknown) || mayBeNamedByUnknown(node);
  return node.keeps_did ? std::optional(node.published->did) : std::nullopt;
}

// With which the domain is published, itself among them.
std::span<const derive::Domain> DomainBook::companions(const DomainNode& node) const {
  if (!node.published) return {};
  const auto virtual_domain = published_.virtual_domains.find(node.published->did);
  if (virtual_domain == published_.virtual_domains.end()) return {};
  return virtual_domain->second->domains;
}

std::optional<plan::DomainEntry> DomainBook::publishedEntry(const DomainNode& node) const {
  const auto entry = published_.domains.find(node.domain);
  if (entry == published_.domains.end()) return std::nullopt;
  return entry->second;
}

void DomainBook::settle(DomainId id, Evaluation& evaluation) {
  DomainNode& node = mutableNode(id);
  const bool unknown = node.verdict.standing == Standing::unknown;
  if (unknown) await(node, std::nullopt);
  if (!desire(id, unknown ? node.published : hostedEntry(node))) return;
  evaluation.changed = true;
  for (const DomainId target : node.targets) {
    DomainNode& joined = mutableNode(target);
    if (isUnknown(target) || leansOnUnknown(joined, joined.verdict)) continue;
    if (desire(target, hostedEntry(joined))) evaluation.regrouped.push_back(target);
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
    settle(*find(domain), evaluation);
    if (evaluation.changed) changed.push_back(domain);
    for (const DomainId other : evaluation.regrouped) changed.push_back(node(other).domain);
  }
  return changed;
}

void DomainBook::adoptPublished(DomainId id) {
  DomainNode& node = mutableNode(id);
  node.published = publishedEntry(node);
  if (node.verdict.standing == Standing::unknown) desire(id, node.published);
}

void DomainBook::forgetIfIdle(DomainId id) {
  const DomainNode& node = this->node(id);
  // One that is occluded, by a DNAME or (then unknown) a cut, is found again by name when that
  // falls.
  const bool needed = node.queued || node.own_records == Presence::present || node.occluded ||
                      node.desired || !node.named_by.empty() || !node.targets.empty() ||
                      node.verdict.standing == Standing::unknown ||
                      published_.domains.contains(node.domain);
  if (needed) return;
  updateReads(id, node.verdict.reads, {});
  await(mutableNode(id), std::nullopt);
  by_hash_.erase(hashOf(node.domain.name()), refOf(id));
  in_order_.erase(node.domain.name());
  nodes_[static_cast<std::size_t>(id)].reset();
  free_.push_back(id);
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
  if (speaker.verdict.standing == Standing::unknown || !speaker.customer) {
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

Sources DomainBook::sources(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  if (!id) return {};
  const DomainNode& node = this->node(*id);
  Sources zones = node.verdict.sources;
  for (const DomainId namer : node.named_by) addAll(this->node(namer).verdict.sources, zones);
  if (node.own_records != Presence::present) addCompanionSources(node, zones);
  return zones;
}

// Who named it, and has it no more, is among those with which it was published.
void DomainBook::addCompanionSources(const DomainNode& node, Sources& zones) const {
  for (const derive::Domain& companion : companions(node)) {
    if (const auto id = find(companion)) addAll(this->node(*id).verdict.sources, zones);
  }
}

std::optional<identity::Did> DomainBook::didOf(const derive::Domain& domain) const {
  const std::optional<plan::DomainEntry> entry = desired(domain);
  return entry ? std::optional(entry->did) : std::nullopt;
}

bool DomainBook::speaksFor(view::CustomerId customer, dns::NameView name) const {
  return view_.speaker(name) == customer;
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
    if (customer != customers_.end()) return customer->second;
  }
  const identity::Members& members = this->members(did);
  return members.empty() ? std::nullopt : node(*find(*members.begin())).customer;
}

}  // namespace zonecast::loop
