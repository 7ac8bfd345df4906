// A small world for the real core: a clock that is advanced by hand, primaries whose zones are
// edited, a network, a store and a disk in memory. Nothing happens by itself: settle() delivers
// what is under way until all is quiet, advance() moves the clock from one deadline to the next.
//
// While the world does not flow, settle() does nothing, and whoever moves the world says what is
// next: the oldest delivery of one connection, an answer of the store, a slice of work. So anything
// can be late, overtake, or be lost.
//
// Every part can be made to fail. What can be seen from outside (requests at primaries,
// publications, facts) is written to trace(), in order; the same calls give the same trace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "reconciler/loop/reconciler.h"
#include "test/support/manual_clock.h"
#include "test/support/records.h"
#include "test/support/world_disk.h"
#include "test/support/world_primary.h"
#include "test/support/world_resolver.h"
#include "test/support/world_store.h"
#include "test/support/world_transport.h"
#include "test/support/world_workers.h"

namespace zonecast::test {

class WorldJournal final : public ports::Journal {
 public:
  explicit WorldJournal(Trace& trace) : trace_(trace) {}
  void record(const ports::Fact& fact) override;

  std::function<void(const ports::Fact&)> on_fact;

 private:
  Trace& trace_;
};

class World {
 public:
  loop::Settings settings;
  WorldTransport::Primaries primaries;
  WorldDns dns;
  Trace trace;
  ManualClock clock;
  WorldStore store{trace};
  WorldWorkers workers{trace};
  WorldDisk disk;
  WorldJournal journal{trace};
  bool flows = true;

  World() = default;
  World(const World&) = delete;

  void start();                            // a new process: restores from the disk, then starts
  void stop(std::size_t writes_lost = 0);  // as if killed: nothing is told to anybody
  bool isRunning() const { return reconciler_ != nullptr; }
  void settle() {
    if (flows) drain();
  }
  void drain();  // until nothing is under way and nothing is to be worked off
  void advance(Duration by);
  void notify(const dns::Name& zone, const xfr::Address& sender);
  void showStore();  // writes what it holds to the trace
  WorldTransport& transport() { return *transport_; }
  WorldResolver& resolver() { return *resolver_; }
  loop::Reconciler& reconciler() { return *reconciler_; }

 private:
  std::unique_ptr<WorldTransport> transport_;
  std::unique_ptr<WorldResolver> resolver_;
  std::unique_ptr<loop::Reconciler> reconciler_;
  std::uint64_t starts_ = 0;
};

}  // namespace zonecast::test
