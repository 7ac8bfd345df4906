// The state that proxies read: domains and virtual domains, as values.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/container/btree_map.h"
#include "reconciler/derive/domain.h"
#include "reconciler/derive/edge.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/identity/did.h"
#include "reconciler/identity/virtual_domain.h"
#include "reconciler/plan/did_record.h"
#include "reconciler/plan/retirement.h"
#include "reconciler/shared.h"

namespace zonecast::plan {

enum class State : std::uint8_t { hosted, retiring };  // both mean "serve"
std::string_view toText(State state);

struct DomainEntry {
  identity::Did did;
  State state = State::hosted;
  derive::TransportSet transports;
  derive::Role role = derive::Role::primary;
  // Retiring: why, and until when it is served at least.
  RetireCause cause = RetireCause::none;
  Deadline until{};
  friend bool operator==(const DomainEntry&, const DomainEntry&) = default;
};

using SharedVirtualDomain = Shared<identity::VirtualDomain>;

// Equality is of what is published: no serials, TTLs or times of ours in it.
struct Table {
  absl::btree_map<derive::Domain, DomainEntry> domains;
  absl::btree_map<identity::Did, SharedVirtualDomain> virtual_domains;
  absl::btree_map<identity::Did, DidRecord> records;  // no reader needs them
  friend bool operator==(const Table&, const Table&) = default;
};

}  // namespace zonecast::plan
