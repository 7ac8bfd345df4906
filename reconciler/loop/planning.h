// One publication in the making: from domains that may be published otherwise to a change set, in
// slices, so that no turn of the loop is long however much there is to plan.
//
//   take()n domains are sorted -> closed over virtual domains and planned -> brought into order
//
// A slice is closed over virtual domains: with a domain go all that enter or leave the virtual
// domain that it is in or shall be in, and all that were held with it, so that a virtual domain is
// only ever published as a whole.
//
// What is planned stands in `published` at once: it is what the store will hold. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "reconciler/loop/did_registry.h"
#include "reconciler/loop/domain_book.h"
#include "reconciler/loop/held_domains.h"
#include "reconciler/plan/plan.h"

namespace zonecast::loop {

class Planning {
 public:
  // All of them must outlive it.
  Planning(plan::Table& published, DomainBook& book, DidRegistry& dids, HeldDomains& held,
           const plan::HoldRule& hold)
      : published_(published), book_(book), dids_(dids), held_(held), hold_(hold) {}

  void begin(WallTime now);  // what was under way is dropped
  void take(std::vector<derive::Domain> domains, plan::Cause cause);
  std::size_t size() const { return size_; }  // domains taken

  void advance();
  bool isDone() const;
  plan::ChangeSet finish();

 private:
  struct Slice {
    plan::Table published, desired;
    absl::flat_hash_set<identity::Did> dids;
    std::size_t domains = 0;
  };
  void sortSome();
  void planSome();
  bool isAsPublished(const derive::Domain& domain) const;
  void close(const derive::Domain& first, Slice& slice);
  void enclose(const identity::Did& did, Slice& slice, std::vector<derive::Domain>& open) const;
  void hold(const plan::Held& held, const Slice& slice);
  void keep(plan::ChangeSet changes);
  void orderSome();

  plan::Table& published_;
  DomainBook& book_;
  DidRegistry& dids_;
  HeldDomains& held_;
  const plan::HoldRule& hold_;

  std::uint32_t number_ = 0;  // of this planning
  WallTime began_{};
  std::size_t size_ = 0;
  std::vector<std::vector<derive::Domain>> taken_;
  absl::btree_set<derive::Domain> open_;  // sorted, to be planned
  absl::btree_map<derive::Domain, plan::DomainChange> domains_;
  absl::btree_map<identity::Did, plan::VirtualDomainChange> virtual_domains_;
  plan::ChangeSet changes_;
};

}  // namespace zonecast::loop
