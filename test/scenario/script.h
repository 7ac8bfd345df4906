// Scenario scripts: a world, what happens in it, and what must be seen, one command a line.
//
//   edge hosts=NAME,.. addresses=PREFIX,.. udp=PORT tcp=PORT ..   customer NAME [dids=PATTERN,..]
//   attribute NAME TYPE [values=..] [multi] [setter=..] [default=..] [min=N] [max=N]
//   primary NAME ADDRESS              zone NAME customer=NAME primaries=NAME,.. [shared]
//   serve PRIMARY ZONE SERIAL         a zone's records follow, one a line, until `end`
//   edit PRIMARY ZONE SERIAL          lines of "+ RECORD" and "- RECORD", until `end`
//   replace PRIMARY ZONE SERIAL       as `serve`, but a newer version
//   forget PRIMARY ZONE               its history: it answers IXFR in full from now on
//   mood PRIMARY serving|refusing-connections|hung|garbage|refusing-transfers|stops-half-way
//   cut PRIMARY                       every connection to it is closed
//   start | kill                      a process begins, or is killed
//   unconfigure ZONE                  between a kill and a start, as `zone` may stand there too
//   notify ZONE,.. from ADDRESS       all at once          advance N(ms|s|m|h|d)
//   store down|up|wipe|save|restore   disk wipe
//   store show                        writes what it holds to the trace
//   for A..B RECORD                   in a block: one record each, its number for every '#'
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
