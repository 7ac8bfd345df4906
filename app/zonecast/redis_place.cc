#include "app/zonecast/redis_place.h"

#include <chrono>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/picture.h"
#include "adapters/redis/server_text.h"
#include "adapters/uv/every_second.h"
#include "adapters/uv/loop.h"

namespace zonecast {

void describeRedis(CLI::App& verb, RedisPlace& place) {
  const std::string group = "REDIS";
  verb.add_option("-r,--redis", place.server,
                  "where Redis is: unix:PATH or ADDRESS:PORT; a replica will do")
      ->capture_default_str()
      ->group(group);
  verb.add_option("-u,--user", place.user, "its user; default: Redis' default user")->group(group);
  verb.add_option("-p,--password-file", place.password_file,
                  "file with the password, read at each connect; default: none is sent")
      ->group(group);
  verb.add_option("-d,--deployment", place.deployment, "NAME in the keys zonecast:{NAME}:*")
      ->capture_default_str()
      ->check(CLI::Validator(redis::validDeployment, "NAME"))
      ->group(group);
}

tl::expected<redis::RedisOptions, std::string> redisOptions(const RedisPlace& place) {
  auto server = redis::serverFromText(place.server);
  if (!server) return tl::unexpected(server.error());
  redis::RedisOptions result;
  result.server = std::move(*server);
  result.user = place.user;
  result.password_file = place.password_file;
  result.deployment = place.deployment;
  result.jitter_seed = std::random_device()();
  return result;
}

tl::expected<ports::StoredState, std::string> readPublished(const redis::RedisOptions& options,
                                                            int timeout_ms,
                                                            logging::TerminalLine& line) {
  uv::Loop loop;
  tl::expected<ports::StoredState, std::string> result =
      tl::unexpected(fmt::format("it was not read in {} ms (--timeout)", timeout_ms));
  redis::Picture picture(loop, options, [&](tl::expected<ports::StoredState, std::string> state) {
    result = std::move(state);
    loop.stop();
  });
  uv::Timer timeout(loop, [&] { loop.stop(); });
  timeout.after(std::chrono::milliseconds(timeout_ms));
  const uv::EverySecond progress(
      loop, [&] { line.show("reading Redis", picture.moved().done, picture.moved().in_all); });
  picture.read();
  loop.run();
  if (result && !result->damage.empty()) {
    return tl::unexpected("what it holds is damaged: " + result->damage);
  }
  return result;
}

}  // namespace zonecast
