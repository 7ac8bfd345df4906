// `zonecastd`: reads its configuration, opens what it needs, and runs until it is told to stop.

#include <csignal>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "adapters/http/http_metrics.h"
#include "adapters/journal/reference.h"
#include "adapters/logging/log_output.h"
#include "adapters/process/pid_file.h"
#include "adapters/process/user.h"
#include "app/version.h"
#include "app/zonecastd/daemon.h"
#include "config/configuration.h"

namespace zonecast {
namespace {

enum ExitCode : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitConfiguration = 4 };

constexpr const char* kFooter =
    R"(zonecastd is a hidden secondary of customers' DNS servers. It works out which SIP
domains point at the provider's edge and publishes them, with their attributes, in Redis.
It stays in the foreground and logs to standard error, or to `log.file`. What is in conf.d/*.yaml
beside the configuration file is added to it; `zonecast conf-help` tells every option.
`zonecast` asks it questions.

SIGNALS
  SIGINT, SIGTERM  it stops; what is published stays published
  SIGHUP           it reads its configuration anew, and applies all of it or nothing; the log says
                   which (`zonecast reload` does the same, and says it to whoever asks)
  SIGUSR1          it opens `log.file` anew, after that was moved away

EXIT STATUS
  0  it was told to stop
  1  it could not start: the state directory, a socket, a listener, the log or PID file, or
     becoming `user` was refused
  2  the command line is wrong
  4  the configuration file has errors)";

int fail(const std::string& why) {
  std::cerr << "zonecastd: cannot start: " << why << '\n';
  return kExitFailed;
}

// The PID file is written as root, whom others believe; the log is opened as who opens it anew.
int runUntilTold(config::Configuration configuration, const std::filesystem::path& file) {
  std::optional<process::PidFile> pid_file;
  if (!configuration.pid_file.empty()) {
    auto written = process::PidFile::write(configuration.pid_file);
    if (!written) return fail(written.error());
    pid_file.emplace(std::move(*written));
  }
  const auto became = process::become(configuration.user, configuration.group);
  if (!became) return fail(became.error());
  auto log = logging::LogOutput::open("zonecastd", configuration.log_level, configuration.log_file,
                                      logging::logFormOf(configuration.log_format));
  if (!log) return fail(log.error());
  auto daemon = Daemon::make(std::move(configuration), file, *log);
  if (!daemon) {
    log->lines().error(logging::Line("cannot start: " + daemon.error()));
    return kExitFailed;
  }
  (*daemon)->run();
  return kExitDone;
}

int run(int argc, char** argv) {
  std::filesystem::path file;
  CLI::App app{"Publishes the SIP domains that DNS points at the provider's edge.", "zonecastd"};
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("zonecastd ") + kVersion);
  app.add_option("-c,--config", file, "configuration file (YAML)")->required();
  app.add_flag_callback(
      "--help-metrics",
      [] {
        std::string page = journal::metricsPage(
            [](prometheus::Registry& registry) { http::HttpMetrics{registry}; });
        page.pop_back();  // the line's end, which is printed with it
        throw CLI::CallForVersion(page, kExitDone);
      },
      "print every metric, as config/prometheus/METRICS.md, and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  auto configuration = config::load(file);
  if (!configuration) {
    for (const config::ConfigError& error : configuration.error())
      std::cerr << config::toText(error) << '\n';
    return kExitConfiguration;
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGUSR1, SIGHUP}) {
    std::signal(number, SIG_IGN);  // until there is a loop that hears it
  }
  return runUntilTold(std::move(*configuration), std::filesystem::absolute(file));
}

}  // namespace
}  // namespace zonecast

int main(int argc, char** argv) {
  return zonecast::run(argc, argv);
}
