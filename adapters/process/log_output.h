// Where a daemon's log goes: a file, or standard error.
//
// A file is only ever appended to, and can be opened anew after it was moved away. On standard
// error, systemd's journal gets the level of each line in its own notation (sd-daemon(3)) and no
// time, which it has itself. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <tl/expected.hpp>

namespace zonecast::process {

class LogFile;

class LogOutput {
 public:
  // No path: standard error. `level` is one of spdlog's words.
  static tl::expected<LogOutput, std::string> open(const std::string& name,
                                                   const std::string& level,
                                                   const std::filesystem::path& path);

  const std::shared_ptr<spdlog::logger>& logger() const { return logger_; }

  // Opens the file anew. When that fails, the log says so and goes on in the old one.
  void reopen();

 private:
  explicit LogOutput(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}

  std::shared_ptr<LogFile> file_;  // null: standard error
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace zonecast::process
