// What is known of every domain: its verdict and claim, whom it names, which DID that gives it, and
// whom it depends on. The book turns "these names changed" into "these domains may be published
// otherwise", and answers what is desired for a domain and for a virtual domain.
//
// Dependence. A domain's own names (itself and underscored labels above it) follow from the name
// and are not stored; the other names that its verdict read are edges, kept in canonical order, so
// that the fall of a whole subtree finds its readers without a scan. A domain is found by the hash
// of its name; the order serves subtrees alone.
//
// A published domain that DNS points here no more is kept for a while: it stays as it was, with the
// targets that it named, and desires to be published as retiring. So is one whose evidence has
// expired, where the operator wants that; when its grace is over it desires nothing, whatever the
// old evidence says, until somebody confirms that.
//
// What the operator says of a domain goes before what DNS says. A pinned one desires what is
// published of it, and is as if it were kept. A blocked one desires nothing and counts for no
// brake; whom it names stays as published. A pin of what is not published, as when the store has
// lost it, has no effect.
//
// Invariants: an unknown verdict desires exactly what is published. A node exists for a domain that
// records in a zone ask to be tried, that is watched or wanted, that a hosted domain names as its
// target, that is static, or that is published. What is static is served as the configuration has
// it, whatever DNS says. A domain that nobody speaks for, and that is wanted or was
// discovered, speaks for itself alone: it belongs to the customer `settings.discovered`, names no
// other and joins none. A domain that names others never joins another's DID, and one that has
// aliases is none, so joining has no cycles. Nothing that leaves the book depends on the order in
// which nodes were made. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "reconciler/derive/derive.h"
#include "reconciler/identity/virtual_domain.h"
#include "reconciler/loop/customer_dns.h"
#include "reconciler/loop/did_registry.h"
#include "reconciler/loop/directives.h"
#include "reconciler/loop/held_plans.h"
#include "reconciler/loop/partings.h"
#include "reconciler/loop/settings.h"
#include "reconciler/loop/static_domains.h"
#include "reconciler/loop/trial.h"
#include "reconciler/plan/table.h"
#include "reconciler/rare.h"
#include "reconciler/view/name_index.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

using derive::Sources;

inline constexpr auto kFirstStep = [] {
  derive::LeadingByTransport leading;
  leading.fill(derive::Leading::pointers);
  return leading;
}();

// There are as many as domains: the order keeps it small.
struct DomainNode {
  // How it stands with the brake when it would go, or move to another DID.
  enum class Passage : std::uint8_t { none, undecided, held, goes, approved, rejected };

  explicit DomainNode(derive::Domain d) : domain(std::move(d)) {}

  derive::Domain domain;
  bool queued = false;                  // waits in some pass to be evaluated
  bool derived = false;                 // and nothing that its verdict rests on changed since
  Presence tried = Presence::notKnown;  // for its own sake; absent: it is at most named by others
  bool watched = false;                 // the operator said so
  bool wanted = false;                  // a worker asked, and nothing came of it yet
  bool idle = false;                    // no worker has asked for long
  bool is_counted = false;              // among the discovered ones
  bool is_contested = false;            // it asks for a DID that it may not have
  bool is_guest = false;                // under another customer's, who let it in
  bool occluded = false;                // a DNAME or a cut hides its own records
  bool kept = false;                    // DNS does not point it here, and it is still served
  bool is_over = false;                 // its evidence has expired, and so has its grace
  bool is_due = false;                  // kept, and only the brake is between it and its end
  bool was_static = false;              // when it was served last
  bool was_known = false;  // since the start: then `targets` are whom it names, or named last
  Passage passage = Passage::none;
  query::Urgency urgency{};  // with which its questions are held
  // What led clients here when it was served last; all `nothing`: only those that named it. As if
  // by the first step when that was before the start.
  derive::LeadingByTransport hosted_by = kFirstStep;
  std::optional<plan::Directive::Kind> directed;  // by the operator
  std::uint32_t planned_in = 0;  // the planning that saw it last; see markPlanned()
  std::optional<view::CustomerId> customer;
  std::optional<plan::Party> party;  // whose it is published as
  derive::Judgement verdict;
  Rare<std::string> missing;         // unknown: what was, for people
  Rare<identity::Did> uncertain_in;  // one that may name others there; see uncertain_
  Rare<identity::Did> awaited;       // claimed, but another's: it is asked for when it is free
  Rare<identity::Claim> claim;
  Instant wanted_at{};                       // when a worker asked last, as far as is known
  std::vector<query::QuestionId> questions;  // that the verdict rests on; held, each once
  absl::InlinedVector<DomainId, 4> targets;  // other domains of the same customer that it names
  absl::btree_set<DomainId> named_by;
  std::optional<plan::DomainEntry> desired;
  std::optional<plan::DomainEntry> published;  // as the table had it at the last adoptPublished()

