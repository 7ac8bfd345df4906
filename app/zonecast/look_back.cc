#include "app/zonecast/look_back.h"

#include <iostream>
#include <optional>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "app/zonecast/words.h"
#include "schema/json.h"

namespace zonecast {
namespace {

std::string timeText(std::uint64_t seconds) {
  return fmt::format("{:%FT%TZ}", std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

// "because of RECORD in SOURCE", as far as that is known.
std::string becauseOf(const v1::HistoryEntry& entry) {
  if (entry.record().empty()) return entry.source().empty() ? entry.cause() : entry.source();
  return entry.source().empty() ? entry.record()
                                : fmt::format("{}  [{}]", entry.record(), entry.source());
}

std::string entryLine(const v1::HistoryEntry& entry) {
  std::string text =
      fmt::format("{}  version {}  {}", timeText(entry.time()), entry.version(), entry.what());
  if (entry.has_before() && entry.has_after() && entry.what() == "moved") {
    text += fmt::format(" from did={}", entry.before().did());
  }
  if (entry.has_after()) text += ": " + entryText(entry.after());
  return text;
}

std::string diffLine(const v1::DiffLine& line) {
  if (line.unknown()) {
    return fmt::format("? {}  what it was is not kept any more; now {}", line.domain(),
                       line.has_after() ? entryText(line.after()) : "not published");
  }
  if (!line.has_before()) return fmt::format("+ {}  {}", line.domain(), entryText(line.after()));
  if (!line.has_after()) {
    return fmt::format("- {}  was {}", line.domain(), entryText(line.before()));
  }
  return fmt::format("~ {}  {} -> {}", line.domain(), entryText(line.before()),
                     entryText(line.after()));
}

}  // namespace

int showHistory(Session& session, const std::string& domain, bool json) {
  v1::ControlRequest request;
  request.mutable_history()->set_domain(domain);
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  const v1::History& history = response->history();
  if (json) {
    std::cout << toJson(history) << '\n';
    return kExitDone;
  }
  if (history.cut()) std::cout << "(what was before is not kept any more)\n";
  for (const v1::HistoryEntry& entry : history.entries()) {
    std::cout << logging::printable(entryLine(entry)) << "\n    "
              << logging::printable(becauseOf(entry)) << '\n';
  }
  return kExitDone;
}

int showDiff(Session& session, std::uint64_t from, std::uint64_t to, bool json) {
  bool is_first = true;
  v1::ControlRequest request;
  v1::DiffRequest& asked = *request.mutable_diff();
  asked.set_from(from);
  asked.set_to(to);
  do {
    const auto response = session.ask(request);
    if (!response) return session.exitCode();
    for (const v1::DiffLine& line : response->diff().domains()) {
      if (json) {
        std::cout << (std::exchange(is_first, false) ? "[\n  " : ",\n  ") << toJson(line);
        continue;
      }
      std::cout << logging::printable(diffLine(line)) << '\n';
      if (line.has_last()) {
        std::cout << logging::printable(fmt::format("    version {}: {}", line.last().version(),
                                                    becauseOf(line.last())))
                  << '\n';
      }
      is_first = false;
    }
    asked.set_after(response->diff().next());
  } while (!asked.after().empty());
  if (json) std::cout << (is_first ? "[]\n" : "\n]\n");
  if (!json && is_first) std::cout << "nothing changed\n";
  return kExitDone;
}

}  // namespace zonecast
