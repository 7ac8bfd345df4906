// A change set: what one source's new serial changes in the published state. Applied whole or not
// at all. Ordered, so that the same input gives the same bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/plan/table.h"
#include "reconciler/time.h"

namespace zonecast::plan {

template <typename Key, typename Value>
struct Change {
  Key key;
  std::optional<Value> before, after;  // never both empty, never equal
  friend bool operator==(const Change&, const Change&) = default;
};
using DomainChange = Change<derive::Domain, DomainEntry>;
using VirtualDomainChange = Change<identity::Did, SharedVirtualDomain>;
using RecordChange = Change<identity::Did, DidRecord>;

struct Cause {
  std::string text;  // "zone example.com serial 17 -> 18", "start", "zone added": for people
  // When the edit was first heard of (NOTIFY or check); for edit-to-published.
  std::optional<Instant> noticed;
};

struct ChangeSet {
  std::vector<DomainChange> domains;                 // ascending by key, each key once
  std::vector<VirtualDomainChange> virtual_domains;  // likewise
  std::vector<RecordChange> records;                 // likewise; no reader sees them
  std::vector<Cause> causes;

  bool empty() const { return domains.empty() && virtual_domains.empty() && records.empty(); }
  std::size_t size() const { return domains.size() + virtual_domains.size() + records.size(); }
};

}  // namespace zonecast::plan
