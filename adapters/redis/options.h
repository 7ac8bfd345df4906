// Where Redis is, and how the store is kept there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "reconciler/time.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::redis {

struct UnixSocket {
  std::string path;
  friend bool operator==(const UnixSocket&, const UnixSocket&) = default;
};

// Of one reply, with all that is nested in it: far more than a slice of a scan or a page of the log
// ever is.
struct ReplyLimits {
  std::size_t elements_max = std::size_t{1} << 20;  // of arrays
  std::size_t octets_max = std::size_t{256} << 20;  // of texts
};

struct RedisOptions {
  std::variant<UnixSocket, xfr::Endpoint> server;
  std::string user;           // empty: the default user
  std::string password_file;  // empty: no AUTH; read at each connect, without its final line end

  std::string deployment;   // NAME in the keys zonecast:{NAME}:*
  std::string instance_id;  // ours, the same after a restart: who holds the lease

  Duration connect_timeout = std::chrono::seconds(3);
  Duration command_timeout = std::chrono::seconds(5);  // without any answer while some are due
  Duration backoff_min = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(2);  // so much an outage is longer for us at most
  std::uint64_t jitter_seed = 0;

  Duration lease_ttl = std::chrono::seconds(15);
  Duration renewal_interval_max = std::chrono::seconds(1);  // so soon is a lost store noticed
  Duration stage_ttl = std::chrono::minutes(30);            // longer than any staging takes
  std::size_t batch_max = 1000;      // changes that one Function call may apply
  std::size_t in_flight_max = 1000;  // commands
  ReplyLimits reply_limits;          // of more, the connection is closed
  std::size_t log_length = 50'000;   // entries that the log keeps, roughly
};

// Whether a connection that was made as the one has it is as the other has it.
inline bool isSamePlace(const RedisOptions& a, const RedisOptions& b) {
  return a.server == b.server && a.user == b.user && a.password_file == b.password_file;
}

}  // namespace zonecast::redis
