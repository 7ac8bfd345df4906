#include "reconciler/loop/planning.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace zonecast::loop {
namespace {

// A slice is some 2 ms of work.
constexpr std::size_t kSortedPerSlice = 4096;
constexpr std::size_t kPlannedPerSlice = 300;
constexpr std::size_t kLookedAtPerSlice = 1000;
constexpr std::size_t kOrderedPerSlice = 8192;

// Moves the first changes out of `from`, at most `count`.
template <typename Key, typename Change>
void moveSome(absl::btree_map<Key, Change>& from, std::vector<Change>& to, std::size_t count) {
  if (to.empty()) to.reserve(from.size());
  auto end = from.begin();
  for (; count > 0 && end != from.end(); ++end, --count) to.push_back(std::move(end->second));
  from.erase(from.begin(), end);
}

template <typename Key, typename Change>
void moveAll(std::vector<Change>& from, absl::btree_map<Key, Change>& to) {
  for (Change& change : from) {
    Key key = change.key;
    to.emplace_hint(to.end(), std::move(key), std::move(change));
  }
}

template <typename Key, typename Value>
void copyEntry(const absl::btree_map<Key, Value>& from, const Key& key,
               absl::btree_map<Key, Value>& to) {
  const auto entry = from.find(key);
  if (entry != from.end()) to.insert(*entry);
}

}  // namespace

void Planning::begin(WallTime now) {
  ++number_;
  began_ = now;
  size_ = 0;
  taken_.clear();
  open_.clear();
  domains_.clear();
  virtual_domains_.clear();
  changes_ = {};
}

void Planning::take(std::vector<derive::Domain> domains, plan::Cause cause) {
  size_ += domains.size();
  taken_.push_back(std::move(domains));
  changes_.causes.push_back(std::move(cause));
}

bool Planning::isDone() const {
  return taken_.empty() && open_.empty() && domains_.empty() && virtual_domains_.empty();
}

void Planning::advance() {
  if (!taken_.empty()) return sortSome();
  if (!open_.empty()) return planSome();
  orderSome();
}

void Planning::sortSome() {
  std::size_t left = kSortedPerSlice;
  while (left > 0 && !taken_.empty()) {
    std::vector<derive::Domain>& domains = taken_.back();
    for (; left > 0 && !domains.empty(); --left) {
      open_.insert(std::move(domains.back()));
      domains.pop_back();
    }
    if (domains.empty()) taken_.pop_back();
  }
}

void Planning::planSome() {
  Slice slice;
  for (std::size_t n = 0; n < kLookedAtPerSlice && slice.domains < kPlannedPerSlice; ++n) {
    if (open_.empty()) break;
    const derive::Domain domain = *open_.begin();
    open_.erase(open_.begin());
    if (!isAsPublished(domain)) close(domain, slice);
  }
  for (const identity::Did& did : slice.dids) {
    copyEntry(published_.virtual_domains, did, slice.published.virtual_domains);
    if (auto wanted = book_.desired(did)) {
      slice.desired.virtual_domains.emplace(did, std::move(*wanted));
    }
  }
  plan::Plan plan = plan::plan(slice.published, slice.desired, hold_);
  for (const plan::Held& held : plan.held) hold(held, slice);
  keep(std::move(plan.changes));
}

// Then there is nothing to plan for its own sake: after a start most of all is so.
bool Planning::isAsPublished(const derive::Domain& domain) const {
  const std::optional<DomainId> id = book_.find(domain);
  return id && book_.isAsPublished(*id) && !held_.reasons().contains(domain);
}

void Planning::close(const derive::Domain& first, Slice& slice) {
  std::vector<derive::Domain> open{first};
  while (!open.empty()) {
    const derive::Domain domain = std::move(open.back());
    open.pop_back();
    const std::optional<DomainId> id = book_.find(domain);
    if (id && !book_.markPlanned(*id, number_)) continue;
    const std::vector<derive::Domain> group = held_.heldWith(domain);
    open.insert(open.end(), group.begin(), group.end());
    held_.release(domain);
    if (!id) continue;  // forgotten: neither published nor desired
    const DomainNode& node = book_.node(*id);
    if (node.published) {
      slice.published.domains.emplace(domain, *node.published);
      enclose(node.published->did, slice, open);
    }
    if (node.desired) {
      slice.desired.domains.emplace(domain, *node.desired);
      enclose(node.desired->did, slice, open);
    }
    ++slice.domains;
  }
}

// Who stays in the virtual domain is planned for its own sake, or is as it was.
void Planning::enclose(const identity::Did& did, Slice& slice,
                       std::vector<derive::Domain>& open) const {
  if (!slice.dids.insert(did).second) return;
  const identity::Members& members = book_.members(did);
  const auto published = published_.virtual_domains.find(did);
  if (published != published_.virtual_domains.end()) {
    std::ranges::set_symmetric_difference(published->second->domains, members,
                                          std::back_inserter(open));
  } else {
    open.insert(open.end(), members.begin(), members.end());
  }
  const std::vector<derive::Domain> held = held_.under(did);
  open.insert(open.end(), held.begin(), held.end());
}

void Planning::hold(const plan::Held& held, const Slice& slice) {
  std::vector<identity::Did> dids;
  for (const plan::Table* table : {&slice.published, &slice.desired}) {
    const auto entry = table->domains.find(held.domain);
    if (entry != table->domains.end()) dids.push_back(entry->second.did);
  }
  held_.hold(held.domain, held.why, std::move(dids), book_.sources(held.domain));
}

void Planning::keep(plan::ChangeSet changes) {
  plan::apply(changes, published_);
  for (const plan::DomainChange& change : changes.domains) {
    const std::optional<DomainId> id = book_.find(change.key);
    assert(id.has_value());
    book_.adoptPublished(*id, true);
    book_.forgetIfIdle(*id);
  }
  for (const plan::VirtualDomainChange& change : changes.virtual_domains) {
    dids_.onPlanned(change, began_);
  }
  moveAll(changes.domains, domains_);
  moveAll(changes.virtual_domains, virtual_domains_);
}

void Planning::orderSome() {
  moveSome(domains_, changes_.domains, kOrderedPerSlice);
  moveSome(virtual_domains_, changes_.virtual_domains, kOrderedPerSlice);
}

plan::ChangeSet Planning::finish() {
  assert(isDone());
  size_ = 0;
  changes_.records = dids_.takeChanges();
  return std::exchange(changes_, {});
}

}  // namespace zonecast::loop
