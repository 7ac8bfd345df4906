// The real core, run over what is known with nobody outside: what would be published in the end.
//
// Time stands still, nobody answers a question, and what is published goes into a table in memory.
// Every zone that is held counts as confirmed. No grace and no brake puts anything off. Nothing
// outside of this process changes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/loop/reconciler.h"
#include "reconciler/loop/settings.h"

namespace zonecast {

class Rehearsal {
 public:
  // `table` is published now; nothing is when `position` is missing. `outside`, when given, is
  // where zones come from, with its clock.
  struct Outside {
    ports::Clock& clock;
    ports::ZoneTransport& transport;
  };
  explicit Rehearsal(loop::Settings settings, plan::Table table = {},
                     std::optional<plan::Position> position = std::nullopt,
                     std::optional<Outside> outside = std::nullopt);
  ~Rehearsal();

  // What the disk has is told to it before begin().
  loop::Reconciler& core() { return *core_; }
  const loop::Settings& settings() const { return settings_; }

  void begin();
  // Works off all that there is; after each slice, `on_slice` is called.
  void finish(const std::function<void()>& on_slice = [] {});

  // Why a zone's copy, or transfer, was not taken; the last one.
  const std::string& trouble() const;
  bool hasTransferred() const;

 private:
  class StillClock;
  class SilentTransport;
  class SilentResolver;
  class SilentWorkers;
  class MemoryStore;
  class NoDisk;
  class Listener;

  void workOff(const std::function<void()>& on_slice);

  loop::Settings settings_;
  std::optional<plan::Position> position_;
  std::unique_ptr<StillClock> clock_;
  std::unique_ptr<SilentTransport> transport_;
  std::unique_ptr<SilentResolver> resolver_;
  std::unique_ptr<SilentWorkers> workers_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<NoDisk> disk_;
  std::unique_ptr<Listener> journal_;
  std::unique_ptr<loop::Reconciler> core_;
};

}  // namespace zonecast
