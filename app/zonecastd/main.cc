// `zonecastd`: reads its configuration, opens what it needs, and runs until it is told to stop.

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "app/version.h"
#include "app/zonecastd/daemon.h"
#include "config/configuration.h"

namespace zonecast {
namespace {

enum ExitCode : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitConfiguration = 4 };

constexpr const char* kFooter =
    R"(zonecastd is a hidden secondary of customers' DNS servers. It works out which SIP
domains point at the provider's edge and publishes them, with their attributes, in Redis.
It stays in the foreground, logs to standard error, and stops on SIGINT or SIGTERM; what is
published stays published. `zonecast` asks it questions.

EXIT STATUS
  0  it was told to stop
  1  it could not start: the state directory, a socket or a listener was refused
  2  the command line is wrong
  4  the configuration file has errors)";

std::shared_ptr<spdlog::logger> makeLogger(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("zonecastd");
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  return logger;
}

int run(int argc, char** argv) {
  std::filesystem::path file;
  CLI::App app{"Publishes the SIP domains that DNS points at the provider's edge.", "zonecastd"};
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("zonecastd ") + kVersion);
  app.add_option("-c,--config", file, "configuration file (YAML)")->required();
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
  const auto logger = makeLogger(configuration->log_level);
  auto daemon = Daemon::make(std::move(*configuration), logger);
  if (!daemon) {
    logger->error("cannot start: {}", daemon.error());
    return kExitFailed;
  }
  (*daemon)->run();
  return kExitDone;
}

}  // namespace
}  // namespace zonecast

int main(int argc, char** argv) {
  return zonecast::run(argc, argv);
}
