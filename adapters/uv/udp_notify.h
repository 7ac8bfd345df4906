// NOTIFY over UDP (RFC 1996 section 3.6): datagrams in, answers out of the socket they came to.
//
// Invariants: nothing queues. An answer that the socket cannot take at once is lost, as the network
// might lose it; the primary asks again. The latest 1024 senders can be answered.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/uv/loop.h"
#include "adapters/uv/notify.h"

namespace zonecast::uv {

class UdpNotify {
 public:
  UdpNotify(Loop& loop, NotifyReceiver receiver);

  // The endpoint that is bound, or a sentence.
  tl::expected<xfr::Endpoint, std::string> listen(const xfr::Endpoint& endpoint);

  void answer(ports::NotifySource source, std::span<const std::uint8_t> message);

 private:
  struct Socket {
    UdpNotify& server;
    Handle<uv_udp_t> handle;
  };
  struct Sender {
    ports::NotifySource source{};  // 0: none yet
    Socket* socket = nullptr;
    SocketAddress address{};
  };

  void onDatagram(Socket& socket, std::span<const std::uint8_t> octets, const sockaddr* sender);
  Sender& slot(ports::NotifySource source);

  Loop& loop_;
  NotifyReceiver receiver_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::uint64_t last_source_ = 0;
  std::array<Sender, 1024> recent_{};
};

}  // namespace zonecast::uv
