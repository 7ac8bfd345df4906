// Keeps one kind of trouble from flooding the log.
//
// Of each subject the first line is admitted at once, and then one a minute; of all subjects
// together, kLinesMax a minute (a stranger can invent senders, a customer zone data). What is left
// out is counted, and told with a later line. Invariant: it knows at most 3 * kLinesMax subjects.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "adapters/logging/line.h"
#include "reconciler/time.h"

namespace zonecast::logging {

class Repeats {
 public:
  static constexpr Duration kInterval = std::chrono::minutes{1};
  static constexpr std::size_t kLinesMax = 100;

  struct Omitted {
    std::uint64_t same = 0;    // lines of this subject since its last
    std::uint64_t others = 0;  // lines of subjects that had none, or are forgotten

    void addTo(Line& line) const;
  };

  // What was left out before this line; nothing when this one is to be left out as well.
  std::optional<Omitted> admit(const std::string& subject, Instant now);

  std::size_t subjects() const { return subjects_.size(); }

 private:
  struct Subject {
    Instant logged{};
    std::uint64_t omitted = 0;
  };

  void beginMinute(Instant now);

  absl::flat_hash_map<std::string, Subject> subjects_;
  std::optional<Instant> minute_;  // when the present one began
  std::size_t lines_ = 0;          // admitted in it
  std::uint64_t others_ = 0;
};

}  // namespace zonecast::logging
