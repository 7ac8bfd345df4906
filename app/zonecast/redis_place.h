// Where Redis is and who we are there, as the command line has it; and what it holds, read once.
#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <tl/expected.hpp>

#include "adapters/logging/terminal_line.h"
#include "adapters/redis/options.h"
#include "reconciler/ports/state_store.h"

namespace zonecast {

struct RedisPlace {
  std::string server = "127.0.0.1:6379";
  std::string user, password_file;
  std::string deployment = "main";
};

// Adds --redis, --user, --password-file and --deployment.
void describeRedis(CLI::App& verb, RedisPlace& place);

tl::expected<redis::RedisOptions, std::string> redisOptions(const RedisPlace& place);

// What is published; damage is an error. `timeout_ms`: so long it may take. `line` shows how far it
// is.
tl::expected<ports::StoredState, std::string> readPublished(const redis::RedisOptions& options,
                                                            int timeout_ms,
                                                            logging::TerminalLine& line);

}  // namespace zonecast
