// Port: where the core tells what happened. One fact, one call; the adapter makes log lines and
// metrics of it. Called from the loop; must not call back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "reconciler/discovery/gate.h"
#include "reconciler/plan/change_set.h"
#include "reconciler/plan/directive.h"
#include "reconciler/plan/version.h"
#include "reconciler/query/answer.h"
#include "reconciler/time.h"
#include "reconciler/xfr/notify_gate.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::ports {

struct NotifyReceived {
  xfr::NotifyResult result{};
  std::string zone;  // as asked; empty when unreadable
  std::string sender;
};
struct Published {
  plan::Version version{};
  std::shared_ptr<const plan::ChangeSet> changes;
  Duration store_took{};
  bool rebased = false;
};
struct StoreOpened {
  plan::Term term{};
  plan::Version version{};
  std::string
      resumption;  // "continues lineage ... at version 17", "empty: begins lineage ...", ...
};
struct StoreLost {
  std::string why;
};
struct StoreTrouble {
  std::string why;
};
struct DiskTrouble {
  std::string why;
};
struct ClaimWarning {  // a zone owner's record that was not (wholly) honoured
  std::string domain;
  std::string text;
};

struct BrakeHolds {  // so many of a customer's domains would go or move that somebody must say yes
  std::string customer;
  std::string digest;
  std::size_t domains = 0;
};
struct BrakeDecided {
  std::string customer;
  bool approved = false;
  std::size_t domains = 0;
};

struct OperatorHolds {  // nothing is published until he releases it
  bool holds = false;
};
struct Directed {
  std::string domain;
  plan::Directive::Kind kind{};
  std::optional<plan::Deadline> until;  // nothing: it is over
  std::string who;                      // "the operator", or "its time"
};

struct DidDisputed {  // nothing about the DID is published until the operator says whose it is
  std::string did;
  std::string on_disk, in_store;  // customers
};

struct DidForgotten {  // of a discovered domain that is gone: there are too many
  std::string did;
};

struct Answered {                          // a question to a resolver, or its failure
  std::optional<query::Failure::Why> why;  // it failed
  std::string text;                        // how
  dns::Name name;
  dns::RrType type{};
  Duration lateness{};  // how long after it was due it was asked
};

struct Wanted {  // a worker asked about a domain
  std::optional<discovery::Refusal> refused;
};
struct WantedTrouble {  // what workers ask, or are told, gets lost
  std::string why;
};

struct ZoneAdded {  // while the process runs
  std::string zone, customer;
  std::string catalog;  // that brought it; empty: the configuration
  std::string how;      // "add", "back", "move", "regroup", "reset"
};
struct ZoneLeaves {  // nobody wants it any more; it is kept for some time
  std::string zone, cause;
  Duration kept{};
};
struct ZoneRemoved {
  std::string zone, cause;
};
struct CatalogBroken {  // it changes nothing
  std::string catalog, text;
};
struct CatalogRead {
  std::string catalog;
  dns::Serial serial;
  std::size_t members = 0, refused = 0;
};
struct CatalogExpired {
  std::string catalog;
  std::size_t members = 0;  // that stay
};
struct MemberRefused {
  std::string catalog, zone, why;
};

using Fact = std::variant<xfr::ZoneCurrent, xfr::ZoneTransferred, xfr::ZoneFailure,
                          xfr::ZoneExpired, xfr::ConnectionsScarce, NotifyReceived, Published,
                          StoreOpened, StoreLost, StoreTrouble, DiskTrouble, ClaimWarning,
                          BrakeHolds, BrakeDecided, OperatorHolds, Directed, DidDisputed,
                          DidForgotten, Answered, Wanted, WantedTrouble, ZoneAdded, ZoneLeaves,
                          ZoneRemoved, CatalogBroken, CatalogRead, CatalogExpired, MemberRefused>;

class Journal {
 public:
  virtual ~Journal() = default;
  virtual void record(const Fact& fact) = 0;
};

}  // namespace zonecast::ports
