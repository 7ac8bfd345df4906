// One TCP connection, made by us or by the peer: octets in both directions, nothing about DNS.
//
// Nagle is off, and each read is acknowledged at once: a primary that writes with Nagle on would
// otherwise wait for our delayed ACK, 40 ms an answer. What the peer does not read is kept up to a
// limit. Invariants: nothing is reported from inside a call; after onEnded(), or after shut(),
// nothing more is reported. A stream must not be destroyed while it reports (Loop::deleteLater()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::uv {

class TcpStreamHandler {
 public:
  virtual ~TcpStreamHandler() = default;
  virtual void onOpen() = 0;  // connect() succeeded; not told of accepted streams
  virtual void onOctets(std::span<const std::uint8_t> octets) = 0;
  virtual void onEnded(std::string_view why) = 0;  // `why` is for people
};

class TcpStream {
 public:
  using Result = tl::expected<std::unique_ptr<TcpStream>, std::string>;

  // Writing before onOpen() is allowed: it waits.
  static Result connect(Loop& loop, TcpStreamHandler& handler, const xfr::Endpoint& peer,
                        std::size_t unsent_octets_max);
  // Takes the connection that `listener` just reported.
  static Result accept(Loop& loop, TcpStreamHandler& handler, uv_tcp_t* listener,
                       std::size_t unsent_octets_max);

  // Fails when the connection is broken or the peer leaves too much unread; nothing is reported
  // then, and the caller shuts the stream.
  tl::expected<void, std::string> write(std::vector<std::uint8_t> octets);

  void shut() { handle_.reset(); }
  bool isShut() const { return handle_ == nullptr; }

  tl::expected<xfr::Endpoint, std::string> peer() const;

 private:
  TcpStream(Loop& loop, TcpStreamHandler& handler, std::size_t unsent_octets_max)
      : loop_(loop), handler_(handler), unsent_octets_max_(unsent_octets_max) {}

  template <typename Call>
  void dispatch(Call&& call) {
    loop_.dispatch(Callback::stream, call);
  }
  int startReading();
  void onConnect(int status);
  void onWritten(int status);
  uv_buf_t onBufferWanted();
  void onRead(ssize_t count, const char* octets);
  void acknowledgeAtOnce();
  void end(std::string_view why);

  Loop& loop_;
  TcpStreamHandler& handler_;
  const std::size_t unsent_octets_max_;
  Handle<uv_tcp_t> handle_;
};

}  // namespace zonecast::uv
