#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/redis/worker_reports.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::redis {
namespace {

using test::RedisServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Watching : public TestLoop {
 public:
  explicit Watching(const RedisServer& server, WorkerReportLimits limits = {})
      : reports_(loop_, optionsFor(server.socket()), quick(limits)) {
    reports_.start();
  }

  const SeenWorkers& seen() const { return reports_.seen(); }
  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const WorkerReport& worker : seen().workers) ids.push_back(worker.id);
    return ids;
  }
  // A whole round that began after now.
  [[nodiscard]] bool runRound() {
    const auto another = [this, before = seen().read]() mutable {
      const bool changed = seen().read != before;
      before = seen().read;
      return changed;
    };
    return runUntil(another) && runUntil(another);
  }

 private:
  static WorkerReportLimits quick(WorkerReportLimits limits) {
    limits.interval = std::chrono::milliseconds(10);
    return limits;
  }

  RedisWorkerReports reports_;
};

void tell(RedisServer& server, const std::string& id, const std::string& updated = "1") {
  server.command({"HSET", "zonecast:{t}:worker:" + id, "lineage", "L", "version", "17", "domains",
                  "5", "refused", "2", "refused_reason", "why", "age", "3", "trouble", "none of",
                  "updated", updated});
}

TEST(WorkerReports, AreReadInOrderAndWhole) {
  RedisServer server;
  for (const char* id : {"proxy-2", "proxy-1", "proxy-3"}) tell(server, id);
  server.command({"SET", "zonecast:{other}:worker:x", "x"});
  Watching watching(server);
  ASSERT_TRUE(watching.runRound());
  EXPECT_THAT(watching.ids(), ElementsAre("proxy-1", "proxy-2", "proxy-3"));
  const WorkerReport& worker = watching.seen().workers[0];
  EXPECT_EQ(worker.lineage, "L");
  EXPECT_EQ(worker.version, 17u);
  EXPECT_EQ(worker.age, std::chrono::seconds(3));
  EXPECT_EQ(worker.domains, 5u);
  EXPECT_EQ(worker.refused, 2u);
  EXPECT_EQ(worker.refused_reason, "why");
  EXPECT_EQ(worker.trouble, "none of");
  EXPECT_EQ(watching.seen().trouble, "");
}

TEST(WorkerReports, GoWithTheirKeys) {
  RedisServer server;
  tell(server, "proxy-1");
  Watching watching(server);
  ASSERT_TRUE(watching.runRound());
  ASSERT_THAT(watching.ids(), ElementsAre("proxy-1"));
  server.command({"DEL", "zonecast:{t}:worker:proxy-1"});
  ASSERT_TRUE(watching.runRound());
  EXPECT_THAT(watching.ids(), IsEmpty());
}

TEST(WorkerReports, AreHeardWhenTheyAreWrittenNotWhenTheyAreRead) {
  RedisServer server;
  tell(server, "proxy-1");
  Watching watching(server);
  ASSERT_TRUE(watching.runRound());
  const Instant heard = watching.seen().workers[0].heard;
  ASSERT_TRUE(watching.runRound());
  EXPECT_EQ(watching.seen().workers[0].heard, heard);
  tell(server, "proxy-1", "2");
  ASSERT_TRUE(watching.runRound());
  EXPECT_GT(watching.seen().workers[0].heard, heard);
}

TEST(WorkerReports, OfStrangersDoNoHarm) {
  RedisServer server;
  server.command({"SET", "zonecast:{t}:worker:string", "x"});
  server.command({"HSET", "zonecast:{t}:worker:<img src=x>", "updated", "1"});
  server.command({"HSET", "zonecast:{t}:worker:half", "lineage", "L"});
  server.command({"HSET", "zonecast:{t}:worker:wild", "updated", "1", "version", "-7", "age",
                  "99999999999999999999", "trouble", "\x1b[2J\n\xff" + std::string(100'000, 'x')});
  Watching watching(server);
  ASSERT_TRUE(watching.runRound());
  ASSERT_THAT(watching.ids(), ElementsAre("wild"));
  const WorkerReport& worker = watching.seen().workers[0];
  EXPECT_EQ(worker.version, 0u);
  EXPECT_EQ(worker.age, std::nullopt);
  EXPECT_EQ(worker.trouble, "?[2J??" + std::string(249, 'x'));
}

TEST(WorkerReports, AreSoManyAtMost) {
  RedisServer server;
  for (int n = 0; n < 5; ++n) tell(server, "w" + std::to_string(n));
  Watching watching(server, {.workers_max = 3});
  ASSERT_TRUE(watching.runRound());
  EXPECT_EQ(watching.ids().size(), 3u);
  EXPECT_THAT(watching.seen().trouble, HasSubstr("raise redis.workers_max"));
}

TEST(WorkerReports, ALongSearchEnds) {
  RedisServer server;
  for (int n = 0; n < 500; ++n) server.command({"SET", "k" + std::to_string(n), "x"});
  Watching watching(server, {.keys_per_scan = 10, .scans_max = 3});
  ASSERT_TRUE(watching.runRound());
  EXPECT_THAT(watching.seen().trouble, HasSubstr("too many keys"));
}

TEST(WorkerReports, WhatWasSeenStaysWhileRedisIsAway) {
  RedisServer server;
  tell(server, "proxy-1");
  Watching watching(server);
  ASSERT_TRUE(watching.runRound());
  server.kill();
  ASSERT_TRUE(watching.runUntil([&] { return !watching.seen().trouble.empty(); }));
  EXPECT_THAT(watching.ids(), ElementsAre("proxy-1"));
  server.start();
  tell(server, "proxy-2");
  ASSERT_TRUE(watching.runUntil([&] { return watching.seen().trouble.empty(); }));
  ASSERT_TRUE(watching.runRound());
  EXPECT_THAT(watching.ids(), ElementsAre("proxy-2"));
}

TEST(WorkerReports, SayWhichPermissionTheyLack) {
  RedisServer server;
  server.command({"ACL", "SETUSER", "default", "-scan"});
  Watching watching(server);
  ASSERT_TRUE(watching.runUntil([&] { return !watching.seen().trouble.empty(); }));
  EXPECT_THAT(watching.seen().trouble, HasSubstr("config/redis/users.acl"));
}

}  // namespace
}  // namespace zonecast::redis
