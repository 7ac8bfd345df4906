// Port: the embedded store on the local disk, which survives our own restart.
//
// Contract: what is read back at a start is what the last completed save of each item wrote, whole
// or not at all. Saves return at once, are done on another thread in the order of the calls, and
// may be lost by a crash; a failure is reported to the DiskListener from the loop, and the item
// keeps its older value.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reconciler/identity/did.h"
#include "reconciler/plan/did_record.h"
#include "reconciler/plan/directive.h"
#include "reconciler/plan/history.h"
#include "reconciler/plan/version.h"
#include "reconciler/view/zone.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::ports {

// A zone's records packed for disk: see `dns/packed_records.h`.
using PackedRecords = std::vector<std::uint8_t>;

struct SavedZone {
  dns::Name name;
  xfr::HeldCopy copy;
  std::vector<PackedRecords> pieces;              // the full zone, in any number of pieces
  std::vector<std::vector<view::Delta>> journal;  // chains applied since, oldest first
};

struct SavedPublisher {
  plan::Term term{};
  std::optional<plan::Position> position;
  std::optional<plan::Lineage> begun{};  // by a rebase whose outcome was not known yet
};

// Whose a zone is and why it is here, as long as it is: what the next start must know before
// anybody can say so again.
struct SavedBinding {
  dns::Name zone;
  std::string customer;
  std::string catalog{};  // that it is a member of; empty: the configuration names it
  std::string label{};    // the member's
  std::vector<std::string> groups{};
  std::optional<WallTime> leaving_since{};
  std::string cause{};  // of that

  friend bool operator==(const SavedBinding&, const SavedBinding&) = default;
};

// What is known of a DID: whose it is, in use and beside that.
struct SavedDid {
  struct Use {
    std::string customer;
    derive::Domain canonical;
    friend bool operator==(const Use&, const Use&) = default;
  };

  identity::Did did;
  std::optional<Use> use;
  std::optional<plan::DidRecord> record;
  friend bool operator==(const SavedDid&, const SavedDid&) = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Replaces the zone's copy, its timers and its journal. The last piece arrives with `last`;
  // pieces of one zone come in order, and nothing of it counts before the last is there.
  virtual void saveZonePiece(const dns::Name& zone, PackedRecords piece, bool first,
                             const std::optional<xfr::HeldCopy>& last) = 0;
  // Appends to the zone's journal.
  virtual void saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                             const xfr::HeldCopy& copy) = 0;
  virtual void saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) = 0;
  virtual void removeZone(const dns::Name& zone) = 0;
  virtual void saveBinding(const SavedBinding& binding) = 0;
  virtual void removeBinding(const dns::Name& zone) = 0;
  // Each as it is now, in place of what was saved of it; of one that has neither use nor record
  // nothing is kept.
  virtual void saveDids(std::vector<SavedDid> dids) = 0;
  virtual void savePublisher(const SavedPublisher& publisher) = 0;
  // Nothing: the operator says no more of the domain.
  virtual void saveDirective(const derive::Domain& domain,
                             const std::optional<plan::Directive>& directive) = 0;
  // Since when the operator holds everything; nothing: he does not.
  virtual void saveHold(const std::optional<plan::Deadline>& since) = 0;
  // Appends to what is kept of each domain (ports/history.h), within the policy.
  virtual void saveHistory(std::vector<plan::DomainEvent> events,
                           const plan::HistoryPolicy& policy) = 0;
};

class DiskListener {
 public:
  virtual ~DiskListener() = default;
  virtual void onDiskTrouble(std::string why) = 0;
};

}  // namespace zonecast::ports
