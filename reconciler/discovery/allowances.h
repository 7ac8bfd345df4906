// An allowance for each of many, in bounded memory.
//
// Nobody gets anything by being forgotten: who is forgotten to make room is who took longest ago,
// and only when that allowance is full again. While there is nobody to forget, all newcomers share
// one allowance; those who are known keep theirs. A newcomer has half its burst.
//
// O(1), whatever is asked. Time comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "reconciler/discovery/allowance.h"
#include "reconciler/discovery/settings.h"

namespace zonecast::discovery {

class Allowances {
 public:
  Allowances(const Quota& quota, std::uint32_t remembered_max)
      : quota_(quota), remembered_max_(remembered_max) {}
  Allowances(const Allowances&) = delete;
  Allowances& operator=(const Allowances&) = delete;

  // What `who` has now; it is remembered only by take().
  Allowance of(std::string_view who, Instant now) const;
  void take(std::string_view who, Instant now);
  // Counts what was asked for in vain against `who`, unless it is not remembered.
  void takeInVain(std::string_view who, Instant now);

  std::size_t remembered() const { return known_.size(); }

 private:
  struct Entry {
    std::string who;
    Allowance allowance;
  };

  std::uint32_t tokensOfNewcomer() const { return quota_.burst - quota_.burst / 2; }
  bool hasRoom(Instant now) const;

  const Quota quota_;
  const std::size_t remembered_max_;
  Allowance of_the_others_;
  std::list<Entry> by_age_;  // who took longest ago first
  absl::flat_hash_map<std::string_view, std::list<Entry>::iterator> known_;
};

}  // namespace zonecast::discovery
