#include "reconciler/loop/domain_book.h"

#include <algorithm>
#include <cassert>

namespace zonecast::loop {
namespace {

using derive::Standing;
using derive::Verdict;

void addSource(Verdict& verdict, view::ZoneIndex zone) {
  const auto at = std::ranges::lower_bound(verdict.sources, zone);
  if (at == verdict.sources.end() || *at != zone) verdict.sources.insert(at, zone);
}

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

// The DID that a domain has when it stands for itself.
bool isOwn(const identity::Did& did, const derive::Domain& domain) {
  return did.text() == domain.text() || did.text().starts_with(domain.text() + "~");
}

std::size_t labels(const derive::Domain& domain) {
  return static_cast<std::size_t>(std::ranges::count(domain.text(), '.'));
}

}  // namespace

DomainBook::DomainBook(const Settings& settings, const view::View& view,
                       const plan::Table& published)
    : settings_(settings), view_(view), published_(published) {}

DomainId DomainBook::ensure(const derive::Domain& domain) {
  auto node = std::make_unique<DomainNode>(domain, domain.name());
  if (const auto known = by_name_.find(node->name.view()); known != by_name_.end())
    return known->second;
  DomainId id{};
  if (free_.empty()) {
    id = DomainId{static_cast<std::uint32_t>(nodes_.size())};
    nodes_.push_back(nullptr);
  } else {
    id = free_.back();
    free_.pop_back();
  }
  nodes_[static_cast<std::size_t>(id)] = std::move(node);
  by_name_.emplace(this->node(id).name.view(), id);
  mutableNode(id).customer = view_.speaker(this->node(id).name);
  desire(id, publishedEntry(this->node(id)));
  return id;
}

std::optional<DomainId> DomainBook::find(const derive::Domain& domain) const {
  const dns::Name name = domain.name();
  const auto known = by_name_.find(name.view());
  if (known == by_name_.end()) return std::nullopt;
  return known->second;
}

bool DomainBook::markQueued(DomainId id) {
  return !std::exchange(mutableNode(id).queued, true);
}

bool DomainBook::isWaiting(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  const auto is_queued = [this](DomainId namer) { return node(namer).queued; };
  return id && (is_queued(*id) || std::ranges::any_of(node(*id).named_by, is_queued));
}

DomainBook::Evaluation DomainBook::evaluate(DomainId id) {
  DomainNode& node = mutableNode(id);
  node.queued = false;
  const bool was_unknown_namer = node.customer && unknown_namers_[*node.customer].contains(id);
  const std::optional<identity::Claim> claim_before = node.claim;
  Verdict verdict = judge(node);
  const bool needs_claim = verdict.standing == Standing::hosted || !node.named_by.empty();
  if (verdict.standing != Standing::unknown && needs_claim) readClaim(node, verdict);

  Evaluation evaluation;
  evaluation.changed = verdict != node.verdict || node.claim != claim_before;
  const Verdict before = std::exchange(node.verdict, std::move(verdict));
  updateReads(id, before.reads, node.verdict.reads);
  if (node.verdict.standing != Standing::unknown) {
    updateTargets(id, evaluation);
    if (before.standing == Standing::unknown) revisitWaiting(node, evaluation);
  }
  settle(id, evaluation);
  classify(id);
  if (was_unknown_namer && unknown_namers_[*node.customer].empty()) {
    const auto& orphans = orphans_[*node.customer];
    evaluation.also.insert(evaluation.also.end(), orphans.begin(), orphans.end());
  }
  if (node.claim != claim_before) evaluation.warnings = warnings(id);
  return evaluation;
}

Verdict DomainBook::judge(DomainNode& node) const {
  if (!node.customer) return notHosted(std::nullopt);  // no zone of the configuration speaks for it
  const std::optional<view::ZoneIndex> zone = view_.zoneFor(*node.customer, node.name);
  assert(zone.has_value());
  if (view_.zone(*zone) == nullptr) {
    return notYetKnown(*zone, "zone " + view_.apex(*zone).toText() + " is not transferred yet");
  }
  const view::CustomerLookup dns(view_, *node.customer);
  node.own_records = askedForByZone(dns, node.name);
  node.occluded = node.own_records == Presence::absent && isOccluded(dns, node.name);
  if (node.own_records == Presence::present || !node.named_by.empty()) {
    Verdict verdict = derive::derive(node.domain, dns, settings_.edge, settings_.derive);
    const bool leans_on_namers =
        node.own_records != Presence::present && verdict.standing == Standing::foreign;
    if (leans_on_namers && anyUnknown(node.named_by)) {
      return notYetKnown(*zone, "a domain that names it as its target is not known yet");
    }
    return verdict;
  }
  if (node.own_records == Presence::notKnown) {
    return notYetKnown(
        *zone, "a name of " + node.domain.text() + " is delegated outside the customer's zones");
  }
  if (mayBeNamedByUnknown(node)) {
    return notYetKnown(*zone, "a domain of the same virtual domain is not known yet");
  }
  return notHosted(zone);
}

bool DomainBook::anyUnknown(const absl::btree_set<DomainId>& domains) const {
  return std::ranges::any_of(
      domains, [&](DomainId id) { return node(id).verdict.standing == Standing::unknown; });
}

// A published domain that nothing asks for was named by others. If it joined them, one of its
// virtual domain that is unknown may still name it; if they did not agree and it stood for itself,
// any unknown one of its customer: a failure never removes. One without records of its own names
// nobody; two such do not wait for each other.
bool DomainBook::mayBeNamedByUnknown(const DomainNode& node) const {
  const auto entry = published_.domains.find(node.domain);
  if (entry == published_.domains.end()) return false;
  if (isOwn(entry->second.did, node.domain)) {
    const auto namers = unknown_namers_.find(*node.customer);
    return namers != unknown_namers_.end() && std::ranges::any_of(namers->second, [&](DomainId id) {
             return &this->node(id) != &node;
           });
  }
  const auto virtual_domain = published_.virtual_domains.find(entry->second.did);
  if (virtual_domain == published_.virtual_domains.end()) return false;
  return std::ranges::any_of(virtual_domain->second.domains, [&](const derive::Domain& companion) {
    if (companion == node.domain) return false;
    const std::optional<DomainId> id = find(companion);
    if (!id) return true;
    const DomainNode& other = this->node(*id);
    return other.verdict.standing == Standing::unknown && other.own_records != Presence::absent;
  });
}

// What is now known of `node` may free those that waited for it: its targets and its companions.
void DomainBook::revisitWaiting(const DomainNode& node, Evaluation& evaluation) const {
  evaluation.also.insert(evaluation.also.end(), node.targets.begin(), node.targets.end());
  const auto entry = published_.domains.find(node.domain);
  if (entry == published_.domains.end()) return;
  const auto virtual_domain = published_.virtual_domains.find(entry->second.did);
  if (virtual_domain == published_.virtual_domains.end()) return;
  for (const derive::Domain& companion : virtual_domain->second.domains) {
    const std::optional<DomainId> id = find(companion);
    const bool waits = id && this->node(*id).own_records != Presence::present &&
                       this->node(*id).verdict.standing == Standing::unknown;
    if (waits && companion != node.domain) evaluation.also.push_back(*id);
  }
}

void DomainBook::readClaim(DomainNode& node, Verdict& verdict) const {
  if (!node.customer) {
    node.claim.reset();
    return;
  }
  const auto owner = dns::Name::prepend(identity::kClaimLabel, node.name);
  if (!owner) return;
  const view::Answer answer = view_.lookup(*node.customer, *owner, dns::RrType::txt);
  addRead(verdict, node.name, answer.name);
  for (const view::Evidence& evidence : answer.evidence) {
    addSource(verdict, evidence.zone);
    addRead(verdict, node.name, evidence.asked);
    addRead(verdict, node.name, evidence.name);
  }
  if (answer.kind == view::Answer::Kind::notKnown) {
    // Without its claim a domain would be another's or its own: it stays as it is published.
    verdict.standing = Standing::unknown;
    verdict.missing = "its " + std::string(identity::kClaimLabel) + " record: " + answer.why;
    return;
  }
  if (answer.kind != view::Answer::Kind::data) {
    node.claim.reset();
    return;
  }
  node.claim = identity::parseClaim(answer.rrset.rdatas, settings_.claim_limits);
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
void DomainBook::updateTargets(DomainId id, Evaluation& evaluation) {
  std::vector<DomainId> targets;
  const Verdict& verdict = node(id).verdict;
  if (verdict.standing == Standing::hosted) {
    for (const dns::Name& target : verdict.targets) {
      const auto domain = derive::Domain::fromName(target);
      const bool ours = domain && view_.speaker(target) == node(id).customer;
      if (ours && *domain != node(id).domain) targets.push_back(ensure(*domain));
    }
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
std::optional<plan::DomainEntry> DomainBook::hostedEntry(const DomainNode& node) const {
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
  if (assignment.reason == identity::Assignment::Reason::own) {
    if (auto kept = keptDefault(node)) assignment.did = std::move(*kept);
  }
  return plan::DomainEntry{assignment.did, plan::State::hosted, transports, role};
}

// A default DID is given once: "name~2" stays when "name" becomes free.
std::optional<identity::Did> DomainBook::keptDefault(const DomainNode& node) const {
  const auto entry = publishedEntry(node);
  if (!entry || !entry->did.text().starts_with(node.domain.text() + "~")) return std::nullopt;
  return holder(entry->did) == node.customer ? std::optional(entry->did) : std::nullopt;
}

std::optional<plan::DomainEntry> DomainBook::publishedEntry(const DomainNode& node) const {
  const auto entry = published_.domains.find(node.domain);
  if (entry == published_.domains.end()) return std::nullopt;
  return entry->second;
}

void DomainBook::settle(DomainId id, Evaluation& evaluation) {
  DomainNode& node = mutableNode(id);
  const bool unknown = node.verdict.standing == Standing::unknown;
  if (!desire(id, unknown ? publishedEntry(node) : hostedEntry(node))) return;
  evaluation.changed = true;
  for (const DomainId target : node.targets) {
    const DomainNode& joined = this->node(target);
    const bool leans_on_namers =
        joined.own_records != Presence::present && joined.verdict.standing == Standing::foreign;
    const bool must_wait = joined.verdict.standing == Standing::unknown ||
                           (leans_on_namers && anyUnknown(joined.named_by));
    if (must_wait) continue;
    if (desire(target, hostedEntry(joined))) evaluation.regrouped.push_back(target);
  }
}

bool DomainBook::desire(DomainId id, std::optional<plan::DomainEntry> entry) {
  DomainNode& node = mutableNode(id);
  if (node.desired == entry) return false;
  if (node.desired) {
    const auto members = members_.find(node.desired->did);
    members->second.erase(id);
    if (members->second.empty()) members_.erase(members);
  }
  node.desired = std::move(entry);
  if (node.desired) {
    members_[node.desired->did].insert(id);
  }
  classify(id);
  return true;
}

void DomainBook::classify(DomainId id) {
  const DomainNode& node = this->node(id);
  if (!node.customer) return;
  const auto put = [id](absl::btree_set<DomainId>& set, bool in) {
    if (in) {
      set.insert(id);
    } else {
      set.erase(id);
    }
  };
  const bool unknown = node.verdict.standing == Standing::unknown && node.desired;
  const bool has_no_records = node.own_records == Presence::absent;
  put(unknown_namers_[*node.customer], unknown && !has_no_records);
  put(orphans_[*node.customer], unknown && has_no_records && node.named_by.empty());
}

void DomainBook::adoptPublished(DomainId id) {
  if (node(id).verdict.standing == Standing::unknown) desire(id, publishedEntry(node(id)));
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
  by_name_.erase(node.name.view());
  nodes_[static_cast<std::size_t>(id)].reset();
  free_.push_back(id);
}

std::optional<plan::DomainEntry> DomainBook::desired(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  return id ? node(*id).desired : std::nullopt;
}

std::vector<derive::Domain> DomainBook::members(const identity::Did& did) const {
  std::vector<derive::Domain> domains;
  if (const auto members = members_.find(did); members != members_.end()) {
    domains.reserve(members->second.size());
    for (const DomainId id : members->second) domains.push_back(node(id).domain);
    std::ranges::sort(domains);
  }
  return domains;
}

std::optional<identity::VirtualDomain> DomainBook::desired(const identity::Did& did) const {
  std::vector<derive::Domain> domains = members(did);
  if (domains.empty()) return std::nullopt;
  const auto published = published_.virtual_domains.find(did);
  const bool is_published = published != published_.virtual_domains.end();
  std::vector<derive::Domain> eldest_first = domains;
  std::ranges::stable_sort(eldest_first, {}, labels);
  const derive::Domain canonical = identity::canonicalOf(
      did, is_published ? std::optional(published->second.canonical) : std::nullopt, eldest_first);

  const DomainNode& speaker = node(*find(canonical));
  if (speaker.verdict.standing == Standing::unknown || !speaker.customer) {
    if (!is_published) return std::nullopt;
    identity::VirtualDomain kept = published->second;
    kept.canonical = canonical;
    kept.domains = std::move(domains);
    return kept;
  }
  const CustomerSettings& customer =
      settings_.customers[static_cast<std::size_t>(*speaker.customer)];
  identity::AttributeResult resolved = identity::resolveAttributes(
      speaker.claim.value_or(identity::Claim{}), customer.grants.setter, settings_.attributes,
      customer.attributes, is_published ? published->second.attributes : identity::Attributes{});
  return identity::VirtualDomain{canonical, customer.name, std::move(domains),
                                 std::move(resolved.attributes)};
}

std::vector<view::ZoneIndex> DomainBook::sources(const derive::Domain& domain) const {
  const std::optional<DomainId> id = find(domain);
  if (!id) return {};
  std::set<view::ZoneIndex> zones(node(*id).verdict.sources.begin(),
                                  node(*id).verdict.sources.end());
  for (const DomainId namer : node(*id).named_by) {
    zones.insert(node(namer).verdict.sources.begin(), node(namer).verdict.sources.end());
  }
  if (node(*id).own_records != Presence::present) addCompanionSources(domain, zones);
  return {zones.begin(), zones.end()};
}

// Who named it, and has it no more, is among those with which it was published.
void DomainBook::addCompanionSources(const derive::Domain& domain,
                                     std::set<view::ZoneIndex>& zones) const {
  const auto entry = published_.domains.find(domain);
  if (entry == published_.domains.end()) return;
  const auto virtual_domain = published_.virtual_domains.find(entry->second.did);
  if (virtual_domain == published_.virtual_domains.end()) return;
  for (const derive::Domain& companion : virtual_domain->second.domains) {
    if (const std::optional<DomainId> id = find(companion)) {
      zones.insert(node(*id).verdict.sources.begin(), node(*id).verdict.sources.end());
    }
  }
}

std::optional<DomainId> DomainBook::next(const dns::Name* after) const {
  const auto it = after == nullptr ? by_name_.begin() : by_name_.upper_bound(after->view());
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
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
    const auto customer =
        std::ranges::find(settings_.customers, published->second.customer, &CustomerSettings::name);
    if (customer != settings_.customers.end()) {
      return view::CustomerId{static_cast<std::uint32_t>(customer - settings_.customers.begin())};
    }
  }
  const auto members = members_.find(did);
  if (members == members_.end()) return std::nullopt;
  return node(*members->second.begin()).customer;
}

}  // namespace zonecast::loop
