#include "adapters/logging/log_output.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#define SD_JOURNAL_SUPPRESS_LOCATION  // what writes a record is not where it comes from
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "adapters/logging/log_record.h"

namespace zonecast::logging {
namespace {

constexpr mode_t kMode = 0640;
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l"%*})";
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

std::string_view view(const spdlog::string_view_t& text) {
  return {text.data(), text.size()};
}

class JsonMembers final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const std::string members = jsonMembers(parseRecord(view(message.payload)));
    to.append(members.data(), members.data() + members.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMembers>();
  }
};

// SD_INFO is "<6>".
std::string_view priorityOf(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return SD_CRIT;
    case spdlog::level::err:
      return SD_ERR;
    case spdlog::level::warn:
      return SD_WARNING;
    case spdlog::level::info:
      return SD_INFO;
    default:
      return SD_DEBUG;
  }
}

class JournalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit JournalSink(std::string name) : identifier_("SYSLOG_IDENTIFIER=" + std::move(name)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::vector<std::string> fields = journalFields(parseRecord(view(message.payload)));
    fields.push_back(fmt::format("PRIORITY={}", priorityOf(message.level)[1]));
    fields.push_back(identifier_);
    std::vector<iovec> parts;
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    const int sent = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (sent < 0) spdlog::throw_spdlog_ex("systemd's journal", -sent);
  }
  void flush_() override {}

 private:
  const std::string identifier_;
};

class JournalLevel final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const std::string_view prefix = priorityOf(message.level);
    to.append(prefix.data(), prefix.data() + prefix.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalLevel>();
  }
};

// The variable is inherited by processes whose standard error is another one.
bool isJournal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat found {};
  return stream != nullptr && ::fstat(fd, &found) == 0 &&
         fmt::format("{}:{}", found.st_dev, found.st_ino) == stream;
}

std::unique_ptr<spdlog::formatter> jsonFormatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JsonMembers>('*').set_pattern(kJsonPattern);
  return formatter;
}

std::shared_ptr<spdlog::logger> standardError(const std::string& name) {
  auto logger = spdlog::stderr_color_mt(name);
  logger->set_pattern(kPattern);
  if (!isJournal(STDERR_FILENO)) return logger;
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalLevel>('*').set_pattern("%*%v");
  logger->set_formatter(std::move(formatter));
  return logger;
}

}  // namespace

class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~LogFile() override {
    if (fd_ >= 0) ::close(fd_);
  }

  tl::expected<void, std::string> open() {
    const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
    if (fd < 0) {
      return tl::unexpected(fmt::format("log file {}: {}", path_.native(), std::strerror(errno)));
    }
    const std::lock_guard lock(mutex_);
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
    return {};
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const ssize_t written = ::write(fd_, line.data(), line.size());
    // spdlog tells standard error, at most once a second.
    if (written < 0) spdlog::throw_spdlog_ex("log file " + path_.native(), errno);
  }
  void flush_() override {}

 private:
  const std::filesystem::path path_;
  int fd_ = -1;
};

LogForm logFormOf(std::string_view word) {
  return word == "text"       ? LogForm::text
         : word == "json"     ? LogForm::json
         : word == "journald" ? LogForm::journald
                              : LogForm::automatic;
}

tl::expected<LogOutput, std::string> LogOutput::open(const std::string& name,
                                                     const std::string& level,
                                                     const std::filesystem::path& path,
                                                     LogForm form) {
  LogOutput output(path.empty() ? nullptr : std::make_shared<LogFile>(path));
  const bool has_journal = ::access(kJournalSocket, W_OK) == 0;
  if (form == LogForm::journald && !has_journal) {
    return tl::unexpected(fmt::format("log format journald: there is no {}", kJournalSocket));
  }
  const bool to_journal =
      form == LogForm::journald ||
      (form == LogForm::automatic && path.empty() && has_journal && isJournal(STDERR_FILENO));
  output.takes_fields_ = to_journal || form == LogForm::json;
  if (to_journal) {
    output.logger_ = std::make_shared<spdlog::logger>(name, std::make_shared<JournalSink>(name));
  } else if (output.file_) {
    if (auto opened = output.file_->open(); !opened) return tl::unexpected(opened.error());
    output.logger_ = std::make_shared<spdlog::logger>(name, output.file_);
    output.logger_->set_pattern(kPattern);
  } else {
    output.logger_ = standardError(name);
  }
  if (form == LogForm::json) output.logger_->set_formatter(jsonFormatter());
  output.setLevel(level);
  return output;
}

void LogOutput::setLevel(const std::string& level) const {
  logger_->set_level(spdlog::level::from_str(level));
}

void LogOutput::reopen() {
  if (!file_) return;
  if (auto opened = file_->open(); opened) {
    lines().info(Line("log file opened anew"));
  } else {
    lines().warn(Line("the log goes on where it was: " + opened.error()));
  }
}

}  // namespace zonecast::logging
