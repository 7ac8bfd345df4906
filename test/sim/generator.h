// From one seed: who there is, and what happens, as steps. Nothing about a run is random but this.
#pragma once

#include <cstdint>
#include <vector>

#include "test/scenario/play.h"

namespace zonecast::sim {

struct Tale {
  std::vector<test::Step> setting;  // edge, customers, zones, their first versions
  std::vector<test::Step> steps;    // what happens; any of them may be left out
  // It can be told without the hostile ones' records, and nobody else would see a difference.
  bool is_comparable = false;
};

Tale taleOf(std::uint64_t seed);

// What ends a run of these steps: all faults end, every primary has the last version of every zone
// under a serial greater than all before, it is quiet for longer than any TTL, and workers ask once
// more about whatever they asked about.
std::vector<test::Step> endingOf(const std::vector<test::Step>& steps);

}  // namespace zonecast::sim
