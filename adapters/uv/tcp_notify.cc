#include "adapters/uv/tcp_notify.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "adapters/uv/tcp_stream.h"

namespace zonecast::uv {

namespace {

constexpr int kBacklog = 128;
constexpr std::size_t kLengthOctets = 2;
constexpr std::size_t kMessageOctetsMax = 0xffff;

}  // namespace

// -- Connection

class TcpNotify::Connection final : public TcpStreamHandler {
 public:
  Connection(TcpNotify& server, ports::NotifySource source)
      : server_(server),
        source_(source),
        overdue_(server.loop_, [this] { server_.drop(source_); }) {
    awaitMessage();
  }

  bool accept(uv_tcp_t* listener) {
    auto stream =
        TcpStream::accept(server_.loop_, *this, listener, server_.limits_.unsent_octets_max);
    if (!stream) return false;
    stream_ = std::move(*stream);
    const auto peer = stream_->peer();
    if (peer) sender_ = peer->address;
    return peer.has_value();
  }

  bool write(std::vector<std::uint8_t> octets) {
    return stream_->write(std::move(octets)).has_value();
  }
  void shut() {
    overdue_.stop();
    stream_->shut();
  }
  Instant silentSince() const { return silent_since_; }

  void onOpen() override {}
  void onOctets(std::span<const std::uint8_t> octets) override;
  void onEnded(std::string_view) override { server_.drop(source_); }

 private:
  void awaitMessage() {
    silent_since_ = server_.loop_.now().mono;
    overdue_.startAt(silent_since_ + server_.limits_.message_timeout);
  }

  TcpNotify& server_;
  const ports::NotifySource source_;
  Timer overdue_;
  Instant silent_since_{};
  xfr::Address sender_;
  std::unique_ptr<TcpStream> stream_;
  std::vector<std::uint8_t> received_;
};

void TcpNotify::Connection::onOctets(std::span<const std::uint8_t> octets) {
  received_.insert(received_.end(), octets.begin(), octets.end());
  std::span<const std::uint8_t> rest = received_;
  // Answering may have shut the stream.
  while (!stream_->isShut() && rest.size() >= kLengthOctets) {
    const std::size_t length = static_cast<std::size_t>(rest[0] << 8 | rest[1]);
    if (length == 0) return server_.drop(source_);
    if (rest.size() < kLengthOctets + length) break;
    awaitMessage();
    const auto message = rest.subspan(kLengthOctets, length);
    rest = rest.subspan(kLengthOctets + length);
    server_.receiver_(source_, sender_, message);
  }
  received_.erase(received_.begin(), received_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

// -- TcpNotify

TcpNotify::TcpNotify(Loop& loop, NotifyReceiver receiver, const TcpNotifyLimits& limits)
    : loop_(loop), receiver_(std::move(receiver)), limits_(limits) {
  assert(limits_.connections_max > 0);
}

TcpNotify::~TcpNotify() = default;

tl::expected<xfr::Endpoint, std::string> TcpNotify::listen(const xfr::Endpoint& endpoint) {
  const auto failed = [&](int error) {
    return tl::unexpected(cannotListen(endpoint, "TCP", error));
  };
  const SocketAddress address = toSocketAddress(endpoint);
  auto listener = openHandle<uv_tcp_t>(this, [&](uv_tcp_t* tcp) {
    return uv_tcp_init_ex(loop_.raw(), tcp, address.generic.sa_family);
  });
  if (!listener) return failed(listener.error());

  const unsigned flags = address.generic.sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
  int result = uv_tcp_bind(listener->get(), &address.generic, flags);
  if (result >= 0) {
    result = uv_listen(asStream(listener->get()), kBacklog, [](uv_stream_t* handle, int status) {
      auto& owner = *static_cast<TcpNotify*>(handle->data);
      owner.loop_.dispatch(Callback::stream, [&] { owner.onConnection(handle, status); });
    });
  }
  if (result < 0) return failed(result);
  const xfr::Endpoint bound = boundEndpoint(uv_tcp_getsockname, listener->get());
  listeners_.push_back(std::move(*listener));
  return bound;
}

void TcpNotify::answer(ports::NotifySource source, std::span<const std::uint8_t> message) {
  assert(message.size() <= kMessageOctetsMax);
  const auto found = connections_.find(source);
  if (found == connections_.end()) return;
  std::vector<std::uint8_t> framed;
  framed.reserve(kLengthOctets + message.size());
  framed.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  framed.push_back(static_cast<std::uint8_t>(message.size() & 0xff));
  framed.insert(framed.end(), message.begin(), message.end());
  if (!found->second->write(std::move(framed))) drop(source);
}

void TcpNotify::onConnection(uv_stream_t* listener, int status) {
  if (status < 0) return;  // gone before it was taken, or no descriptors: the next may do better
  if (connections_.size() >= limits_.connections_max) dropMostSilent();
  const ports::NotifySource source{++last_source_};
  auto connection = std::make_unique<Connection>(*this, source);
  if (!connection->accept(reinterpret_cast<uv_tcp_t*>(listener))) return;
  connections_.emplace(source, std::move(connection));
}

void TcpNotify::drop(ports::NotifySource source) {
  const auto found = connections_.find(source);
  if (found == connections_.end()) return;
  found->second->shut();
  loop_.deleteLater(std::move(found->second));  // it may be the one that calls
  connections_.erase(found);
}

void TcpNotify::dropMostSilent() {
  const auto most_silent =
      std::min_element(connections_.begin(), connections_.end(), [](const auto& a, const auto& b) {
        return a.second->silentSince() < b.second->silentSince();
      });
  drop(most_silent->first);
}

}  // namespace zonecast::uv
