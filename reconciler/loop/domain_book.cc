#include "reconciler/loop/domain_book.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {
namespace {

using derive::Judgement;
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

Verdict given(const StaticVirtualDomain& entry) {
  Verdict verdict;
  verdict.standing = Standing::hosted;
  verdict.transports = entry.transports;
  verdict.role = entry.role;
  return verdict;
}

identity::Claim claimOf(const StaticVirtualDomain& entry) {
  return {.present = true, .tags = {{"did", entry.did}}, .warnings = {}};
}

Verdict notYetKnown(std::optional<view::ZoneIndex> source, std::string missing) {
  Verdict verdict;
  verdict.standing = Standing::unknown;
  verdict.missing = std::move(missing);
  if (source) verdict.sources.push_back(*source);
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

DomainBook::DomainBook(const Settings& settings, const view::View& view, query::Answers& answers,
                       const plan::Table& published, const DidRegistry& dids, Rules rules)
    : settings_(settings),
      view_(view),
      statics_(settings),
      answers_(answers),
      published_(published),
      dids_(dids),
      rules_(std::move(rules)),
      brake_(settings.brake) {}

void DomainBook::onSettingsChanged() {
  brake_.onPolicyChanged();
  statics_.onSettingsChanged();
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
  if (const auto* directive = directives_.find(node->domain)) node->directed = directive->kind;
  account(*node, std::nullopt, false);
  recount(*node);
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

DomainBook::Evaluation DomainBook::evaluate(DomainId id, const Now& now) {
  DomainNode& node = mutableNode(id);
  node.queued = false;
  brake_.advanceTo(now.mono);
  now_ = now.wall;
  // What has records of its own is judged by the view alone, not by what is published.
  const bool may_part =
      node.kept || (node.published && (!isServed(node) || leavesAt(node) || hasExpired(node)));
  if (node.derived && node.tried == Presence::present && !may_part) {
    Evaluation evaluation;
    settle(id, evaluation);
    return evaluation;
  }
  node.derived = true;
  node.customer = customerOf(node);
  std::optional<CustomerDns> dns;
  if (node.customer) dns.emplace(settings_, view_, answers_, *node.customer);
  if (!dns) node.tried = Presence::absent;
  Verdict verdict = dns ? judge(node, *dns) : notHosted(std::nullopt);
  const bool needs_claim = verdict.standing == Standing::hosted || !node.named_by.empty();
  std::optional<Rare<identity::Claim>> claim_before;
  if (verdict.standing != Standing::unknown && needs_claim) {
    claim_before = readClaim(node, dns ? &*dns : nullptr, verdict);
  }
  // One way to the edge is enough, but what the others are like tells how we are reached.
  if (auto pending = verdict.standing == Standing::hosted ? dns->pending() : std::nullopt) {
    verdict.standing = Standing::unknown;
    verdict.missing = *std::move(pending);
    // Some of it was asked for the trial alone, and the walk has not read it.
    for (const CustomerDns::Asked& asked : dns->missing()) {
      addRead(verdict, node.domain.name(), asked.name);
    }
  }
  if (verdict.standing == Standing::unknown && isAskedAbout(node)) askAhead(node, *dns);
  if (verdict.standing == Standing::hosted && lacksToken(node)) {
    verdict.standing = Standing::foreign;
    verdict.targets.clear();
    verdict.leading = {};
  }

  Evaluation evaluation;
  std::vector<dns::Name> targets = std::exchange(verdict.targets, {});
  Rare<std::string> missing;
  if (!verdict.missing.empty()) missing = std::move(verdict.missing);
  Judgement judgement = std::move(verdict);
  evaluation.changed = judgement != node.verdict || missing != node.missing || claim_before;
  const bool stayed = staysAsItIs(id);
  updateReads(id, node.verdict.reads, judgement.reads);
  node.verdict = std::move(judgement);
  node.missing = std::move(missing);
  restOn(node, dns ? &*dns : nullptr);
  node.kept = keep(id, now);
  if (node.is_over) targets.clear();
  if (!keepsTargets(node)) {
    updateTargets(id, targets, evaluation);
    node.was_known = true;
  }
  if (staysAsItIs(id) != stayed) {
    evaluation.also.insert(evaluation.also.end(), node.targets.begin(), node.targets.end());
  }
  std::ranges::copy(recount(node), std::back_inserter(evaluation.also));
  if (claim_before) updateAliases(id, *claim_before, evaluation);
  settle(id, evaluation);
  count(node);
  holdAnew(node);
  if (claim_before) evaluation.warnings = warnings(id);
  return evaluation;
}

Verdict DomainBook::judge(DomainNode& node, const CustomerDns& dns) {
  if (const StaticVirtualDomain* entry = statics_.find(node.domain)) {
    node.tried = Presence::present;
    node.occluded = false;
    return given(*entry);
  }
  const dns::NameView name = node.domain.name();
  const std::optional<view::ZoneIndex> zone = view_.zoneFor(*node.customer, name);
  if (zone && view_.zone(*zone) == nullptr) {
    return notYetKnown(zone, "zone " + view_.apex(*zone).toText() + " is not transferred yet");
  }
  derive::Inquiry inquiry(name, dns, settings_.derive.lookups_max);
  node.tried = isAskedAbout(node) ? Presence::present : askedForByZone(inquiry, name);
  node.occluded =
      zone && node.tried == Presence::absent && isOccluded(dns, *view_.zone(*zone), name);
  if (node.tried == Presence::present || !node.named_by.empty()) {
    Verdict verdict = derive::derive(node.domain, dns, settings_.edge, settings_.derive);
    if (leansOnUnknown(node, verdict)) {
      return notYetKnown(zone, "a domain that names it as its target is not known yet");
    }
    return verdict;
  }
  if (node.tried == Presence::notKnown) {
    Verdict verdict = notYetKnown(
        zone, fmt::format("a name of {} leads outside of what is known", node.domain.text()));
    addAll(inquiry.sources(), verdict.sources);
    verdict.reads = inquiry.reads();
    return verdict;
  }
  if (mayBeNamedByUnknown(node)) {
    return notYetKnown(zone, "a domain of the same virtual domain is not known yet");
  }
  if (mayBeNamedFromMissing(node)) {
    awaiting_[*node.customer].insert(*find(name));
    return notYetKnown(zone, "a zone of its customer is not transferred yet, and may name it");
  }
  return notHosted(zone);
}

// Those that it names do, too: a target of a blocked domain is not moved for its sake.
bool DomainBook::staysAsItIs(DomainId id) const {
  return keepsTargets(node(id)) || node(id).isBlocked();
}

bool DomainBook::keepsTargets(const DomainNode& node) {
  if (node.is_over) return false;
  return node.kept || node.isPinned() || node.verdict.standing == Standing::unknown;
}

// A domain without records of its own is one only for those that name it. While none of these is
// known it may not be one; while some are not, it may be reached otherwise than the others tell.
bool DomainBook::leansOnUnknown(const DomainNode& node, const Judgement& verdict) const {
  if (node.tried == Presence::present) return false;
  const auto stays = [this](DomainId id) { return staysAsItIs(id); };
  if (std::ranges::all_of(node.named_by, stays)) return true;
  return verdict.standing == Standing::foreign && node.published.has_value() &&
         std::ranges::any_of(node.named_by, stays);
}

// One that was published with the domain, and was never known since the start, may name it: a
// failure never removes. The domain waits for it then.
bool DomainBook::mayBeNamedByUnknown(const DomainNode& node) {
  if (!node.published) return false;
  const auto uncertain = uncertain_.find(node.published->did);
  const std::size_t itself = node.uncertain_in == node.published->did ? 1 : 0;
  if (uncertain == uncertain_.end() || uncertain->second == itself) return false;
  waiting_[node.published->did].insert(*find(node.domain));
  return true;
}

// One without records of its own names nobody. Returns those that waited for the last of its
// virtual domain.
std::vector<DomainId> DomainBook::recount(DomainNode& node) {
  const bool is_unknown =
      node.verdict.standing == Standing::unknown && node.tried != Presence::absent;
  const bool is_uncertain =
      node.published && !node.was_known && (is_unknown || node.kept || node.isPinned());
  auto in = is_uncertain ? std::optional(node.published->did) : std::nullopt;
  if (in == node.uncertain_in) return {};
  if (in) ++uncertain_[*in];
  const auto left = std::exchange(node.uncertain_in, std::move(in));
  if (!left || --uncertain_.at(*left) > 0) return {};
  uncertain_.erase(*left);
  std::vector<DomainId> freed;
  if (const auto waiting = waiting_.find(*left); waiting != waiting_.end()) {
    std::ranges::copy_if(waiting->second, std::back_inserter(freed),
                         [this](DomainId id) { return exists(id); });
    waiting_.erase(waiting);
  }
  return freed;
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

std::optional<Rare<identity::Claim>> DomainBook::readClaim(DomainNode& node, const CustomerDns* dns,
                                                           Verdict& verdict) const {
  std::optional<identity::Claim> claim;
  const dns::NameView name = node.domain.name();
  if (const StaticVirtualDomain* entry = statics_.find(node.domain)) {
    claim = claimOf(*entry);
  } else if (const auto owner = dns::Name::prepend(identity::kClaimLabel, name); owner && dns) {
    const view::Answer answer = dns->lookup(*owner, dns::RrType::txt);
    addRead(verdict, name, answer.name);
    for (const view::Evidence& evidence : answer.evidence) {
      if (const auto* zone = std::get_if<view::FromZone>(&evidence.source)) {
        derive::addSource(verdict.sources, zone->zone);
      }
      addRead(verdict, name, evidence.asked);
      addRead(verdict, name, evidence.name);
    }
    if (answer.kind == view::Answer::Kind::notKnown) {
      // Without its claim a domain would be another's or its own: it stays as it is published.
      verdict.standing = Standing::unknown;
      verdict.missing = fmt::format("its {} record: {}", identity::kClaimLabel, answer.why);
      return std::nullopt;
    }
    if (answer.kind == view::Answer::Kind::data) {
      claim = identity::parseClaim(answer.rrset.rdatas, settings_.claim_limits);
    }
  }
  if (node.claim == claim) return std::nullopt;
  return std::exchange(node.claim, std::move(claim));
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
  decltype(DomainNode::targets) targets;
  const bool is_alone = node(id).customer == settings_.discovered;
  for (const dns::Name& name : names) {
    if (is_alone || view_.speaker(name) != node(id).customer) continue;
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

// An alias that is no domain's name says nothing.
void DomainBook::updateAliases(DomainId id, const Rare<identity::Claim>& before,
                               Evaluation& evaluation) {
  const auto forEachAlias = [](const Rare<identity::Claim>& claim, auto&& visit) {
    if (!claim) return;
    for (const std::string_view text : identity::aliasesIn(*claim)) {
      if (const auto domain = derive::Domain::fromText(text)) visit(*domain);
    }
  };
  const auto lookAgain = [&](const derive::Domain& domain) {
    if (const auto alias = find(domain)) evaluation.also.push_back(*alias);
  };
  forEachAlias(before, [&](const derive::Domain& domain) {
    const auto known = aliased_by_.find(domain);
    if (known == aliased_by_.end()) return;
    known->second.erase(id);
    if (known->second.empty()) aliased_by_.erase(known);
    lookAgain(domain);
  });
  forEachAlias(node(id).claim, [&](const derive::Domain& domain) {
    aliased_by_[domain].insert(id);
    lookAgain(domain);
  });
}

void DomainBook::addAliases(const DomainNode& node, std::vector<DomainId>& domains) const {
  if (!node.claim) return;
  for (const std::string_view text : identity::aliasesIn(*node.claim)) {
    const auto domain = derive::Domain::fromText(text);
    const auto alias = domain ? find(*domain) : std::nullopt;
    if (alias) domains.push_back(*alias);
  }
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

void DomainBook::adoptPublished(DomainId id, bool by_us) {
  DomainNode& node = mutableNode(id);
  const std::optional<plan::DomainEntry> before =
      std::exchange(node.published, publishedEntry(node));
  account(node, before, by_us);
  if (node.published) setWanted(node, false);
  recount(node);
  holdAnew(node);
  const bool stays = node.verdict.standing == Standing::unknown && !node.kept && !node.is_over;
  if (stays && !node.isBlocked()) desire(id, unknownEntry(node));
}

void DomainBook::forgetIfIdle(DomainId id) {
  const DomainNode& node = this->node(id);
  const bool is_over = node.customer && node.customer == settings_.discovered && !node.queued &&
                       !node.watched && !node.wanted && !node.desired && !node.published;
  // One that is occluded, by a DNAME or a cut, is found again by name when that falls.
  const bool needed = node.queued || node.tried == Presence::present || node.watched ||
                      node.wanted || node.occluded || node.desired || !node.named_by.empty() ||
                      !node.targets.empty() || node.verdict.standing == Standing::unknown ||
                      published_.domains.contains(node.domain);
  if (needed && !is_over) return;
  partings_.end(id);
  updateReads(id, node.verdict.reads, {});
  restOn(mutableNode(id), nullptr);
  await(mutableNode(id), std::nullopt);
  setContested(mutableNode(id), false);
  if (node.claim) {
    Evaluation nobody;  // what it has no claim for, it is in no virtual domain for either
    updateAliases(id, std::exchange(mutableNode(id).claim, std::nullopt), nobody);
  }
  by_hash_.erase(hashOf(node.domain.name()), refOf(id));
  in_order_.erase(node.domain.name());
  nodes_[static_cast<std::size_t>(id)].reset();
  free_.push_back(id);
}

Sources DomainBook::sources(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  if (!id || statics_.find(domain) != nullptr) return {};
  const DomainNode& node = this->node(*id);
  Sources zones = node.verdict.sources;
  for (const DomainId namer : node.named_by) addAll(this->node(namer).verdict.sources, zones);
  if (node.tried != Presence::present) addCompanionSources(node, zones);
  return zones;
}

// Who named it, and has it no more, is among those with which it was published.
void DomainBook::addCompanionSources(const DomainNode& node, Sources& zones) const {
  for (const derive::Domain& companion : companions(node)) {
    if (const auto id = find(companion)) addAll(this->node(*id).verdict.sources, zones);
  }
}

}  // namespace zonecast::loop
