// Reads the configuration anew on a thread of its own, since a large one takes seconds, and works
// out there what it changes; whoever asked applies it, on the loop, or does not.
//
// Invariants: while it is under way, the present configuration does not change; nothing of what it
// found is applied by itself. Not thread-safe; on the loop.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "adapters/uv/loop.h"
#include "config/configuration.h"
#include "reconciler/loop/reconfiguration.h"
#include "schema/control.pb.h"

namespace zonecast {

class Reload {
 public:
  struct Outcome {
    v1::ReloadReport report;                    // nothing is applied yet
    std::optional<config::Configuration> next;  // when it may be
    loop::Reconfiguration news;                 // with the settings of it
  };
  // All of them must outlive it.
  Reload(uv::Loop& loop, std::filesystem::path file, const config::Configuration& present,
         std::function<void(Outcome)> on_read);
  ~Reload();

  bool isUnderWay() const { return thread_.joinable(); }
  void begin();  // unless it is under way

 private:
  void read();
  void onRead();

  const std::filesystem::path file_;
  const config::Configuration& present_;
  std::function<void(Outcome)> on_read_;
  Outcome outcome_;  // the thread's until it is joined
  std::thread thread_;
  uv::Wakeup done_;
};

}  // namespace zonecast
