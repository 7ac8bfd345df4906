#include "test/support/world_transport.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "reconciler/dns/message.h"

namespace zonecast::test {
namespace {

std::vector<std::uint8_t> framed(const std::vector<std::uint8_t>& message) {
  std::vector<std::uint8_t> octets;
  octets.reserve(message.size() + 2);
  octets.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  octets.push_back(static_cast<std::uint8_t>(message.size() & 0xff));
  std::ranges::copy(message, std::back_inserter(octets));
  return octets;
}

}  // namespace

void WorldTransport::connect(xfr::ConnectionId connection, const xfr::Endpoint& peer) {
  const auto primary = primaries_.find(peer);
  if (primary == primaries_.end() ||
      primary->second.second.mood == WorldPrimary::Mood::refusingConnections) {
    under_way_.push_back({Delivery::Kind::closed, connection, {}, "connection refused"});
    return;
  }
  open_.emplace(connection, peer);
  under_way_.push_back({Delivery::Kind::connected, connection, {}, {}});
}

void WorldTransport::send(xfr::ConnectionId connection, std::vector<std::uint8_t> octets) {
  const auto open = open_.find(connection);
  if (open == open_.end()) return;
  auto& [name, primary] = primaries_.at(open->second);
  if (primary.mood == WorldPrimary::Mood::hung) return;
  for (std::span<const std::uint8_t> rest(octets); rest.size() >= 2;) {
    const std::size_t length = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
    for (const auto& message : primary.answer(rest.subspan(2, length), trace_, name)) {
      under_way_.push_back({Delivery::Kind::received, connection, framed(message), {}});
    }
    rest = rest.subspan(2 + length);
  }
}

void WorldTransport::close(xfr::ConnectionId connection) {
  open_.erase(connection);
  std::erase_if(under_way_, [&](const Delivery& d) { return d.connection == connection; });
}

void WorldTransport::answerNotify(ports::NotifySource, std::vector<std::uint8_t> message) {
  const auto reader = dns::MessageReader::open(message);
  if (!reader) throw Breach("the core answered a NOTIFY with what is no DNS message");
  trace_.push_back("notify answered " + dns::toText(reader->header().rcode));
}

bool WorldTransport::deliver(ports::ZoneTransportListener& listener) {
  return deliverAt(0, Portion::whole, listener);
}

bool WorldTransport::deliverAt(std::size_t place, Portion portion,
                               ports::ZoneTransportListener& listener) {
  if (under_way_.empty()) return false;
  std::set<xfr::ConnectionId> seen;
  auto chosen = under_way_.begin();
  for (auto it = under_way_.begin(); it != under_way_.end() && seen.size() <= place; ++it) {
    if (seen.insert(it->connection).second) chosen = it;
  }
  if (portion == Portion::half && chosen->octets.size() > 1) {
    const auto middle = chosen->octets.begin() + static_cast<long>(chosen->octets.size() / 2);
    const Delivery part{chosen->kind, chosen->connection, {chosen->octets.begin(), middle}, {}};
    chosen->octets.erase(chosen->octets.begin(), middle);
    hand(part, listener);
    return true;
  }
  const Delivery delivery = std::move(*chosen);
  under_way_.erase(chosen);
  hand(delivery, listener);
  return true;
}

void WorldTransport::hand(const Delivery& delivery, ports::ZoneTransportListener& listener) {
  switch (delivery.kind) {
    case Delivery::Kind::connected:
      return listener.onConnected(delivery.connection);
    case Delivery::Kind::received:
      return listener.onReceived(delivery.connection, delivery.octets);
    case Delivery::Kind::closed:
      return listener.onConnectionClosed(delivery.connection, delivery.why);
  }
}

void WorldTransport::closeAll(const xfr::Endpoint& peer, std::string why) {
  for (const auto& [connection, endpoint] : std::map(open_)) {
    if (endpoint != peer) continue;
    close(connection);
    under_way_.push_back({Delivery::Kind::closed, connection, {}, why});
  }
}

}  // namespace zonecast::test
