// One connection to Redis: commands out, replies in, in order.
//
// Replies are read within bounds (reply_reader.h); a connection that goes beyond is closed. The
// socket is a libuv stream. (hiredis' asynchronous contexts abort the process on a reply that
// nobody asked for, and move their whole output buffer at each write.)
//
// Invariants: nothing is reported from inside a call. After open() comes exactly one of onConnected
// and onDown; after onConnected, at most one onDown, and each command's handler is called once, in
// the order of the commands, until onDown or close(): then the remaining handlers are dropped.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <uv.h>

#include "adapters/redis/command.h"
#include "adapters/redis/options.h"
#include "adapters/redis/reply.h"
#include "adapters/redis/reply_reader.h"
#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"

namespace zonecast::redis {

class Connection {
 public:
  using Handler = std::function<void(Reply)>;
  struct Events {
    std::function<void()> onConnected;
    std::function<void(std::string why)> onDown;
  };

  Connection(uv::Loop& loop, const RedisOptions& options, Events events);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void open();
  void close();
  void send(const Command& command, Handler handler);  // when not connected: dropped

  std::size_t unanswered() const { return waiting_.size(); }
  std::size_t unsentOctets() const { return socket_ ? socket_->stream.write_queue_size : 0; }

 private:
  union Socket {
    void* data;  // where every libuv handle has it
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_stream_t stream;
  };

  int connectTo(const UnixSocket& server, uv_connect_t& request);
  int connectTo(const xfr::Endpoint& server, uv_connect_t& request);
  static void onConnectDone(uv_connect_t* request, int status);
  void onConnect(int status);
  void onRead(ssize_t count, const char* octets);
  void readReplies();
  void onTime();
  void down(std::string why);
  // The next time that the loop comes round.
  void downSoon(std::string why);

  uv::Loop& loop_;
  const RedisOptions& options_;
  const Events events_;
  uv::Handle<Socket> socket_;
  std::optional<ReplyReader> reader_;
  std::deque<Handler> waiting_;
  bool connected_ = false;
  uv::Timer watchdog_;  // connect time-out, then command time-out
  uv::Soon down_soon_;
  std::string down_why_;
};

}  // namespace zonecast::redis
