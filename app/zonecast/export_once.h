// `zonecast export` without --follow: one published version, printed.
#pragma once

#include "adapters/redis/options.h"
#include "app/zonecast/export.h"

namespace zonecast {

// The command's exit code.
int exportOnce(const ExportOptions& options, redis::RedisOptions redis, int timeout_ms);

}  // namespace zonecast
