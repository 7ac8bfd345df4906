// How far the workers are behind what is published: the reports that the adapter read, as messages
// and as figures. Pure.
#pragma once

#include <optional>

#include "adapters/journal/metrics.h"
#include "adapters/redis/worker_reports.h"
#include "reconciler/plan/version.h"
#include "schema/control.pb.h"

namespace zonecast {

v1::Worker toMessage(const redis::WorkerReport& report,
                     const std::optional<plan::Position>& position, Instant now);

journal::WorkerTally tally(const redis::SeenWorkers& seen,
                           const std::optional<plan::Position>& position, Instant now);

}  // namespace zonecast
