// Carries the questions of workers to Redis, and the negative answers back into the table.
//
//   worker --datagram--> gate --XADD wanted--> zonecastd --SET answer:<domain>--> table
//
// A domain that turns out to be ours comes by the log, like every other. An answer is looked for a
// few times, at ever longer intervals, and then not any more. While Redis is gone, questions are
// dropped: a worker that still wants to know asks again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_set.h>

#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/mirror/wanted_gate.h"
#include "adapters/redis/side_line.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {

class WantedRelay {
 public:
  WantedRelay(uv::Loop& loop, const schema::RedisKeys& keys, std::string worker_id,
              WantedLimits limits, redis::SideLine& line, Replica& replica, Listener& listener);

  void onDatagram(std::string_view datagram);

  struct Counts {
    std::uint64_t relayed = 0, dropped = 0, answered = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Question {
    std::string domain;
    Duration wait;  // since it was looked for last
  };

  void relay(const std::string& domain);
  void lookForAnswers();
  void lookForAnswer(const Question& question);
  void readLifetime(const std::string& domain);
  void onAnswer(const std::string& domain, std::int64_t lifetime_ms);
  void schedule();
  void tell(std::string trouble);

  uv::Loop& loop_;
  const schema::RedisKeys& keys_;
  const std::string worker_id_;
  WantedGate gate_;
  redis::SideLine& line_;
  Replica& replica_;
  Listener& listener_;
  Counts counts_;
  std::multimap<Instant, Question> due_;
  absl::flat_hash_set<std::string> open_;  // not yet answered
  std::string last_trouble_;
  uv::Timer timer_;
};

}  // namespace zonecast::mirror
