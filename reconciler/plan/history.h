// What became of each domain: one entry for each change set that changed what is published of it.
// Values, and pure functions on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/plan/table.h"
#include "reconciler/plan/version.h"

namespace zonecast::plan {

struct HistoryPolicy {
  std::uint32_t per_domain = 100;  // entries of one domain, the oldest go first; 0: none is kept
  std::uint32_t days = 400;        // for which an entry is kept
};

struct HistoryEntry {
  Version version{};
  Deadline time{};  // when it was acknowledged; whole seconds
  std::optional<DomainEntry> before, after;
  // The record that led to it ("_sip._udp.example.com SRV: 10 5 5060 sip.example.net") and where it
  // stands ("zone example.com serial 17"), as far as they are known.
  std::string record{}, source{};
  std::string cause{};  // of the change set
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

struct DomainHistory {
  std::vector<HistoryEntry> entries;  // ascending by version
  bool is_cut = false;                // there were older ones
  friend bool operator==(const DomainHistory&, const DomainHistory&) = default;
};

struct DomainEvent {
  derive::Domain domain;
  HistoryEntry entry;
};

// "hosted", "moved" (to another DID), "retired", "returned", "removed", "changed" (anything else).
std::string_view whatHappened(const HistoryEntry& entry, bool is_first);

// What the domain was published as at a version, by its history.
struct StateAt {
  bool is_known = true;
  std::optional<DomainEntry> entry{};
};
StateAt stateAt(const DomainHistory& history, Version version);

// Adds an entry, and drops those that are too old or too many. The newest version dropped, if any.
std::optional<Version> append(DomainHistory& history, HistoryEntry entry,
                              const HistoryPolicy& policy);
// Likewise, of what is older than the policy allows at `now`; the newest entry stays as long as the
// domain is published by it.
std::optional<Version> dropOld(DomainHistory& history, Deadline now, const HistoryPolicy& policy);

}  // namespace zonecast::plan