  bool isPinned() const { return directed == plan::Directive::Kind::pin && published.has_value(); }
  bool isBlocked() const { return directed == plan::Directive::Kind::block; }
};

class DomainBook : private identity::IdentityContext {
 public:
  struct Rules {
    // The zone is confirmed, and was so last after that instant.
    std::function<bool(view::ZoneIndex, Instant)> confirmed_since;
    // Nobody wants the customer's zone that the name is in any more, and it is kept until then.
    std::function<std::optional<WallTime>(view::CustomerId, dns::NameView)> leaves_at;
    // No primary of the zone has confirmed it for its EXPIRE, and all have failed since.
    std::function<bool(view::ZoneIndex)> has_expired;
  };
  // All of them must outlive the book. `published` is what the store is believed to hold.
  DomainBook(const Settings& settings, const view::View& view, query::Answers& answers,
             const plan::Table& published, const DidRegistry& dids, Rules rules);

  // The domain's id, made when it is new and queued or not as it was.
  DomainId ensure(const derive::Domain& domain);
  std::optional<DomainId> ensure(dns::NameView name);  // nothing when no domain has that name
  std::optional<DomainId> find(dns::NameView name) const;
  std::optional<DomainId> find(const derive::Domain& domain) const { return find(domain.name()); }
  const DomainNode& node(DomainId id) const { return *nodes_[static_cast<std::size_t>(id)]; }
  // Each queues it, and is false when it already was: because what its verdict rests on changed, or
  // because something else did.
  bool markChanged(DomainId id);
  bool markQueued(DomainId id);
  bool markPlanned(DomainId id, std::uint32_t planning);  // false when that planning saw it before
  // It, or a domain that names it, is not evaluated yet against the view as it is now.
  bool isWaiting(const derive::Domain& domain) const;

  // Visits the domains whose evaluation may depend on a name.
  template <typename Visitor>
  void dependentsOfOwner(dns::NameView owner, Visitor&& visit) const;
  // On this name and all below it: some at a time. The same cursor goes on where it stopped; true
  // when all were visited. Domains may come and go meanwhile.
  struct SubtreeCursor {
    bool begun = false, domains_done = false;
    dns::Name at;  // the last name visited
  };
  template <typename Visitor>
  bool dependentsOfSubtree(dns::NameView top, SubtreeCursor& cursor, std::size_t names_max,
                           Visitor&& visit) const;

  // The numbers of customers and resolvers are as they were.
  void onSettingsChanged();

  // The domain stands in the configuration.
  const StaticVirtualDomain* findStatic(const derive::Domain& domain) const {
    return statics_.find(domain);
  }
  const std::vector<derive::Domain>& staticDomains() const { return statics_.domains(); }

  // Whom the domain is tried for; to be evaluated anew.
  void watch(DomainId id) { mutableNode(id).watched = true; }
  void unwatch(DomainId id) { mutableNode(id).watched = false; }
  void want(DomainId id);
  // Some question of it has neither been answered nor failed.
  bool isPending(DomainId id) const;
  // Nothing comes of what a worker asked for, or it is published now.
  void endWanting(DomainId id);
  void touch(DomainId id, Instant now);  // a worker asks for it
  void setIdle(DomainId id);             // until one does
  // It was discovered, and its claim lacks the token that discovery.mode asks for.
  bool lacksToken(const DomainNode& node) const;
  // To be asked again now.
  void refresh(DomainId id, Instant now);

  struct Evaluation {
    bool changed = false;  // what is desired of it, or of its virtual domain, may be otherwise
    std::vector<DomainId> also;       // to be evaluated too: targets gained or lost
    std::vector<DomainId> regrouped;  // whose desired entry changed along with it
    std::vector<DomainId> undecided;  // would go or move: decide() about them when all is evaluated
    std::vector<std::string> warnings;  // only when the claim changed
  };
  // Derives the domain against the view as it is now, and takes it from the queue. The node may be
  // gone afterwards.
  Evaluation evaluate(DomainId id, const Now& now);

