#include "app/redis_options.h"

#include <cstdint>
#include <filesystem>
#include <random>
#include <variant>

namespace zonecast {

redis::RedisOptions redisOptions(const config::RedisConfiguration& configuration) {
  redis::RedisOptions options;
  if (const auto* path = std::get_if<std::filesystem::path>(&configuration.address)) {
    options.server = redis::UnixSocket{path->string()};
  } else {
    options.server = std::get<xfr::Endpoint>(configuration.address);
  }
  options.user = configuration.user;
  options.password_file = configuration.password_file.string();
  options.deployment = configuration.deployment;
  options.connect_timeout = configuration.connect_timeout;
  options.command_timeout = configuration.command_timeout;
  std::random_device device;
  options.jitter_seed = std::uint64_t{device()} << 32 | device();
  return options;
}

}  // namespace zonecast
