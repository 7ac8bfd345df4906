// The workers of the world, as the publisher sees them: what they are told is in the trace.
#pragma once

#include <functional>

#include <fmt/format.h>

#include "reconciler/ports/worker_questions.h"
#include "test/support/world_primary.h"

namespace zonecast::test {

class WorldWorkers final : public ports::WorkerQuestions {
 public:
  explicit WorldWorkers(Trace& trace) : trace_(trace) {}
  void answerNotHosted(const derive::Domain& domain, Duration, std::string_view why) override {
    trace_.push_back(fmt::format("workers hear that {} is not hosted: {}", domain.text(), why));
    if (on_told) on_told(domain);
  }

  std::function<void(const derive::Domain&)> on_told;  // that it is not hosted

 private:
  Trace& trace_;
};

}  // namespace zonecast::test
