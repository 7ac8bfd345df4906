// How far a load is.
#pragma once

#include <cstddef>

namespace zonecast::mirror {

struct Loading {
  std::size_t entries = 0;         // that were read: domains and virtual domains
  std::size_t entries_in_all = 0;  // as Redis counted them when it began
};

}  // namespace zonecast::mirror
