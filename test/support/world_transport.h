// The network of the world. What is sent is under way until somebody delivers it: each connection
// keeps its order, and which connection is next is for the caller to say.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "reconciler/ports/zone_transport.h"
#include "test/support/world_primary.h"

namespace zonecast::test {

class WorldTransport final : public ports::ZoneTransport {
 public:
  using Primaries = std::map<xfr::Endpoint, std::pair<std::string, WorldPrimary>>;

  WorldTransport(Primaries& primaries, Trace& trace) : primaries_(primaries), trace_(trace) {}

  void connect(xfr::ConnectionId connection, const xfr::Endpoint& peer) override;
  void send(xfr::ConnectionId connection, std::vector<std::uint8_t> octets) override;
  void close(xfr::ConnectionId connection) override;
  void answerNotify(ports::NotifySource source, std::vector<std::uint8_t> message) override;

  // Delivers the oldest thing that is under way; false when nothing is.
  bool deliver(ports::ZoneTransportListener& listener);
  // Of the connections that have something under way, the one at this place, by the age of what
  // they have; the last one when there are fewer. Octets may arrive in part: the rest stays.
  enum class Portion { whole, half };
  bool deliverAt(std::size_t place, Portion portion, ports::ZoneTransportListener& listener);
  // What is under way is lost.
  void closeAll(const xfr::Endpoint& peer, std::string why);

 private:
  struct Delivery {
    enum class Kind { connected, received, closed } kind{};
    xfr::ConnectionId connection{};
    std::vector<std::uint8_t> octets;
    std::string why;
  };

  void hand(const Delivery& delivery, ports::ZoneTransportListener& listener);

  Primaries& primaries_;
  Trace& trace_;
  std::map<xfr::ConnectionId, xfr::Endpoint> open_;
  std::deque<Delivery> under_way_;
};

}  // namespace zonecast::test