  // True when it may go now: it is to be evaluated anew, as if changed.
  bool decide(DomainId id);

  // The published table was replaced or changed, by us: the node learns it, and if it is unknown it
  // desires what is published now.
  void adoptPublished(DomainId id, bool by_us = false);
  // Those that claim the DID, and were not given it: to be evaluated anew, when it is free for
  // them.
  std::vector<DomainId> contenders(const identity::Did& did) const;
  // Drops the node if nothing needs it any more.
  void forgetIfIdle(DomainId id);

  // What is desired; nothing when it shall not be published.
  std::optional<plan::DomainEntry> desired(const derive::Domain& domain) const;
  std::optional<plan::SharedVirtualDomain> desired(const identity::Did& did) const;
  const identity::Members& members(const identity::Did& did) const;
  // It retires, or goes, since its evidence has expired; and whether it has, still.
  bool lapses(DomainId id) const;
  bool hasExpired(const DomainNode& node) const;
  // It is to be as it was before its evidence expired, since the operator wants that now.
  bool isReprieved(const DomainNode& node) const;

  // Its entry is as desired, and so is its virtual domain, as far as it depends on this domain.
  bool isAsPublished(DomainId id) const;

  // The zones on which what is desired of the domain rests.
  Sources sources(const derive::Domain& domain) const;

  // The domains that waited for a zone of the customer to be transferred; they wait no more.
  std::vector<DomainId> takeAwaiting(view::CustomerId customer);

  // In canonical order, from behind `after` (the beginning, when null), as long as visit(node) is
  // true, and `count` nodes at most. Where to go on; nothing after the last.
  template <typename Visitor>
  std::optional<dns::Name> visitInOrder(const dns::Name* after, std::size_t count,
                                        Visitor&& visit) const {
    auto at = after == nullptr ? in_order_.begin() : in_order_.upper_bound(after->view());
    for (; at != in_order_.end(); ++at) {
      const dns::NameView name = at->first;
      if (!visit(node(at->second)) || --count == 0) return dns::Name(name);
    }
    return std::nullopt;
  }

  std::vector<std::string> warnings(DomainId id) const;  // about its claim, as it is now

  // What the operator says of a domain; nothing: no more. Returns the domains to be evaluated anew,
  // as if changed.
  std::vector<DomainId> direct(const derive::Domain& domain,
                               std::optional<plan::Directive> directive);
  const Directives& directives() const { return directives_; }
  // It is as DNS said before the operator spoke, and is to be evaluated first.
  bool defiesDirective(const DomainNode& node) const;

  // The operator decides on what the brake holds of a customer. Returns the domains to be evaluated
  // anew, as if changed.
  std::vector<DomainId> approve(plan::Party party);
  std::vector<DomainId> reject(plan::Party party);
  const HeldPlans& plans() const { return plans_; }
  const std::string& nameOf(plan::Party party) const { return brake_.nameOf(party); }
  // Of whom something is held since they were taken last.
  std::vector<plan::Party> takeAlarms() { return std::exchange(alarms_, {}); }

  Partings& partings() { return partings_; }
  const Partings& partings() const { return partings_; }

  std::size_t wanted() const { return wanted_; }
  std::size_t contested() const { return contested_; }
  // Discovered domains that are to be published; at and below a registrable domain.
  std::size_t discovered() const { return discovered_; }
  std::size_t discoveredUnder(const std::string& registrable) const;

  // Every id is below it; some are of no node.
  DomainId idsEnd() const { return DomainId{static_cast<std::uint32_t>(nodes_.size())}; }
  bool exists(DomainId id) const { return nodes_[static_cast<std::size_t>(id)] != nullptr; }

 private:
  std::optional<identity::Did> didOf(const derive::Domain& domain) const override;
  bool speaksFor(view::CustomerId customer, dns::NameView name) const override;
  const identity::Grants& grants(view::CustomerId customer) const override;
  std::optional<view::CustomerId> customerOf(const derive::Domain& domain) const override;
  bool isConfiguredFor(view::CustomerId customer, const identity::Did& did) const override;
  identity::DidKind didKind() const override { return settings_.did_kind; }
  bool isFreeFor(view::CustomerId customer, const identity::Did& did) const override;
  std::string nameOf(view::CustomerId customer) const override;
  std::string tenureOf(const identity::Did& did) const override;
  std::optional<view::CustomerId> firstToHave(const identity::Did& did) const;
  std::string_view nameOfCustomer(view::CustomerId customer) const;
  std::string_view nameOfDiscovered() const;

