// Whose each DID is, also when no domain has it any more (DESIGN section 5, tombstones).
//
// What is published tells it of every DID in use; the table's records (plan/did_record.h) of those
// that are not, and of those that are handed over. All of it is on disk too. Once the store was
// opened, both are held against each other, DID by DID: what one of them has lost it gets back from
// the other, and where they name different customers the DID is *disputed*: nobody gets it, and
// nothing about it is published until the operator says whose it is.
//
// Invariants: a DID that was published is never another customer's, unless the operator hands it
// over; but of discovered domains, of which anybody can make any number come and go, so many are
// remembered as the operator says, those that went last. What is acknowledged by the store is saved
// to disk after, in slices. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/flat_hash_map.h"
#include "reconciler/loop/settings.h"
#include "reconciler/plan/change_set.h"
#include "reconciler/plan/table.h"
#include "reconciler/ports/disk.h"
#include "reconciler/ports/journal.h"

namespace zonecast::loop {

class DidRegistry {
 public:
  // All of them must outlive it. `published` is what the store is believed to hold.
  DidRegistry(const Settings& settings, plan::Table& published, ports::Disk& disk,
              ports::Journal& journal);

  // Before the start: what the disk had, ascending.
  void remember(ports::SavedDid saved) { remembered_.push_back(std::move(saved)); }
  // The table is another one than we believed; these were its records. It may be known to follow on
  // what we published last: then it knows better than the disk.
  void onReplaced(const absl::btree_map<identity::Did, plan::DidRecord>& before, bool follows_on);
  // Holds some of the table against what is remembered; how many DIDs that were, 0 when it is done.
  std::size_t reconcile(std::size_t dids_max);

  // What is known of it beside its virtual domain.
  const plan::DidRecord* record(const identity::Did& did) const;
  // Its canonical domain when it was in use; the store has lost it.
  const derive::Domain* lostCanonical(const identity::Did& did) const;
  // Of more DIDs than those in use.
  bool knowsMore() const { return !published_.records.empty() || !remembered_.empty(); }
  // Somebody has it, or had it.
  bool isKnown(const identity::Did& did) const;

  struct Dispute {
    std::string on_disk, in_store;  // customers
  };
  const std::map<identity::Did, Dispute>& disputes() const { return disputes_; }

  // It is about to be published so: a DID that comes into use, or is freed.
  void onPlanned(const plan::VirtualDomainChange& change, WallTime now);
  // What became of the table's records, for the next change set.
  std::vector<plan::RecordChange> takeChanges();
  bool hasChanges() const { return !changes_.empty(); }
  // The store has it now: to be saved.
  void onPublished(std::shared_ptr<const plan::ChangeSet> changes);
  bool hasWork() const { return !to_save_.empty(); }
  void saveSome();

  // The operator hands the DID over; the sentence says what comes of it, or why it is not possible.
  tl::expected<std::string, std::string> handOver(const identity::Did& did,
                                                  std::string_view customer);

 private:
  void set(const identity::Did& did, std::optional<plan::DidRecord> record);
  bool isOfDiscovered(const plan::DidRecord& record) const;
  void forgetTooMany();
  void reconcile(const identity::Did& did, const ports::SavedDid* remembered);
  const ports::SavedDid* remembered(const identity::Did& did) const;
  ports::SavedDid present(const identity::Did& did) const;
  std::string_view discovered() const;

  const Settings& settings_;
  plan::Table& published_;
  ports::Disk& disk_;
  ports::Journal& journal_;

  std::vector<ports::SavedDid> remembered_;  // ascending; empty once it was held against the table
  std::optional<identity::Did> cursor_;      // that was held against it last
  bool follows_on_ = false;
  absl::flat_hash_map<identity::Did, derive::Domain> lost_;
  std::set<std::pair<WallSecond, identity::Did>> gone_discovered_;  // freed, and when
  std::map<identity::Did, Dispute> disputes_;
  std::map<identity::Did, plan::RecordChange> changes_;
  std::deque<std::shared_ptr<const plan::ChangeSet>> to_save_;
  std::size_t saved_ = 0;  // of the first of them
};

}  // namespace zonecast::loop
