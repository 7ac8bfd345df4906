#include "adapters/logging/repeats.h"

#include <utility>

namespace zonecast::logging {

void Repeats::Omitted::addTo(Line& line) const {
  if (same > 0) line.add("repeats", same);
  if (others > 0) line.add("others", others);
}

std::optional<Repeats::Omitted> Repeats::admit(const std::string& subject, Instant now) {
  if (!minute_ || now - *minute_ >= kInterval) beginMinute(now);
  const auto known = subjects_.find(subject);
  const bool full = lines_ == kLinesMax;
  if (known == subjects_.end()) {
    if (full) {
      ++others_;
      return std::nullopt;
    }
    subjects_.emplace(subject, Subject{.logged = now});
    ++lines_;
    return Omitted{.others = std::exchange(others_, 0)};
  }
  Subject& repeated = known->second;
  if (full || now - repeated.logged < kInterval) {
    ++repeated.omitted;
    return std::nullopt;
  }
  repeated.logged = now;
  ++lines_;
  return Omitted{std::exchange(repeated.omitted, 0), std::exchange(others_, 0)};
}

// Forgets who has been silent since the minute before the last, but not what it had to say.
void Repeats::beginMinute(Instant now) {
  minute_ = now;
  lines_ = 0;
  absl::erase_if(subjects_, [&](const auto& entry) {
    const Subject& subject = entry.second;
    if (now - subject.logged < 2 * kInterval) return false;
    others_ += subject.omitted;
    return true;
  });
}

}  // namespace zonecast::logging
