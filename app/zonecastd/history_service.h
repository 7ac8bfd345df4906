// Answers what became of domains, from what the disk has kept of it.
#pragma once

#include <optional>

#include "reconciler/plan/version.h"
#include "reconciler/ports/history.h"
#include "schema/control.pb.h"

namespace zonecast {

v1::ControlResponse answerHistory(const ports::History& history, const v1::HistoryRequest& request);
// `newest`: the version that is published; nothing: none is.
v1::ControlResponse answerDiff(const ports::History& history, const v1::DiffRequest& request,
                               std::optional<plan::Version> newest);

}  // namespace zonecast
