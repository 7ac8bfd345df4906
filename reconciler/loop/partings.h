// The domains that DNS no longer points here and that are served still: why, since when, until
// when.
//
// Who is due is told again and again, some seconds apart, until it has gone or is back: what it
// still waits for, a second opinion or somebody who decides, comes without being announced here.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "reconciler/plan/retirement.h"
#include "reconciler/time.h"

namespace zonecast::loop {

enum class DomainId : std::uint32_t {};

struct Parting {
  plan::RetireCause cause{};  // none: it has not begun, and is due to be looked at again
  Instant since{};
  Instant until{};
  plan::Deadline deadline{};  // the same for readers, and for the next process
};

class Partings {
 public:
  // Nothing: it does not part. Valid until the next call that is not const.
  const Parting* find(DomainId domain) const;
  void set(DomainId domain, const Parting& parting);
  void end(DomainId domain);
  void rest(DomainId domain);  // it is due no more, until it is set again
  bool isResting(DomainId domain) const;

  // At most `count` of those whose time is over; each is due again later.
  std::vector<DomainId> takeDue(Instant now, std::size_t count);
  std::optional<Instant> nextDeadline() const;
  std::size_t size() const { return partings_.size(); }

 private:
  struct Entry {
    Parting parting;
    std::optional<Instant> due;
  };
  absl::flat_hash_map<DomainId, Entry> partings_;
  std::set<std::pair<Instant, DomainId>> by_due_;
};

}  // namespace zonecast::loop
