// Domains that would go, or move to another DID: whether the brake lets them, and what the operator
// says of those that it holds.
//
//   none -> undecided -> goes ------------> none, when it is published
//               |
//               '-> held -> approved -----> likewise
//                     |
//                     '---> rejected        until DNS says something else of it
//
// They end at any time when DNS takes it back. A decision is on one place to go to: another is
// undecided.

#include <algorithm>

#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {
namespace {

// Nobody has said yes or no to it.
bool countsAsPending(DomainNode::Passage passage) {
  using Passage = DomainNode::Passage;
  return passage == Passage::undecided || passage == Passage::held || passage == Passage::goes;
}

}  // namespace

// Until it may pass it stays where it is.
std::optional<plan::DomainEntry> DomainBook::braked(DomainId id,
                                                    std::optional<plan::DomainEntry> wish,
                                                    std::vector<DomainId>& undecided) {
  DomainNode& node = mutableNode(id);
  const bool moves = wish && node.published && wish->did != node.published->did;
  const bool goes = node.published && (node.kept || !wish);
  if (!moves && !goes) {
    endRisk(id);
    return wish;
  }
  risk(id, goes ? std::nullopt : HeldPlans::Would(wish->did));
  if (node.passage == Passage::undecided) undecided.push_back(id);
  if (node.kept || mayPass(node)) return wish;
  if (!wish) return node.published;
  wish->did = node.published->did;
  return wish;
}

void DomainBook::risk(DomainId id, HeldPlans::Would would) {
  DomainNode& node = mutableNode(id);
  const auto known = would_.find(id);
  const bool is_new = known == would_.end();
  if (!is_new && known->second == would) return;
  would_.insert_or_assign(id, would);
  if (is_new || !countsAsPending(node.passage)) {
    brake_.pend(*node.party);
    pending_[*node.party].insert(id);
    node.passage = Passage::undecided;
  } else if (node.passage == Passage::held) {
    plans_.hold(*node.party, node.domain, std::move(would));
  } else {
    node.passage = Passage::undecided;
  }
}

void DomainBook::endRisk(DomainId id) {
  DomainNode& node = mutableNode(id);
  if (would_.erase(id) == 0) return;
  if (countsAsPending(node.passage)) {
    brake_.unpend(*node.party);
    const auto pending = pending_.find(*node.party);
    pending->second.erase(id);
    if (pending->second.empty()) pending_.erase(pending);
  }
  if (node.passage == Passage::held) plans_.release(*node.party, node.domain);
  node.passage = Passage::none;
}

// With the first that is held of a customer goes all that nobody has decided on.
bool DomainBook::decide(DomainId id) {
  if (!exists(id) || node(id).passage != Passage::undecided) return false;
  const plan::Party party = *node(id).party;
  if (brake_.holds(party)) {
    if (!plans_.plans().contains(party)) {
      alarms_.push_back(party);
      for (const DomainId other : pending_.at(party)) {
        if (node(other).passage == Passage::undecided) hold(other);
      }
    } else {
      hold(id);
    }
    return false;
  }
  if (node(id).kept && !node(id).is_due) return false;
  mutableNode(id).passage = Passage::goes;
  return true;
}

void DomainBook::hold(DomainId id) {
  DomainNode& node = mutableNode(id);
  node.passage = Passage::held;
  plans_.hold(*node.party, node.domain, would_.at(id));
}

std::vector<DomainId> DomainBook::approve(plan::Party party) {
  std::vector<DomainId> decided = decideAll(party, Passage::approved);
  brake_.release(party);
  return decided;
}

std::vector<DomainId> DomainBook::reject(plan::Party party) {
  return decideAll(party, Passage::rejected);
}

std::vector<DomainId> DomainBook::decideAll(plan::Party party, Passage passage) {
  std::vector<DomainId> decided;
  const auto found = pending_.find(party);
  if (found == pending_.end()) return decided;
  std::ranges::copy_if(found->second, std::back_inserter(decided),
                       [this](DomainId id) { return node(id).passage == Passage::held; });
  for (const DomainId id : decided) {
    DomainNode& node = mutableNode(id);
    plans_.release(party, node.domain);
    brake_.unpend(party);
    found->second.erase(id);
    node.passage = passage;
  }
  if (found->second.empty()) pending_.erase(found);
  return decided;
}

// What the operator approved or blocked does not count against what comes next.
void DomainBook::account(DomainNode& node, const std::optional<plan::DomainEntry>& before,
                         bool by_us) {
  const bool counts = by_us && node.passage != Passage::approved && !node.isBlocked();
  const bool has_moved = before && node.published && before->did != node.published->did;
  std::optional<plan::Party> party;
  if (node.published) {
    const auto virtual_domain = published_.virtual_domains.find(node.published->did);
    // Without one the table is damaged, and the domain is nobody's.
    party = brake_.party(virtual_domain != published_.virtual_domains.end()
                             ? std::string_view(virtual_domain->second->customer)
                             : std::string_view());
  }
  // It was counted where it was; whether it is to go from where it is now is for the next
  // evaluation.
  if (before && (has_moved || party != node.party)) endRisk(*find(node.domain));
  if (has_moved && counts && node.party) brake_.onMoved(*node.party);
  if (party == node.party) return;
  const bool appears_or_goes = !party || !node.party;
  if (node.party) brake_.onGone(*node.party, counts && appears_or_goes);
  if (party) brake_.onAppeared(*party, counts && appears_or_goes);
  node.party = party;
}

}  // namespace zonecast::loop
