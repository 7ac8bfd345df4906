// Facts as log lines: one fact, one line (line.h), with the zone, domain or version as fields.
//
// What others can make happen at will is limited per kind of trouble (repeats.h). Not thread-safe;
// called from the loop.
#pragma once

#include <string>

#include "adapters/logging/output.h"
#include "adapters/logging/repeats.h"
#include "reconciler/loop/settings.h"
#include "reconciler/ports/clock.h"
#include "reconciler/ports/journal.h"

namespace zonecast::journal {

using logging::Line;
using logging::Output;
using logging::Repeats;

class Log final : public ports::Journal {
 public:
  // All of them must outlive the log.
  Log(const loop::Settings& settings, const ports::Clock& clock, Output out);

  void record(const ports::Fact& fact) override;
  void beShadow() { is_shadow_ = true; }  // nothing is published

 private:
  void write(const xfr::ZoneCurrent& fact);
  void write(const xfr::ZoneTransferred& fact);
  void write(const xfr::ZoneFailure& fact);
  void write(const xfr::ZoneExpired& fact);
  void write(const xfr::ConnectionsScarce& fact);
  void write(const ports::NotifyReceived& fact);
  void write(const ports::Published& fact);
  void write(const ports::StoreOpened& fact);
  void write(const ports::StoreLost& fact);
  void write(const ports::StoreTrouble& fact);
  void write(const ports::DiskTrouble& fact);
  void write(const ports::ClaimWarning& fact);
  void write(const ports::BrakeHolds& fact);
  void write(const ports::DidDisputed& fact);
  void write(const ports::DidForgotten& fact);
  void write(const ports::BrakeDecided& fact);
  void write(const ports::OperatorHolds& fact);
  void write(const ports::Directed& fact);
  void write(const ports::Answered& fact);
  void write(const ports::Wanted& fact);
  void write(const ports::WantedTrouble& fact);
  void write(const ports::ZoneAdded& fact);
  void write(const ports::ZoneLeaves& fact);
  void write(const ports::ZoneRemoved& fact);
  void write(const ports::CatalogBroken& fact);
  void write(const ports::CatalogRead& fact);
  void write(const ports::CatalogExpired& fact);
  void write(const ports::MemberRefused& fact);

  // `subject` tells those apart that repeat each other.
  void warnSeldom(Repeats& repeats, const std::string& subject, Line line);
  const std::string& primaryName(xfr::PrimaryId primary) const;

  const loop::Settings& settings_;
  const ports::Clock& clock_;
  Output out_;
  bool is_shadow_ = false;
  Repeats zone_failures_, notifies_, store_losses_, store_troubles_, disk_troubles_, claims_,
      dids_forgotten_, answers_, wanted_, wanted_troubles_, members_refused_;
};

}  // namespace zonecast::journal
