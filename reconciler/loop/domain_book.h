// What is known of every domain: its verdict and claim, whom it names, which DID that gives it, and
// whom it depends on. The book turns "these names changed" into "these domains may be published
// otherwise", and answers what is desired for a domain and for a virtual domain.
//
// Dependence. A domain's own names (itself and underscored labels above it) follow from the name
// and are not stored; the other names that its verdict read are edges, kept in canonical order, so
// that the fall of a whole subtree finds its readers without a scan.
//
// Invariants: an unknown verdict desires exactly what is published. A node exists for a domain that
// records in a zone ask to be tried, that a hosted domain names as its target, or that is
// published. A domain that names others never joins another's DID, so joining has no cycles.
// Nothing that leaves the book depends on the order in which nodes were made. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "reconciler/derive/derive.h"
#include "reconciler/identity/virtual_domain.h"
#include "reconciler/loop/settings.h"
#include "reconciler/loop/trial.h"
#include "reconciler/plan/table.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

enum class DomainId : std::uint32_t {};

struct DomainNode {
  DomainNode(derive::Domain d, dns::Name n) : domain(std::move(d)), name(std::move(n)) {}

  derive::Domain domain;
  dns::Name name;
  bool queued = false;                        // waits in some pass to be evaluated
  Presence own_records = Presence::notKnown;  // absent: it is at most named by others
  bool occluded = false;                      // a DNAME hides what may stand at its own names
  std::optional<view::CustomerId> customer;
  derive::Verdict verdict;
  std::optional<identity::Claim> claim;
  std::vector<DomainId> targets;  // other domains of the same customer that it names
  absl::btree_set<DomainId> named_by;
  std::optional<plan::DomainEntry> desired;
};

class DomainBook : private identity::IdentityContext {
 public:
  // All of them must outlive the book. `published` is what the store is believed to hold.
  DomainBook(const Settings& settings, const view::View& view, const plan::Table& published);

  // The domain's id, made when it is new and queued or not as it was.
  DomainId ensure(const derive::Domain& domain);
  std::optional<DomainId> find(const derive::Domain& domain) const;
  const DomainNode& node(DomainId id) const { return *nodes_[static_cast<std::size_t>(id)]; }
  bool markQueued(DomainId id);  // false when it already was
  // It, or a domain that names it, is not evaluated yet against the view as it is now.
  bool isWaiting(const derive::Domain& domain) const;

  // Visits the domains whose evaluation may depend on these names.
  template <typename Visitor>
  void dependentsOfOwner(dns::NameView owner, Visitor&& visit) const;
  template <typename Visitor>
  void dependentsOfSubtree(dns::NameView top, Visitor&& visit) const;

  struct Evaluation {
    bool changed = false;  // what is desired of it, or of its virtual domain, may be otherwise
    std::vector<DomainId> also;         // to be evaluated too: targets gained or lost
    std::vector<DomainId> regrouped;    // whose desired entry changed along with it
    std::vector<std::string> warnings;  // only when the claim changed
  };
  // Derives the domain against the view as it is now, and takes it from the queue. The node may be
  // gone afterwards.
  Evaluation evaluate(DomainId id);

  // The published table was replaced or changed: a node that is unknown desires what it has now.
  void adoptPublished(DomainId id);
  // Drops the node if nothing needs it any more.
  void forgetIfIdle(DomainId id);

  // What is desired; nothing when it shall not be published.
  std::optional<plan::DomainEntry> desired(const derive::Domain& domain) const;
  std::optional<identity::VirtualDomain> desired(const identity::Did& did) const;
  std::vector<derive::Domain> members(const identity::Did& did) const;  // ascending

  // The zones on which what is desired of the domain rests.
  std::vector<view::ZoneIndex> sources(const derive::Domain& domain) const;

  std::vector<std::string> warnings(DomainId id) const;  // about its claim, as it is now

  // In canonical order, from the first domain after `after` on.
  std::optional<DomainId> next(const dns::Name* after) const;

 private:
  std::optional<identity::Did> didOf(const derive::Domain& domain) const override;
  bool speaksFor(view::CustomerId customer, dns::NameView name) const override;
  const identity::Grants& grants(view::CustomerId customer) const override;
  std::optional<view::CustomerId> holder(const identity::Did& did) const override;
  std::string nameOf(view::CustomerId customer) const override;

  DomainNode& mutableNode(DomainId id) { return *nodes_[static_cast<std::size_t>(id)]; }
  derive::Verdict judge(DomainNode& node) const;
  bool anyUnknown(const absl::btree_set<DomainId>& domains) const;
  bool mayBeNamedByUnknown(const DomainNode& node) const;
  void readClaim(DomainNode& node, derive::Verdict& verdict) const;
  void updateReads(DomainId id, const std::vector<dns::Name>& before,
                   const std::vector<dns::Name>& after);
  void updateTargets(DomainId id, Evaluation& evaluation);
  void settle(DomainId id, Evaluation& evaluation);
  bool desire(DomainId id, std::optional<plan::DomainEntry> entry);
  std::optional<plan::DomainEntry> publishedEntry(const DomainNode& node) const;
  std::optional<plan::DomainEntry> hostedEntry(const DomainNode& node) const;
  std::optional<identity::Did> keptDefault(const DomainNode& node) const;
  void addCompanionSources(const derive::Domain& domain, std::set<view::ZoneIndex>& zones) const;
  identity::Candidate candidate(const DomainNode& node) const;
  void revisitWaiting(const DomainNode& node, Evaluation& evaluation) const;
  void classify(DomainId id);

  const Settings& settings_;
  const view::View& view_;
  const plan::Table& published_;

  std::vector<std::unique_ptr<DomainNode>> nodes_;  // by id; a hole where one was forgotten
  std::vector<DomainId> free_;
  absl::btree_map<dns::NameView, DomainId, dns::CanonicalLess> by_name_;  // keys live in the nodes
  absl::btree_map<dns::Name, absl::btree_set<DomainId>, dns::CanonicalLess> readers_;
  absl::btree_map<identity::Did, absl::btree_set<DomainId>> members_;
  // By customer: published domains that are not known and may name others, and those that only such
  // a one can ask for.
  using ByCustomer = std::map<view::CustomerId, absl::btree_set<DomainId>>;
  ByCustomer unknown_namers_, orphans_;
};

template <typename Visitor>
void DomainBook::dependentsOfOwner(dns::NameView owner, Visitor&& visit) const {
  if (const auto own = by_name_.find(derive::ownDomainName(owner)); own != by_name_.end()) {
    visit(own->second);
  }
  if (const auto read = readers_.find(owner); read != readers_.end()) {
    for (const DomainId id : read->second) visit(id);
  }
}

template <typename Visitor>
void DomainBook::dependentsOfSubtree(dns::NameView top, Visitor&& visit) const {
  // A subtree may begin at an underscored name of a domain (a cut at _tcp.example.com).
  if (const auto own = by_name_.find(derive::ownDomainName(top)); own != by_name_.end()) {
    visit(own->second);
  }
  for (auto it = by_name_.lower_bound(top); it != by_name_.end() && it->first.isAtOrUnder(top);
       ++it) {
    visit(it->second);
  }
  for (auto it = readers_.lower_bound(top);
       it != readers_.end() && it->first.view().isAtOrUnder(top); ++it) {
    for (const DomainId id : it->second) visit(id);
  }
}

}  // namespace zonecast::loop
