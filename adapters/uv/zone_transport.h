// The ZoneTransport port on real sockets: TCP to the primaries, NOTIFY over UDP and TCP from them.
//
// What is sent within a turn leaves in one write for each connection, at its end. What fails inside
// a call is reported in the next turn. A connection whose peer leaves more than `unsent_octets_max`
// unread is ended.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/flat_hash_map.h"
#include "adapters/uv/loop.h"
#include "adapters/uv/tcp_notify.h"
#include "adapters/uv/udp_notify.h"
#include "reconciler/ports/zone_transport.h"

namespace zonecast::uv {

struct ZoneTransportLimits {
  std::size_t unsent_octets_max = 1024 * 1024;  // for each connection to a primary
  TcpNotifyLimits notify;
};

// The port is one, unless it was 0.
struct NotifyEndpoints {
  xfr::Endpoint udp, tcp;
};

class UvZoneTransport final : public ports::ZoneTransport {
 public:
  explicit UvZoneTransport(Loop& loop, const ZoneTransportLimits& limits = {});
  ~UvZoneTransport() override;

  // Before anything else; it must outlive the transport.
  void reportTo(ports::ZoneTransportListener& listener) { listener_ = &listener; }

  // Takes NOTIFY at one more endpoint; fails with a sentence that names it and what to do.
  tl::expected<NotifyEndpoints, std::string> listen(const xfr::Endpoint& endpoint);

  void connect(xfr::ConnectionId id, const xfr::Endpoint& peer) override;
  void send(xfr::ConnectionId id, std::vector<std::uint8_t> octets) override;
  void close(xfr::ConnectionId id) override;
  void answerNotify(ports::NotifySource source, std::vector<std::uint8_t> message) override;

 private:
  class Connection;

  NotifyReceiver receiver();
  void onSoon();
  void flush();
  void endSoon(Connection& connection, std::string why);
  void reportEnded();
  void end(xfr::ConnectionId id, std::string_view why);
  bool forget(xfr::ConnectionId id);

  Loop& loop_;
  const ZoneTransportLimits limits_;
  ports::ZoneTransportListener* listener_ = nullptr;
  absl::flat_hash_map<xfr::ConnectionId, std::unique_ptr<Connection>> connections_;
  std::vector<xfr::ConnectionId> to_flush_;
  std::vector<std::pair<xfr::ConnectionId, std::string>> ended_;  // and not yet reported
  Soon soon_;
  UdpNotify udp_;
  TcpNotify tcp_;
};

}  // namespace zonecast::uv
