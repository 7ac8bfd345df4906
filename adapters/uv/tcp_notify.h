// NOTIFY over TCP: messages behind a length of two octets (RFC 1035 section 4.2.2), any number of
// them on a connection, and answers on the same one.
//
// Invariants: at most `connections_max` connections; a new one takes the place of the one that has
// been silent longest. Each message must be whole within `message_timeout` of the one before, so
// that nobody holds a connection open by octets. A connection buffers at most one message and one
// read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/uv/loop.h"
#include "adapters/uv/notify.h"

namespace zonecast::uv {

struct TcpNotifyLimits {
  std::size_t connections_max = 256;
  Duration message_timeout = std::chrono::seconds{10};
  std::size_t unsent_octets_max = 64 * 1024;
};

class TcpNotify {
 public:
  TcpNotify(Loop& loop, NotifyReceiver receiver, const TcpNotifyLimits& limits);
  ~TcpNotify();

  // The endpoint that is bound, or a sentence.
  tl::expected<xfr::Endpoint, std::string> listen(const xfr::Endpoint& endpoint);

  void answer(ports::NotifySource source, std::span<const std::uint8_t> message);

 private:
  class Connection;

  void onConnection(uv_stream_t* listener, int status);
  void drop(ports::NotifySource source);
  void dropMostSilent();

  Loop& loop_;
  NotifyReceiver receiver_;
  const TcpNotifyLimits limits_;
  std::vector<Handle<uv_tcp_t>> listeners_;
  std::uint64_t last_source_ = kTcpSource;
  std::map<ports::NotifySource, std::unique_ptr<Connection>> connections_;
};

}  // namespace zonecast::uv
