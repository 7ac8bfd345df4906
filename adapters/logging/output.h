// Where lines go: a logger, whose output takes text, or records with fields that it writes in a
// form of its own. Copies write to the same.
#pragma once

#include <memory>
#include <utility>

#include <spdlog/logger.h>

#include "adapters/logging/line.h"

namespace zonecast::logging {

class Output {
 public:
  using Level = spdlog::level::level_enum;

  Output(std::shared_ptr<spdlog::logger> to, bool takes_fields = false)  // NOLINT: is a logger
      : to_(std::move(to)), takes_fields_(takes_fields) {}

  bool wants(Level level) const { return to_->should_log(level); }
  void write(Level level, const Line& line) const {
    if (wants(level)) to_->log(level, takes_fields_ ? line.record() : line.text());
  }
  void debug(const Line& line) const { write(Level::debug, line); }
  void info(const Line& line) const { write(Level::info, line); }
  void warn(const Line& line) const { write(Level::warn, line); }
  void error(const Line& line) const { write(Level::err, line); }

 private:
  std::shared_ptr<spdlog::logger> to_;
  bool takes_fields_;
};

}  // namespace zonecast::logging
