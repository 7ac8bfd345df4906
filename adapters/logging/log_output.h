// Where a daemon's log goes, a file, standard error or systemd's journal, and in which form.
//
// A file is only ever appended to, and can be opened anew after it was moved away. The journal is
// sent records with their fields (sd_journal_sendv(3)); where text is wanted all the same, standard
// error has the level of each line in the journal's notation (sd-daemon(3)) and no time, which it
// has itself. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/logger.h>
#include <tl/expected.hpp>

#include "adapters/logging/output.h"

namespace zonecast::logging {

class LogFile;

enum class LogForm {
  automatic,  // records to the journal, when standard error is its; else text
  text,
  json,      // one object a line
  journald,  // records to the journal
};
// Of the words auto, text, json and journald; of any other, automatic.
LogForm logFormOf(std::string_view word);

class LogOutput {
 public:
  // No path: standard error, or the journal. `level` is one of spdlog's words.
  static tl::expected<LogOutput, std::string> open(const std::string& name,
                                                   const std::string& level,
                                                   const std::filesystem::path& path, LogForm form);

  Output lines() const { return {logger_, takes_fields_}; }
  void setLevel(const std::string& level) const;

  // Opens the file anew. When that fails, the log says so and goes on in the old one.
  void reopen();

 private:
  explicit LogOutput(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}

  std::shared_ptr<LogFile> file_;  // null: standard error
  std::shared_ptr<spdlog::logger> logger_;
  bool takes_fields_ = false;  // a message may be a record with fields (log_record.h)
};

}  // namespace zonecast::logging
