// zonecast_sim: tells tales, one a seed, until one fails; that one is shrunk and printed as a
// scenario script. Every 50th seed is run twice: the same seed is the same run.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "adapters/logging/terminal_line.h"
#include "test/sim/simulation.h"

namespace {

using zonecast::sim::Outcome;
using zonecast::sim::Tale;

constexpr std::uint64_t kTwiceEvery = 50;

char the_seed[32];

// An assertion of the core ends the process: it must not take the seed with it.
void onAbort(int) {
  static_cast<void>(!write(STDERR_FILENO, the_seed, std::strlen(the_seed)));
  std::signal(SIGABRT, SIG_DFL);
}

int report(std::uint64_t seed, const Tale& tale, const Outcome& outcome) {
  fmt::print("seed {} fails: {}\n", seed, outcome.failure);
  if (!outcome.told) return 1;
  std::fflush(stdout);
  const Tale least = zonecast::sim::shrunk(tale, outcome.failure);
  fmt::print("\n{} steps are left of {}:\n\n{}\n", least.steps.size(), tale.steps.size(),
             zonecast::sim::scriptOf(least));
  const Outcome again = zonecast::sim::run(least);
  fmt::print("{}\n\nit fails: {}\n", fmt::join(again.trace, "\n"), again.failure);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulates worlds from seeds around the real core.");
  std::uint64_t seeds = 1000, from = 1, seed = 0;
  bool trace = false;
  app.add_option("--seeds", seeds, "how many")->capture_default_str();
  app.add_option("--from", from, "the first one")->capture_default_str();
  auto* only = app.add_option("--seed", seed, "this one alone");
  app.add_flag("--trace", trace, "print all that could be seen from outside");
  CLI11_PARSE(app, argc, argv);
  if (*only) {
    from = seed;
    seeds = 1;
  }
  std::signal(SIGABRT, onAbort);
  const auto begun = std::chrono::steady_clock::now();
  zonecast::logging::TerminalLine progress;
  std::size_t publications = 0;
  for (seed = from; seed < from + seeds; ++seed) {
    progress.show("seeds", seed - from, seeds);
    std::snprintf(the_seed, sizeof the_seed, "seed %llu\n", static_cast<unsigned long long>(seed));
    const Tale tale = zonecast::sim::taleOf(seed);
    const Outcome outcome = zonecast::sim::run(tale);
    publications += outcome.publications;
    if (trace) fmt::print("{}\n", fmt::join(outcome.trace, "\n"));
    if (!outcome.failure.empty()) {
      progress.clear();
      return report(seed, tale, outcome);
    }
    if (seed % kTwiceEvery == 0 && zonecast::sim::run(tale).digest != outcome.digest) {
      fmt::print("seed {} fails: run twice, it goes two ways\n", seed);
      return 1;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  progress.clear();
  fmt::print("{} seeds from {} on hold, with {} publications, in {:.1f} s\n", seeds, from,
             publications, took.count());
}
