// The bridge from a world to the reference: its settings, and the versions of zones that the
// secondary has taken, as plain lists.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/sim/reference.h"
#include "test/support/world.h"

namespace zonecast::sim {

// Every version of every zone that a primary ever had. One serial of a zone is one content: what
// primaries do otherwise is no zone transfer's matter.
class ZoneHistory {
 public:
  void learn(const dns::Name& zone, const test::ZoneVersion& version);
  std::shared_ptr<const ZoneRecords> at(const dns::Name& zone, dns::Serial serial) const;

 private:
  std::map<std::pair<std::string, std::uint32_t>, std::shared_ptr<const ZoneRecords>> versions_;
};

// `held` is by zone, as the settings have them; nothing: not transferred.
Scene sceneOf(const loop::Settings& settings, const ZoneHistory& history,
              const std::vector<std::optional<dns::Serial>>& held);

AttributeTexts textsOf(const identity::Attributes& attributes);

// What was answered; nothing of a failure.
std::optional<OutsideAnswer> outsideOf(const query::Outcome& outcome);

// Whether the operator lets the domain be looked up for a worker: the naive reading of the patterns
// that tales use.
bool mayBeLookedUp(const loop::Settings& settings, const derive::Domain& domain);

}  // namespace zonecast::sim
