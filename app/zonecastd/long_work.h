// What takes long just now, and how far it is: for the log, the service manager and whoever asks
// whether zonecastd is ready. Read from the state of the core and the store; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/logging/line.h"
#include "adapters/logging/output.h"
#include "adapters/logging/progress.h"
#include "adapters/redis/opening.h"
#include "reconciler/loop/status.h"

namespace zonecast {

struct LongWork {
  logging::Line line;      // of the log
  std::string text;        // the same as words
  std::uint64_t done = 0;  // is another when it has come on
};

// In the order of the data's way; empty: nothing is to be done.
std::vector<LongWork> longWork(const loop::Overview& overview,
                               const std::optional<redis::EntriesMoved>& moved);

// The texts in one; empty: nothing is to be done.
std::string longWorkText(const std::vector<LongWork>& work);

// Logs it now and then while it lasts (logging::Progress). Not thread-safe.
class LongWorkLog {
 public:
  explicit LongWorkLog(logging::Output out) : out_(std::move(out)) {}

  void observe(const std::vector<LongWork>& work, Instant now);

 private:
  const logging::Output out_;
  logging::Progress progress_;
};

}  // namespace zonecast
