// `zonecast compare`: what zonecastd published, or in shadow would have, against what is held
// elsewhere: in Redis, or in a table of domains that Kamailio reads.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "app/zonecast/redis_place.h"
#include "app/zonecast/session.h"

namespace zonecast {

struct CompareOptions {
  RedisPlace redis;
  std::string domain_table;  // empty: Redis is compared with
};

void describeCompare(CLI::App& verb, CompareOptions& options);

// Exit codes as in --help. `timeout_ms`: so long Redis may take to be read.
int compareHeld(Session& session, const CompareOptions& options, int timeout_ms, bool json);

}  // namespace zonecast
