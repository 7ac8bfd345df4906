// Scenario scripts: a world, what happens in it, and what must be seen. The commands are those of
// play.h, one a line, and
//
//   expect                            the whole trace since the last expect follows, until `end`
//
// Blank lines and what follows '#' are left aside. With ZONECAST_REWRITE_SCENARIOS set, what was
// seen is written over what was expected: read the difference before you keep it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zonecast::test {

struct Mismatch {
  int line = 0;  // of the `expect`
  std::vector<std::string> expected, seen;
};

// Runs a script; throws std::runtime_error with FILE:LINE on a command that is not understood.
std::vector<Mismatch> runScript(const std::filesystem::path& file, bool rewrite);

}  // namespace zonecast::test
