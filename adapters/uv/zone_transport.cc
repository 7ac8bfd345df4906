#include "adapters/uv/zone_transport.h"

#include <cassert>

#include "adapters/uv/tcp_stream.h"

namespace zonecast::uv {

class UvZoneTransport::Connection final : public TcpStreamHandler {
 public:
  Connection(UvZoneTransport& transport, xfr::ConnectionId id) : transport_(transport), id_(id) {}

  tl::expected<void, std::string> connect(const xfr::Endpoint& peer) {
    auto stream =
        TcpStream::connect(transport_.loop_, *this, peer, transport_.limits_.unsent_octets_max);
    if (!stream) return tl::unexpected(std::move(stream.error()));
    stream_ = std::move(*stream);
    return {};
  }
  // True when nothing waited before.
  bool add(std::vector<std::uint8_t> octets) {
    const bool is_first = unsent_.empty();
    if (is_first) {
      unsent_ = std::move(octets);
    } else {
      unsent_.insert(unsent_.end(), octets.begin(), octets.end());
    }
    return is_first;
  }
  tl::expected<void, std::string> flush() {
    return stream_->write(std::exchange(unsent_, {}));
  }
  void shut() {
    if (stream_) stream_->shut();
  }
  bool isShut() const { return !stream_ || stream_->isShut(); }
  xfr::ConnectionId id() const { return id_; }

  void onOpen() override { transport_.listener_->onConnected(id_); }
  void onOctets(std::span<const std::uint8_t> octets) override {
    transport_.listener_->onReceived(id_, octets);
  }
  void onEnded(std::string_view why) override { transport_.end(id_, why); }

 private:
  UvZoneTransport& transport_;
  const xfr::ConnectionId id_;
  std::unique_ptr<TcpStream> stream_;
  std::vector<std::uint8_t> unsent_;
};

UvZoneTransport::UvZoneTransport(Loop& loop, const ZoneTransportLimits& limits)
    : loop_(loop),
      limits_(limits),
      soon_(loop, [this] { onSoon(); }),
      udp_(loop, receiver()),
      tcp_(loop, receiver(), limits.notify) {}

UvZoneTransport::~UvZoneTransport() = default;

tl::expected<NotifyEndpoints, std::string> UvZoneTransport::listen(const xfr::Endpoint& endpoint) {
  const auto udp = udp_.listen(endpoint);
  if (!udp) return tl::unexpected(udp.error());
  const auto tcp = tcp_.listen(endpoint);
  if (!tcp) return tl::unexpected(tcp.error());
  return NotifyEndpoints{.udp = *udp, .tcp = *tcp};
}

void UvZoneTransport::connect(xfr::ConnectionId id, const xfr::Endpoint& peer) {
  auto [place, is_new] = connections_.emplace(id, std::make_unique<Connection>(*this, id));
  assert(is_new);
  Connection& connection = *place->second;
  if (auto connecting = connection.connect(peer); !connecting) {
    endSoon(connection, std::move(connecting.error()));
  }
}

void UvZoneTransport::send(xfr::ConnectionId id, std::vector<std::uint8_t> octets) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second->isShut()) return;
  if (!found->second->add(std::move(octets))) return;
  to_flush_.push_back(id);
  soon_.schedule();
}

void UvZoneTransport::onSoon() {
  flush();
  reportEnded();
}

void UvZoneTransport::flush() {
  for (const xfr::ConnectionId id : std::exchange(to_flush_, {})) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second->isShut()) continue;
    if (auto written = found->second->flush(); !written) {
      endSoon(*found->second, std::move(written.error()));
    }
  }
}

void UvZoneTransport::close(xfr::ConnectionId id) {
  forget(id);
}

void UvZoneTransport::answerNotify(ports::NotifySource source, std::vector<std::uint8_t> message) {
  isTcp(source) ? tcp_.answer(source, message) : udp_.answer(source, message);
}

NotifyReceiver UvZoneTransport::receiver() {
  return [this](ports::NotifySource source, const xfr::Address& sender,
                std::span<const std::uint8_t> message) {
    listener_->onNotifyMessage(source, sender, message);
  };
}

void UvZoneTransport::endSoon(Connection& connection, std::string why) {
  connection.shut();
  ended_.emplace_back(connection.id(), std::move(why));
  soon_.schedule();
}

void UvZoneTransport::reportEnded() {
  for (const auto& [id, why] : std::exchange(ended_, {})) end(id, why);
}

void UvZoneTransport::end(xfr::ConnectionId id, std::string_view why) {
  if (forget(id)) listener_->onConnectionClosed(id, why);
}

bool UvZoneTransport::forget(xfr::ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return false;
  found->second->shut();
  loop_.deleteLater(std::move(found->second));  // it may be the one that calls
  connections_.erase(found);
  return true;
}

}  // namespace zonecast::uv
