// Brings the store to what is desired, one publication at a time, and knows what the store holds.
//
//   closed -> opening -> reconciling -> idle <-> planning -> publishing
//                ^                                              |
//                +------------------ lost ----------------------+
//
// Work is a set of domains that may differ; what differs is planned (see Planning) only when the
// store is free to take it, against what is published by then. Small works that wait are gathered
// into one publication; a large one is a publication of its own. What comes of an edit goes before
// what comes of a whole zone.
//
// A store that has lost what it held while we were away gets it back from the last good copies: the
// publisher waits until every zone has answered or failed once, and then holds nothing back for
// want of confirmation. Readers keep what they have meanwhile, and lose no domain to a primary that
// is down.
//
// What another leader published since we did is the state to go on from, as what is found at a
// start.
//
// Invariants: versions only grow; a publication names the position that it follows; after a loss
// nothing is assumed, the store is read back; `published` is what the store holds, or will hold
// when the publication under way succeeds. A store that lost data gets back what it had: that it
// lost it is a failure, and failures never remove. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "reconciler/loop/domain_book.h"
#include "reconciler/loop/held_domains.h"
#include "reconciler/loop/planning.h"
#include "reconciler/loop/status.h"
#include "reconciler/plan/plan.h"
#include "reconciler/plan/version.h"
#include "reconciler/ports/clock.h"
#include "reconciler/ports/disk.h"
#include "reconciler/ports/journal.h"
#include "reconciler/ports/state_store.h"

namespace zonecast::loop {

class Publisher {
 public:
  struct Ports {
    ports::Clock& clock;
    ports::StateStore& store;
    ports::Disk& disk;
    ports::Journal& journal;
  };
  struct Rules {
    plan::HoldRule hold;                   // why nothing about a domain may be published yet
    std::function<bool()> zones_answered;  // every zone with a copy was confirmed, or failed once
  };
  // Everything must outlive the publisher.
  Publisher(const Settings& settings, Ports ports, plan::Table& published, DomainBook& book,
            DidRegistry& dids, Rules rules, std::mt19937_64& random);

  void start(const ports::SavedPublisher& saved);

  struct Work {
    std::vector<derive::Domain> domains;
    plan::Cause cause;
    bool is_edit = false;
  };
  void submit(Work work);
  // Nothing is published until it is taken off hold; what was begun is finished. What would be
  // published is gathered.
  void setOnHold(bool on_hold) { on_hold_ = on_hold; }
  void onReconciled(Work everything);  // the pass over a replaced table is done

  // Plans a slice of what waits, or begins a publication; false when there is nothing to do now.
  bool advance();
  bool hasWork() const;  // advance() has something to do

  // Reports of the store.
  struct Opening {
    bool replaced = false;          // the published table was, and must be reconciled
    bool others_published = false;  // from zones that may be newer than ours
  };
  Opening onOpened(ports::StoredState state, bool unchanged);
  void onPublished(plan::Position position);
  void onLost(std::string why);

  // While a publication is: what it changes.
  const std::shared_ptr<const plan::ChangeSet>& underWay() const { return changes_; }

  StoreState state() const { return state_; }
  // The next publication gives back what the store has lost.
  bool putsBack() const { return puts_back_; }
  plan::Term term() const { return term_; }
  const std::optional<plan::Position>& position() const { return position_; }
  const std::map<derive::Domain, std::string>& held() const { return held_.reasons(); }
  std::vector<derive::Domain> heldOn(view::ZoneIndex zone) const { return held_.restingOn(zone); }
  // Domains that were held are planned again: their zone was confirmed.
  void releaseHeld(view::ZoneIndex zone);
  void releaseHeld(const identity::Did& did);  // it is disputed no more
  std::size_t waiting() const;

 private:
  struct Resumption {
    bool rebase = false;
    std::string text;
    bool lost_ours = false;  // it had what we published, and has it no more
  };
  Resumption resume(const ports::StoredState& state) const;
  bool othersPublished(const ports::StoredState& state) const;
  bool wantsToPublish() const {
    return (rebase_ || !edits_.empty() || !waiting_.empty() || dids_.hasChanges()) && !mustWait();
  }
  bool mustWait() const { return on_hold_ || (puts_back_ && !rules_.zones_answered()); }
  void gather(std::vector<derive::Domain> more);
  void takeWork();
  void takeFrom(std::deque<Work>& works);
  void finishPlanning();
  void beginPublication();
  void dropReplaced();
  plan::Lineage newLineage();
  void open();

  const Settings& settings_;
  Ports ports_;
  plan::Table& published_;
  DidRegistry& dids_;
  Rules rules_;
  std::mt19937_64& random_;

  StoreState state_ = StoreState::closed;
  plan::Term term_{};
  std::optional<plan::Position> position_;  // what the store acknowledged last
  std::optional<plan::Position> found_;     // what open() found, when it must be rebased
  bool rebase_ = false;
  bool puts_back_ = false;
  bool on_hold_ = false;
  std::optional<plan::Lineage> begun_;  // by the rebase whose outcome is not known
  bool opened_ = false;                 // published_ is what the store held at position_
  bool known_ = false;                  // published_ is at least what we last published
  plan::Version newest_{};              // the highest version seen anywhere

  std::deque<Work> edits_, waiting_;
  std::size_t gathered_max_ = 0;  // how many may be gathered before they are sorted out
  HeldDomains held_;
  Planning planning_;
  std::shared_ptr<const plan::ChangeSet> changes_;  // under way
  std::list<plan::Table> replaced_;                 // to be freed, some entries at a time
  Instant began_{};
};

}  // namespace zonecast::loop
