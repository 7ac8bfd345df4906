// What the tests of the journal share: two zones and a primary as the facts name them, a clock that
// the test moves, and small change sets.
#pragma once

#include <memory>
#include <string>

#include "reconciler/loop/settings.h"
#include "reconciler/ports/clock.h"
#include "reconciler/ports/journal.h"
#include "test/support/manual_clock.h"

namespace zonecast::journal {

using FakeClock = test::ManualClock;

inline constexpr xfr::ZoneId kAcme{0}, kOdd{1};
inline constexpr xfr::PrimaryId kNs1{0};

inline dns::Name zoneName(xfr::ZoneId zone) {
  return dns::Name::fromText(zone == kAcme ? "acme.example" : "a\\032zone=x.example").value();
}

inline loop::Settings someSettings() {
  loop::Settings settings;
  settings.secondary.primaries.push_back({.name = "ns1", .endpoint = {}, .key = nullptr});
  for (const char* zone : {"acme.example", "a\\032zone=x.example"}) {
    settings.secondary.zones.push_back(
        {.name = dns::Name::fromText(zone).value(), .primaries = {kNs1}, .limits = {}});
  }
  return settings;
}

inline xfr::ZoneFailure failureOf(xfr::ZoneId zone, const std::string& reason) {
  return {.step = xfr::ZoneFailure::Step::axfr,
          .zone = zone,
          .primary = kNs1,
          .reason = reason,
          .text = "it did not work; next try in 10 s",
          .name = zoneName(zone)};
}

inline ports::NotifyReceived strangerFrom(const std::string& sender) {
  return {.result = xfr::NotifyResult::stranger, .zone = "acme.example", .sender = sender};
}

inline plan::DomainChange changeOf(const std::string& domain, bool before, bool after) {
  plan::DomainChange change{derive::Domain::fromText(domain).value(), std::nullopt, std::nullopt};
  const plan::DomainEntry entry{.did = identity::Did::fromText("acme").value()};
  if (before) change.before = entry;
  if (after) change.after = entry;
  return change;
}

inline ports::Published publishedOf(plan::ChangeSet changes, bool rebased = false) {
  return {.version = plan::Version{17},
          .changes = std::make_shared<const plan::ChangeSet>(std::move(changes)),
          .store_took = Duration{1'500},
          .rebased = rebased};
}

}  // namespace zonecast::journal