  DomainId make(derive::Domain domain);
  DomainNode& mutableNode(DomainId id) { return *nodes_[static_cast<std::size_t>(id)]; }
  bool isDiscovered(const DomainNode& node) const;
  bool isAskedAbout(const DomainNode& node) const;
  std::optional<view::CustomerId> customerOf(const DomainNode& node) const;
  std::map<std::string, std::vector<std::string>> operatorAttributes(
      const identity::Did& did, view::CustomerId customer) const;
  derive::Verdict judge(DomainNode& node, const CustomerDns& dns);
  void askAhead(const DomainNode& node, const CustomerDns& dns) const;
  query::Urgency urgencyOf(const DomainNode& node) const;
  void restOn(DomainNode& node, const CustomerDns* dns);
  void holdAnew(DomainNode& node);
  void setWanted(DomainNode& node, bool wanted);
  void count(DomainNode& node);
  bool isServed(const DomainNode& node) const;
  bool keep(DomainId id, const Now& now);
  std::optional<WallTime> leavesAt(const DomainNode& node) const;
  Parting partingWithZone(DomainId id, WallTime leaves_at, const Now& now) const;
  Parting partingByExpiry(DomainId id, const Now& now) const;
  bool isStillExpired(const DomainNode& node) const;
  bool expiresInVain(const DomainNode& node) const;
  bool wasHeardOf(const DomainNode& node) const;
  std::optional<plan::DomainEntry> unknownEntry(const DomainNode& node) const;
  Parting parting(const DomainNode& node, const Now& now) const;
  plan::RetireCause causeOf(const DomainNode& node) const;
  using Passage = DomainNode::Passage;
  static bool mayPass(const DomainNode& node) {
    return node.passage == Passage::goes || node.passage == Passage::approved;
  }
  static bool isGoing(const DomainNode& node);
  std::optional<plan::DomainEntry> braked(DomainId id, std::optional<plan::DomainEntry> wish,
                                          std::vector<DomainId>& undecided);
  void risk(DomainId id, HeldPlans::Would would);
  void endRisk(DomainId id);
  void hold(DomainId id);
  std::vector<DomainId> decideAll(plan::Party party, Passage passage);
  void account(DomainNode& node, const std::optional<plan::DomainEntry>& before, bool by_us);
  bool mayGo(const DomainNode& node, const Parting& parting) const;
  bool staysAsItIs(DomainId id) const;
  static bool keepsTargets(const DomainNode& node);
  bool restsOnConfirmed(const DomainNode& node, Instant since) const;
  plan::DomainEntry retiringEntry(DomainId id) const;
  static std::optional<plan::DomainEntry> directedEntry(const DomainNode& node);
  std::optional<plan::DomainEntry> wishOf(DomainId id, std::vector<DomainId>& undecided);
  bool leansOnUnknown(const DomainNode& node, const derive::Judgement& verdict) const;
  bool mayBeNamedByUnknown(const DomainNode& node);
  bool mayBeNamedFromMissing(const DomainNode& node) const;
  // The one that it had until now; nothing when it is still the same.
  std::optional<Rare<identity::Claim>> readClaim(DomainNode& node, const CustomerDns* dns,
                                                 derive::Verdict& verdict) const;
  void updateReads(DomainId id, const std::vector<dns::Name>& before,
                   const std::vector<dns::Name>& after);
  void updateTargets(DomainId id, const std::vector<dns::Name>& names, Evaluation& evaluation);
  void updateAliases(DomainId id, const Rare<identity::Claim>& before, Evaluation& evaluation);
  void addAliases(const DomainNode& node, std::vector<DomainId>& domains) const;
  bool asksForPublished(const DomainNode& node) const;
  void settle(DomainId id, Evaluation& evaluation);
  bool desire(DomainId id, std::optional<plan::DomainEntry> entry);
  void setContested(DomainNode& node, bool is_contested);
  void await(DomainNode& node, std::optional<identity::Did> did);
  std::span<const derive::Domain> companions(const DomainNode& node) const;
  std::optional<plan::DomainEntry> publishedEntry(const DomainNode& node) const;
  std::optional<plan::DomainEntry> hostedEntry(DomainNode& node);
  derive::Domain successor(const identity::Did& did, const identity::VirtualDomain* published,
                           const identity::Members& members) const;
  bool hasOwnDid(const DomainNode& node) const;
  std::optional<identity::Did> ownDidBefore(const DomainNode& node) const;
  std::optional<identity::Did> keptDid(const DomainNode& node);
  void addCompanionSources(const DomainNode& node, Sources& zones) const;
  identity::Candidate candidate(const DomainNode& node) const;
  std::vector<DomainId> recount(DomainNode& node);

