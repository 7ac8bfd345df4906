// What a service manager is told (systemd's protocol, sd_notify(3)). Nothing, when none asks.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace zonecast::process {

void tellReady();
// That it has not given up, and takes so much longer than it was said before.
void tellStarting(const std::string& line, std::chrono::microseconds longer);
void tellReloading();  // until tellReady()
void tellStatus(const std::string& line);
void tellAlive();
void tellStopping();

// How often it wants to hear that we are alive: half the time after which it takes us for dead.
std::optional<std::chrono::microseconds> aliveInterval();

}  // namespace zonecast::process
