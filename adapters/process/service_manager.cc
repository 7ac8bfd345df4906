#include "adapters/process/service_manager.h"

#include <cstdint>
#include <ctime>

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

void tellStarting(const std::string& line, std::chrono::microseconds longer) {
  tell("STATUS=" + line + "\nEXTEND_TIMEOUT_USEC=" + std::to_string(longer.count()));
}

// systemd tells one reload from another by the time.
void tellReloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
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
