// Where Redis is and who we are there, as the configuration has it: all that whoever reads it
// needs.
#pragma once

#include "adapters/redis/options.h"
#include "config/configuration.h"

namespace zonecast {

redis::RedisOptions redisOptions(const config::RedisConfiguration& configuration);

}  // namespace zonecast
