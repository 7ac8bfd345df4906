#include "test/sim/simulation.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "test/sim/checks.h"
#include "test/sim/hostile_teller.h"

namespace zonecast::sim {
namespace {

using test::Step;

std::uint64_t digestOf(const test::Trace& trace) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const std::string& line : trace) {
    for (const char octet : line) hash = (hash ^ static_cast<std::uint8_t>(octet)) * 0x100000001b3u;
    hash = (hash ^ '\n') * 0x100000001b3u;
  }
  return hash;
}

struct Seen {
  std::vector<std::string> published;
  std::multiset<std::string> parted;
};

class Run {
 public:
  void perform(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      play_.world().trace.push_back("> " + step.command);
      checks_.before(step);
      play_.perform(step);
      checks_.after(step);
    }
  }

  // What follows when all faults have ended.
  void conclude() {
    checks_.settled();
    const std::size_t publications = checks_.publications();
    plan::Table before = play_.world().store.table();
    perform({{"kill", {}}, {"start", {}}, {"advance 1m", {}}});
    checks_.settled();
    const bool is_forgetful = play_.world().store.table() != before && checks_.onlyForgot(before);
    if (checks_.publications() != publications && !is_forgetful) {
      throw Failure("restart: something is published though nothing has changed");
    }
    before = play_.world().store.table();
    perform({{"store wipe", {}}, {"store down", {}}, {"store up", {}}, {"advance 1m", {}}});
    if (play_.world().store.table() != before) {
      throw Failure("wipe: the store does not get back what it had");
    }
    // The lineage is drawn from the core's own randomness.
    play_.world().trace.push_back("last " + play_.world().store.content().position->lineage.uuid);
  }

  // What is published of the innocents, and which of their domains went.
  Seen seen() const { return {checks_.publishedOfInnocents(), checks_.partedInnocents()}; }

  test::Trace takeTrace() { return std::move(play_.world().trace); }
  std::size_t publications() const { return checks_.publications(); }

 private:
  test::Play play_;
  Checks checks_{play_.world()};
};

bool failsAlike(const Tale& tale, const std::string& failure) {
  const auto kind = [](const std::string& text) { return text.substr(0, text.find(':')); };
  const Outcome outcome = run(tale);
  return outcome.told && !outcome.failure.empty() && kind(outcome.failure) == kind(failure);
}

// Leaves out runs of `items`, long ones first, as long as `holds` stays true of the rest.
template <typename Item, typename Predicate>
void leaveOut(std::vector<Item>& items, Predicate holds) {
  for (std::size_t length = std::max<std::size_t>(items.size() / 2, 1); length > 0; length /= 2) {
    for (std::size_t at = 0; at < items.size();) {
      std::vector<Item> rest = items;
      const auto first = rest.begin() + static_cast<long>(at);
      rest.erase(first, first + static_cast<long>(std::min(length, items.size() - at)));
      if (holds(rest)) {
        items = std::move(rest);
      } else {
        at += length;
      }
    }
  }
}

void print(std::string& script, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    script += step.command + "\n";
    for (const std::string& line : step.block) script += "  " + line + "\n";
    if (test::hasBlock(step.command)) script += "end\n";
  }
}

std::vector<Step> allOf(const Tale& tale) {
  std::vector<Step> steps = tale.setting;
  steps.insert(steps.end(), tale.steps.begin(), tale.steps.end());
  return steps;
}

// The first line that is in one of them alone.
template <typename Lines>
std::string difference(const Lines& with, const Lines& without) {
  for (const auto& [ours, theirs, which] :
       {std::tuple(&with, &without, "with"), std::tuple(&without, &with, "without")}) {
    for (const std::string& line : *ours) {
      if (std::ranges::count(*ours, line) > std::ranges::count(*theirs, line)) {
        return fmt::format("{}, {} the hostile ones", line, which);
      }
    }
  }
  return "";
}

// What is others' doing makes no difference to innocents.
void compare(const Seen& with, const std::vector<Step>& steps) {
  Run run;
  const std::vector<Step> harmless = withoutHostile(steps);
  run.perform(harmless);
  run.perform(endingOf(harmless));
  const Seen without = run.seen();
  if (const std::string line = difference(with.published, without.published); !line.empty()) {
    throw Failure("influence: published is " + line);
  }
  if (const std::string line = difference(with.parted, without.parted); !line.empty()) {
    throw Failure("influence: gone is " + line);
  }
}

}  // namespace

Outcome run(const Tale& tale) {
  Run run;
  Outcome outcome;
  try {
    const std::vector<Step> steps = allOf(tale);
    run.perform(steps);
    run.perform(endingOf(steps));
    const Seen seen = run.seen();
    run.conclude();
    if (tale.is_comparable) compare(seen, steps);
  } catch (const Failure& failure) {
    outcome.failure = failure.what();
  } catch (const test::Breach& breach) {
    outcome.failure = std::string("breach: ") + breach.what();
  } catch (const test::ScriptError& error) {
    outcome.failure = std::string("script: ") + error.what();
    outcome.told = false;
  }
  outcome.publications = run.publications();
  outcome.trace = run.takeTrace();
  outcome.digest = digestOf(outcome.trace);
  return outcome;
}

Tale shrunk(Tale tale, const std::string& failure) {
  const auto holds = [&failure](const Tale& candidate) { return failsAlike(candidate, failure); };
  for (std::size_t size = 0; size != tale.steps.size() + tale.setting.size();) {
    size = tale.steps.size() + tale.setting.size();
    for (auto part : {&Tale::steps, &Tale::setting}) {
      leaveOut(tale.*part, [&](const std::vector<Step>& rest) {
        Tale candidate = tale;
        candidate.*part = rest;
        return holds(candidate);
      });
    }
  }
  for (auto part : {&Tale::setting, &Tale::steps}) {
    for (std::size_t i = 0; i < (tale.*part).size(); ++i) {
      leaveOut((tale.*part)[i].block, [&](const std::vector<std::string>& rest) {
        Tale candidate = tale;
        (candidate.*part)[i].block = rest;
        return holds(candidate);
      });
    }
  }
  return tale;
}

std::string scriptOf(const Tale& tale) {
  std::string script;
  print(script, tale.setting);
  script += "\n";
  print(script, tale.steps);
  script += "\n# all faults end\n";
  print(script, endingOf(allOf(tale)));
  return script;
}

}  // namespace zonecast::sim
