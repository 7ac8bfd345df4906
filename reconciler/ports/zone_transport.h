// Port: the TCP connections to primaries and the NOTIFY listeners.
//
// Contract: calls return at once and never call back; what happens is reported to the
// ZoneTransportListener later, from the loop, never from inside a call. After close(), or after
// onConnectionClosed, nothing more is reported for that connection.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "reconciler/xfr/endpoint.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::ports {

enum class NotifySource : std::uint64_t {
};  // a datagram's sender or a TCP connection: where an answer goes

class ZoneTransport {
 public:
  virtual ~ZoneTransport() = default;
  virtual void connect(xfr::ConnectionId connection, const xfr::Endpoint& peer) = 0;
  virtual void send(xfr::ConnectionId connection, std::vector<std::uint8_t> octets) = 0;
  virtual void close(xfr::ConnectionId connection) = 0;
  // Answers what onNotifyMessage() brought; only valid from within that call or later while the
  // source is open; an unknown source is ignored. `message` carries no length prefix.
  virtual void answerNotify(NotifySource source, std::vector<std::uint8_t> message) = 0;
};

class ZoneTransportListener {
 public:
  virtual ~ZoneTransportListener() = default;
  virtual void onConnected(xfr::ConnectionId connection) = 0;
  virtual void onReceived(xfr::ConnectionId connection, std::span<const std::uint8_t> octets) = 0;
  virtual void onConnectionClosed(xfr::ConnectionId connection, std::string_view why) = 0;
  // One message at a NOTIFY listener, without length prefix.
  virtual void onNotifyMessage(NotifySource source, const xfr::Address& sender,
                               std::span<const std::uint8_t> message) = 0;
};

}  // namespace zonecast::ports
