// Replies as Redis would give them, without a Redis.
#pragma once

#include <map>
#include <string>

#include "adapters/redis/reply.h"

namespace zonecast::mirror {

// What HGETALL answers.
inline redis::Reply replyOf(const std::map<std::string, std::string>& fields) {
  std::string octets = "*" + std::to_string(2 * fields.size()) + "\r\n";
  const auto add = [&octets](const std::string& text) {
    octets += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  };
  for (const auto& [name, value] : fields) {
    add(name);
    add(value);
  }
  redisReader* reader = redisReaderCreate();
  redisReaderFeed(reader, octets.data(), octets.size());
  void* reply = nullptr;
  redisReaderGetReply(reader, &reply);
  redisReaderFree(reader);
  return redis::Reply(static_cast<redisReply*>(reply));
}

}  // namespace zonecast::mirror
