// A mirror: what one host keeps of what is published, for its workers.
//
//   Redis --> Follower --> Replica --> table file --> workers
//     ^                       ^                          |
//     '----- WantedRelay -----' <--- WantedSocket <------'
//
// It runs on a loop that it is given, in a process or thread of its own or of somebody else, who
// ignores SIGPIPE: libuv writes to sockets that have closed. Errors are sentences. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "adapters/mirror/follower.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/mirror/wanted_gate.h"
#include "adapters/mirror/wanted_relay.h"
#include "adapters/mirror/wanted_socket.h"
#include "adapters/redis/options.h"
#include "adapters/redis/side_line.h"
#include "adapters/table/writer.h"
#include "adapters/uv/loop.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {

struct MirrorOptions {
  redis::RedisOptions redis;    // what is followed; a replica will do
  redis::RedisOptions primary;  // where questions and reports go: mostly the same
  table::WriterOptions table;
  std::string worker_id;                      // in worker:<id>
  std::optional<unsigned> wanted_mode{0666};  // of the socket; nothing: there is none
  WantedLimits wanted;
  Duration report_interval = std::chrono::seconds(2);
};

class Mirror {
 public:
  // Takes the table, and opens the socket beside it. Loop and listener must outlive the mirror.
  static tl::expected<std::unique_ptr<Mirror>, std::string> open(uv::Loop& loop,
                                                                 MirrorOptions options,
                                                                 Listener& listener);

  void start();

  const table::Position& position() const { return replica_.position(); }
  const std::optional<Loading>& loading() const { return follower_.loading(); }
  // Why the table was begun anew; empty: the one that was there goes on.
  const std::string& whyBegun() const { return writer_->whyBegun(); }

 private:
  Mirror(uv::Loop& loop, MirrorOptions options, std::unique_ptr<table::Writer> writer,
         Listener& listener);
  void onSecond();
  std::string trouble() const;
  void report();

  const MirrorOptions options_;
  const schema::RedisKeys keys_;
  Listener& listener_;
  std::unique_ptr<table::Writer> writer_;
  Replica replica_;
  redis::SideLine line_;
  Follower follower_;
  WantedRelay relay_;
  std::unique_ptr<WantedSocket> socket_;
  std::string last_report_trouble_;
  uv::Timer second_;
  uv::Timer report_timer_;
};

}  // namespace zonecast::mirror
