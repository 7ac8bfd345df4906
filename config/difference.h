// What two configurations differ in, and whether a running daemon can go from one to the other.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/configuration.h"

namespace zonecast::config {

// Sentences for people, in the order of the reference; of each kind so many, and then how many
// more. Secrets are not shown.
struct Difference {
  std::vector<std::string> changed;     // what a reload applies
  std::vector<std::string> at_restart;  // what takes a restart, and has all of it refused
};

// `before` may be what loop::reconfigured() made of one.
Difference difference(const Configuration& before, const Configuration& after);

}  // namespace zonecast::config