  const Settings& settings_;
  const view::View& view_;
  StaticDomains statics_;
  query::Answers& answers_;
  const plan::Table& published_;
  const DidRegistry& dids_;
  const Rules rules_;
  WallTime now_{};  // of the evaluation

  Directives directives_;
  Partings partings_;
  plan::Brake brake_;
  // Of those that would go or move: whereto; by customer those that nobody has decided on.
  absl::flat_hash_map<DomainId, HeldPlans::Would> would_;
  absl::flat_hash_map<plan::Party, absl::btree_set<DomainId>> pending_;
  HeldPlans plans_;
  std::vector<plan::Party> alarms_;
  std::size_t wanted_ = 0, discovered_ = 0, contested_ = 0;
  absl::flat_hash_map<std::string, std::uint32_t> discovered_under_;  // by registrable domain
  std::vector<std::unique_ptr<DomainNode>> nodes_;  // by id; a hole where one was forgotten
  std::vector<DomainId> free_;
  view::NameIndex by_hash_;  // of ids, each one higher: an index has no zero
  absl::btree_map<dns::NameView, DomainId, dns::CanonicalLess> in_order_;  // keys live in the nodes
  absl::btree_map<dns::Name, absl::btree_set<DomainId>, dns::CanonicalLess> readers_;
  absl::btree_map<identity::Did, identity::Members> members_;  // by desired DID; none is empty
  // By published DID: how many domains were never known since the start, so that they may name
  // others there; and the domains that wait for the last of these.
  absl::flat_hash_map<identity::Did, std::size_t> uncertain_;  // none is 0
  absl::flat_hash_map<identity::Did, absl::btree_set<DomainId>> waiting_;
  absl::flat_hash_map<identity::Did, absl::btree_set<derive::Domain>> contenders_;
  // By domain: whose claims have an alias= for it. None is empty.
  absl::flat_hash_map<derive::Domain, absl::btree_set<DomainId>> aliased_by_;
  absl::flat_hash_map<view::CustomerId, absl::btree_set<DomainId>> awaiting_;  // its missing zones
};

template <typename Visitor>
void DomainBook::dependentsOfOwner(dns::NameView owner, Visitor&& visit) const {
  if (const auto own = find(derive::ownDomainName(owner))) visit(*own);
  if (const auto read = readers_.find(owner); read != readers_.end()) {
    for (const DomainId id : read->second) visit(id);
  }
}

template <typename Visitor>
bool DomainBook::dependentsOfSubtree(dns::NameView top, SubtreeCursor& cursor,
                                     std::size_t names_max, Visitor&& visit) const {
  const auto isBelow = [&](const auto& names, auto it) {
    return it != names.end() && dns::NameView(it->first).isAtOrUnder(top);
  };
  const auto firstOf = [&](const auto& names) {
    return cursor.begun ? names.upper_bound(cursor.at.view()) : names.lower_bound(top);
  };
  if (!cursor.domains_done) {
    // A subtree may begin at an underscored name of a domain (a cut at _tcp.example.com).
    const auto own = cursor.begun ? std::nullopt : find(derive::ownDomainName(top));
    if (own) visit(*own);
    auto it = firstOf(in_order_);
    for (; names_max > 0 && isBelow(in_order_, it); ++it, --names_max) {
      visit(it->second);
      cursor.begun = true;
      cursor.at = dns::Name(it->first);
    }
    if (isBelow(in_order_, it)) return false;
    cursor = {.begun = false, .domains_done = true, .at = {}};
  }
  auto it = firstOf(readers_);
  for (; names_max > 0 && isBelow(readers_, it); ++it, --names_max) {
    for (const DomainId id : it->second) visit(id);
    cursor.begun = true;
    cursor.at = it->first;
  }
  return !isBelow(readers_, it);
}

}  // namespace zonecast::loop
