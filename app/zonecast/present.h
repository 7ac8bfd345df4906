// What each verb asks, and how it prints the answer: tables for people, JSON for scripts. Each
// returns the command's exit code.
#pragma once

#include <chrono>
#include <string>

#include "app/zonecast/session.h"

namespace zonecast {

int showStatus(Session& session, bool json);
int showZones(Session& session, const std::string& zone, bool json);
int refreshZone(Session& session, const std::string& zone, bool json);
int retransferZone(Session& session, const std::string& zone, bool json);
int listDomains(Session& session, bool json);
int showDomain(Session& session, const std::string& domain, bool json);
int explainDomain(Session& session, const std::string& domain, bool json);
// Has it looked up, waits for what comes of it, at most `patience`, and explains that.
int lookUpNow(Session& session, const std::string& domain, std::chrono::milliseconds patience,
              bool json);
int listWatched(Session& session, bool json);
int listDids(Session& session, bool json);
int showDid(Session& session, const std::string& did, bool json);
int transferDid(Session& session, const std::string& did, const std::string& customer, bool json);
int listWorkers(Session& session, bool json);
int showPlans(Session& session, bool json);
int approvePlan(Session& session, const std::string& digest, bool json);
int rejectPlan(Session& session, const std::string& digest, bool json);
int holdAll(Session& session, bool json);
int releaseAll(Session& session, bool json);
// Until when, or off.
struct Directing {
  std::string domain, until;
  bool off = false;
};
int pinDomain(Session& session, const Directing& directing, bool json);
int blockDomain(Session& session, const Directing& directing, bool json);
int listPins(Session& session, bool json);
// Exits with kExitConfiguration or kExitRestart when nothing is applied.
int reloadConfiguration(Session& session, bool json);
int watch(Session& session, bool json);

}  // namespace zonecast
