#include "adapters/process/service_manager.h"

#include <cstdint>

#include <systemd/sd-daemon.h>

namespace zonecast::process {
namespace {

void tell(const std::string& state) {
  sd_notify(0, state.c_str());  // when it cannot be told, there is nobody to tell that
}

}  // namespace

void tellReady() {
  tell("READY=1");
}

void tellStatus(const std::string& line) {
  tell("STATUS=" + line);
}

void tellAlive() {
  tell("WATCHDOG=1");
}

void tellStopping() {
  tell("STOPPING=1");
}

std::optional<std::chrono::microseconds> aliveInterval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace zonecast::process
