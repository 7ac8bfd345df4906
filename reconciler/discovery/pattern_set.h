// Many patterns, matched at once: a look-up for each label of the name, however many there are.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "reconciler/discovery/settings.h"

namespace zonecast::discovery {

class PatternSet {
 public:
  explicit PatternSet(std::span<const Pattern> patterns);

  bool matches(std::string_view domain) const;

 private:
  bool all_ = false;
  absl::flat_hash_set<std::string> names_, below_;
};

}  // namespace zonecast::discovery
