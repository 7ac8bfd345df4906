// One command's talk with zonecastd. Failures are told on standard error and end as exit codes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "adapters/control/control_client.h"

namespace zonecast {

enum ExitCode : int {
  kExitDone = 0,
  kExitNotFound = 1,
  kExitUsage = 2,
  kExitUnreachable = 3,
  kExitConfiguration = 4,
  kExitRestart = 5,
};

class Session {
 public:
  Session(std::filesystem::path socket, std::chrono::milliseconds timeout)
      : socket_(std::move(socket)), timeout_(timeout) {}

  // The answer; nothing when there is none, and then exitCode() says how to end.
  std::optional<v1::ControlResponse> ask(const v1::ControlRequest& request);
  // Calls back for each event, until the connection ends.
  int follow(const std::function<void(const v1::WatchEvent&)>& on_event);
  int exitCode() const { return exit_code_; }

 private:
  bool connect();
  void refuse(const v1::Failure& failure);
  bool tell(const std::string& trouble, int exit_code);

  std::filesystem::path socket_;
  std::chrono::milliseconds timeout_;
  std::optional<control::ControlClient> client_;
  int exit_code_ = kExitDone;
};

}  // namespace zonecast
