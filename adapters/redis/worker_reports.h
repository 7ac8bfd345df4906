// Who reads what is published: the hashes `worker:<id>` (schema/REDIS.md), read in rounds over a
// connection of its own, one command at a time.
//
//   connect --> SCAN for worker:* --> HMGET each --> sleep --.
//      ^            ^                                        |
//      |            '----------------------------------------'
//      '-- the connection was lost: what was seen stays, and gets older
//
// Whoever may write there may write anything: ids that are no words are passed over, texts are cut
// and made printable, and a round ends after so many keys and workers, and says so. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

struct WorkerReport {
  std::string id;
  std::string lineage;  // empty: it serves nothing yet
  std::uint64_t version = 0;
  std::optional<Duration> age;  // when it was heard; nothing: it never knew to be current
  std::uint64_t domains = 0;
  std::uint64_t refused = 0;
  std::string refused_reason, trouble;
  std::string updated;  // as it wrote it: its clock is not ours
  Instant heard;        // when `updated` was seen to be another
};

struct SeenWorkers {
  std::vector<WorkerReport> workers;  // ascending by id
  std::optional<Instant> read;        // the end of the last round
  std::string trouble;                // why that is long ago, or not all; empty: nothing is wrong
};

struct WorkerReportLimits {
  Duration interval = std::chrono::seconds{5};  // between rounds
  std::uint32_t workers_max = 1000;
  std::uint32_t keys_per_scan = 200;
  std::uint32_t scans_max = 1000;  // of one round
};

class RedisWorkerReports {
 public:
  // The loop must outlive it.
  RedisWorkerReports(uv::Loop& loop, RedisOptions options, WorkerReportLimits limits);

  void start();
  void adopt(RedisOptions options, WorkerReportLimits limits);  // of the same deployment
  const SeenWorkers& seen() const { return seen_; }

 private:
  Task<void> run();
  Task<Outcome> readRound();
  Task<Outcome> readWorker(std::string key, std::vector<WorkerReport>& workers);
  void show(std::vector<WorkerReport> workers, std::string trouble);
  void onDown(std::string why);

  uv::Loop& loop_;
  RedisOptions options_;
  WorkerReportLimits limits_;
  const schema::RedisKeys keys_;
  SeenWorkers seen_;
  Duration backoff_;
  std::minstd_rand random_;
  Session session_;
  uv::Timer start_timer_;
  Task<void> task_;
};

}  // namespace zonecast::redis
