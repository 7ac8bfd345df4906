// What the core answers when it is asked how things stand: plain values, for the control socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/derive/verdict.h"
#include "reconciler/identity/virtual_domain.h"
#include "reconciler/loop/did_registry.h"
#include "reconciler/plan/directive.h"
#include "reconciler/plan/table.h"
#include "reconciler/plan/version.h"
#include "reconciler/query/answers.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::loop {

// How it stands with the store; publisher.h draws the transitions.
enum class StoreState : std::uint8_t { closed, opening, reconciling, idle, planning, publishing };
std::string_view toText(StoreState state);
constexpr bool isOpen(StoreState state) {
  return state != StoreState::closed && state != StoreState::opening;
}

// Zones that catalogs brought, by how their catalog stands.
struct MemberCounts {
  std::size_t of_current = 0, of_broken = 0, of_expired = 0, of_unread = 0;
  std::size_t refused = 0;  // or listed twice
};

struct Overview {
  StoreState store{};
  plan::Term term{};
  std::optional<plan::Position> position;
  std::size_t zones = 0, zones_confirmed = 0, zones_loaded = 0, zones_expired = 0,
              zones_in_trouble = 0;
  std::size_t domains_published = 0, virtual_domains_published = 0, domains_held = 0;
  std::size_t domains_retiring = 0, domains_braked = 0;
  std::size_t domains_contested = 0;  // that ask for a DID that they may not have
  std::size_t dids_kept = 0;          // that no domain has, or that are handed over
  std::size_t dids_disputed = 0;
  std::optional<plan::Deadline> held_since;  // by the operator: nothing is published
  std::size_t domains_directed = 0;          // that the operator pinned or blocked
  xfr::TransfersUnderWay transfers;
  std::size_t zones_in_work = 0;  // new content that is being derived from, or saved
  std::size_t domains_to_derive = 0;
  std::size_t domains_waiting = 0;  // to be planned
  query::Answers::Tally answers;
  std::size_t domains_watched = 0, domains_discovered = 0;
  std::size_t zones_leaving = 0;
  MemberCounts members;
  std::size_t domains_wanted = 0;  // that workers asked about, and that are being looked up
};

struct DidReport {
  identity::Did did;
  std::optional<plan::SharedVirtualDomain> in_use;
  std::optional<plan::DidRecord> record;
  std::optional<WallTime> kept_until;  // of one that is freed; nothing: it is reserved
  std::optional<DidRegistry::Dispute> dispute;
};

struct ZoneReport {
  std::string name, customer;
  std::string from;  // the catalog that brought it; empty: the configuration
  bool is_catalog = false;
  std::optional<Duration> leaves_in;  // nobody wants it any more: how long it is kept
  xfr::ZoneStatus status;
  std::string primary;  // its name; empty when it has none yet
  std::size_t records = 0, octets = 0;
};

// What the brake holds of a customer.
struct PlanReport {
  std::string customer;
  std::string digest;
  std::size_t size = 0;
  struct Line {
    derive::Domain domain;
    std::optional<identity::Did> moves_to;  // nothing: it would go
  };
  std::vector<Line> domains;  // the first of them, in order
};

// A domain that is asked about, having no zone here.
struct WatchedReport {
  std::string domain;
  std::string customer;  // "discovered": of itself
  std::string standing;
  std::string missing;  // what is not known
  bool published = false, idle = false;
  std::size_t questions = 0;
  std::optional<Duration> next;  // until the first of them is due
};

struct DomainReport {
  explicit DomainReport(derive::Domain d) : domain(std::move(d)) {}

  derive::Domain domain;
  std::optional<plan::DomainEntry> published, desired;
  std::optional<identity::VirtualDomain> virtual_domain;  // as published
  std::optional<plan::Directive> directive;               // of the operator
  std::string held;                   // why a difference waits; empty when none does
  std::string standing;               // what DNS says now; static: the configuration has it
  std::string missing;                // what is not known, when that is "unknown"
  std::string customer;               // who speaks for the name; empty: nobody
  bool is_looked_up = false;          // some question about it is under way
  std::vector<std::string> warnings;  // about its claim
};

struct DirectiveReport {
  derive::Domain domain;
  plan::Directive directive;
};

struct DomainExplanation {
  DomainReport report;
  derive::Explanation explanation;
};

}  // namespace zonecast::loop
