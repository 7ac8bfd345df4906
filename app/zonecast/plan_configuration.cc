#include "app/zonecast/plan_configuration.h"

#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "adapters/disk/store.h"
#include "adapters/logging/printable.h"
#include "adapters/logging/terminal_line.h"
#include "app/redis_options.h"
#include "app/zonecast/preview.h"
#include "app/zonecast/redis_place.h"
#include "app/zonecast/session.h"
#include "config/configuration.h"
#include "schema/json.h"

namespace zonecast {
namespace {

constexpr int kExitChanges = 1;

using Failed = tl::unexpected<std::string>;

// What the disk has of zones, DIDs and the operator's pins; the error says what cannot be read.
tl::expected<void, std::string> restore(const config::Configuration& configuration,
                                        Rehearsal& rehearsal, logging::TerminalLine& line) {
  const std::string path = configuration.state_directory.string() + "/zonecast.lmdb";
  const auto store = disk::Store::openToRead(path, configuration.state_octets_max);
  if (!store) return Failed(store.error());
  // zonecastd transfers anew what is damaged; here it counts as not held.
  const auto damaged = [&](const std::string&, const std::string& why) {
    line.clear();
    std::cerr << "zonecast: damaged on disk: " << logging::printable(why) << '\n';
  };
  const auto bindings = (*store)->bindings(damaged);
  if (!bindings) return Failed(fmt::format("{}: {}", path, bindings.error()));
  for (const ports::SavedBinding& binding : *bindings) rehearsal.core().restoreBinding(binding);
  const auto dids = (*store)->forEachDid(
      [&](ports::SavedDid did) { rehearsal.core().restore(std::move(did)); }, damaged);
  if (!dids) return Failed(fmt::format("{}: {}", path, dids.error()));
  const auto directives = (*store)->directives(damaged);
  if (!directives) return Failed(fmt::format("{}: {}", path, directives.error()));
  for (const auto& [domain, directive] : *directives) {
    rehearsal.core().restoreDirective(domain, directive);
  }
  std::size_t zones = 0;
  return (*store)
      ->forEachZone(
          [&](const ports::SavedZone& zone) {
            rehearsal.core().restore(zone);
            line.show("zones read from disk", ++zones, 0);
          },
          damaged)
      .map_error([&](const std::string& why) { return fmt::format("{}: {}", path, why); });
}

int refuse(const std::string& why) {
  std::cerr << "zonecast: " << logging::printable(why) << '\n';
  return kExitUsage;
}

}  // namespace

int planConfiguration(const std::string& file, int timeout_ms, bool json) {
  const auto configuration = config::load(file);
  if (!configuration) {
    for (const config::ConfigError& error : configuration.error())
      std::cerr << config::toText(error) << '\n';
    return kExitConfiguration;
  }
  logging::TerminalLine line;
  auto stored = readPublished(redisOptions(configuration->redis), timeout_ms, line);
  if (!stored) {
    line.clear();
    return refuse("Redis: " + stored.error());
  }
  const plan::Table before = std::move(stored->table);
  const std::uint64_t version =
      stored->position ? static_cast<std::uint64_t>(stored->position->version) : 0;
  Rehearsal rehearsal(configuration->settings, before, std::move(stored->position));
  if (const auto restored = restore(*configuration, rehearsal, line); !restored) {
    line.clear();
    return refuse(restored.error());
  }
  rehearsal.begin();
  rehearsal.finish([&] {
    if (!line.isDue()) return;
    const loop::Overview overview = rehearsal.core().overview();
    line.show("domains to go", overview.domains_to_derive + overview.domains_waiting, 0);
  });
  line.clear();
  v1::PlannedConfiguration planned = preview(rehearsal, before);
  planned.set_version(version);
  std::cout << (json ? toJson(planned) + "\n" : previewText(planned));
  return hasChanges(planned) ? kExitChanges : kExitDone;
}

}  // namespace zonecast
