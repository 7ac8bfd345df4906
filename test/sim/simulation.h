// A simulated run: a tale is told to a world with the real core in it, checked at every step and,
// when all faults have ended, against the reference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/sim/generator.h"

namespace zonecast::sim {

struct Outcome {
  std::string failure;  // empty: everything held
  bool told = true;     // false: the tale cannot be told so (a step needs one that was left out)
  std::uint64_t digest = 0;  // of all that could be seen from outside, and the last random number
  test::Trace trace;
  std::size_t publications = 0;
};

Outcome run(const Tale& tale);

// As few steps, and as few records in them, as still fail in the same way.
Tale shrunk(Tale tale, const std::string& failure);

// As a scenario script, its ending included.
std::string scriptOf(const Tale& tale);

}  // namespace zonecast::sim
