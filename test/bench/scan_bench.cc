// Reads hashes by HSCAN and does nothing with them: what a bootstrap is measured against.
//
// scan_bench SOCKET KEY...: prints how many fields there were, and the seconds that it took. One
// slice at a time, COUNT 200 as schema/REDIS.md has it, and the reply is parsed and dropped.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <hiredis/hiredis.h>

namespace {

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

std::size_t scan(redisContext* context, const char* key) {
  std::size_t fields = 0;
  std::string cursor = "0";
  do {
    const std::unique_ptr<redisReply, Free> reply(static_cast<redisReply*>(
        redisCommand(context, "HSCAN %s %s COUNT 200", key, cursor.c_str())));
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
      std::fprintf(stderr, "HSCAN %s: %s\n", key, reply ? reply->str : context->errstr);
      std::exit(1);
    }
    cursor = reply->element[0]->str;
    fields += reply->element[1]->elements / 2;
  } while (cursor != "0");
  return fields;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SOCKET KEY...\n", argv[0]);
    return 2;
  }
  const std::unique_ptr<redisContext, Free> context(redisConnectUnix(argv[1]));
  if (!context || context->err != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[1], context ? context->errstr : "no memory");
    return 1;
  }
  const auto began = std::chrono::steady_clock::now();
  std::size_t fields = 0;
  for (int i = 2; i < argc; ++i) fields += scan(context.get(), argv[i]);
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%zu %.6f\n", fields, took);
  return 0;
}
