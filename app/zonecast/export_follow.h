// `zonecast export --follow`: an SQLite database that is kept at what is published, until the
// process is told to stop.
#pragma once

#include "adapters/redis/options.h"
#include "app/zonecast/export.h"

namespace zonecast {

// The command's exit code.
int exportFollowing(const ExportOptions& options, redis::RedisOptions redis);

}  // namespace zonecast
