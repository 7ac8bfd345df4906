// Who may have which domain looked up, and how often. What workers say is hostile: whoever sends a
// SIP request chooses the domain, and whoever may write to Redis the worker, too.
//
// A flood costs a fixed budget. Each look-up needs a token of three quotas: of its worker, of its
// registrable domain (by the Public Suffix List; a name that has none stands for itself), and of
// all. The last quarter of all is for workers that have used less than half of their own burst
// lately: so many flooding workers at once leave something to the others. A refused question is not
// remembered and uses no quota, but for the worker's own when all together ask too much: otherwise
// those who flood would seem quiet, since they get nothing.
//
// Invariants: O(1) for each question, whatever was asked before; at most as much is remembered as
// the settings say. Time comes in, and never goes back; not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "absl/container/flat_hash_set.h"
#include "reconciler/derive/domain.h"
#include "reconciler/discovery/allowance.h"
#include "reconciler/discovery/allowances.h"
#include "reconciler/discovery/pattern_set.h"
#include "reconciler/discovery/settings.h"
#include "reconciler/time.h"

namespace zonecast::discovery {

enum class Refusal : std::uint8_t {
  off,              // nothing is looked up
  malformed,        // no host name
  address,          // an IP literal, of which DNS has nothing to say
  denied,           // `deny` covers it
  notListed,        // `allow` does not
  recent,           // it is being looked up, or was just now
  workerRate,       // the worker asks too much
  registrableRate,  // the registrable domain is asked about too much
  totalRate,        // all together ask too much
  full,             // as many are hosted as may be; said by whoever counts them
};
inline constexpr std::array kRefusals{
    Refusal::off,       Refusal::malformed, Refusal::address,    Refusal::denied,
    Refusal::notListed, Refusal::recent,    Refusal::workerRate, Refusal::registrableRate,
    Refusal::totalRate, Refusal::full};
std::string_view toText(Refusal refusal);  // "worker_rate", as a metric's label has it

// "example.co.uk" for "sip.example.co.uk"; the domain itself when it is a public suffix.
std::string registrableOf(const derive::Domain& domain);

class Gate {
 public:
  explicit Gate(const Settings& settings);

  // The domain, when it may be looked up now; that counts as asked. An empty `worker` is one that
  // does not tell its name; all of them are one.
  tl::expected<derive::Domain, Refusal> admit(std::string_view domain, std::string_view worker,
                                              Instant now);

  const Settings& settings() const { return settings_; }

  struct Remembered {
    std::size_t domains, workers, registrables;
  };
  Remembered remembered() const {
    return {recent_.size(), workers_.remembered(), registrables_.remembered()};
  }

 private:
  tl::expected<derive::Domain, Refusal> read(std::string_view domain) const;
  bool isRecent(const derive::Domain& domain, Instant now);
  void remember(const derive::Domain& domain, Instant now);

  const Settings settings_;
  const PatternSet allow_, deny_;
  Allowance total_;
  Allowances workers_, registrables_;
  absl::flat_hash_set<derive::Domain> recent_;
  std::deque<std::pair<Instant, derive::Domain>> by_age_;  // the same
};

}  // namespace zonecast::discovery
