// `zonecast export`: what is published as Kamailio's tables of domains. Needs no daemon, only
// Redis, which it reads as a mirror does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/zonecast/redis_place.h"

namespace zonecast {

// What the place of --kamailio-rpc begins with; --db: see domain_table.h.
inline constexpr std::string_view kUnixSocket = "unix:";

struct ExportOptions {
  RedisPlace redis;
  std::string format = "sql";
  std::vector<std::string> tables;
  std::string output;
  bool follow = false;
  std::string database;
  std::string kamailio_rpc = "unix:/run/kamailio/kamailio_rpc.sock";
  double reload_interval_s = 1;
  double reload_timeout_s = 120;
  std::string log_level = "info", log_format = "auto";
};

void describeExport(CLI::App& verb, ExportOptions& options);

// Exit codes as in --help. `timeout_ms`: so long may an export wait that is not followed.
int exportPublished(const ExportOptions& options, int timeout_ms);

}  // namespace zonecast
