#include "adapters/uv/udp_notify.h"

#include <utility>

namespace zonecast::uv {

UdpNotify::UdpNotify(Loop& loop, NotifyReceiver receiver)
    : loop_(loop), receiver_(std::move(receiver)) {}

tl::expected<xfr::Endpoint, std::string> UdpNotify::listen(const xfr::Endpoint& endpoint) {
  const auto failed = [&](int error) {
    return tl::unexpected(cannotListen(endpoint, "UDP", error));
  };
  const SocketAddress address = toSocketAddress(endpoint);
  auto socket = std::make_unique<Socket>(Socket{*this, nullptr});
  auto handle = openHandle<uv_udp_t>(socket.get(), [&](uv_udp_t* udp) {
    return uv_udp_init_ex(loop_.raw(), udp, address.generic.sa_family | UV_UDP_RECVMMSG);
  });
  if (!handle) return failed(handle.error());
  socket->handle = std::move(*handle);

  const unsigned flags = address.generic.sa_family == AF_INET6 ? UV_UDP_IPV6ONLY : 0;
  int result = uv_udp_bind(socket->handle.get(), &address.generic, flags);
  if (result >= 0) {
    result = uv_udp_recv_start(
        socket->handle.get(),
        [](uv_handle_t* udp, std::size_t, uv_buf_t* buffer) {
          const std::span<char> shared = static_cast<Socket*>(udp->data)->server.loop_.readBuffer();
          *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
        },
        [](uv_udp_t* udp, ssize_t count, const uv_buf_t* buffer, const sockaddr* sender, unsigned) {
          if (count < 0 || sender == nullptr)
            return;  // an error of one datagram; the end of a batch
          auto& owner = *static_cast<Socket*>(udp->data);
          owner.server.loop_.dispatch(Callback::datagram, [&] {
            owner.server.onDatagram(owner,
                                    {reinterpret_cast<const std::uint8_t*>(buffer->base),
                                     static_cast<std::size_t>(count)},
                                    sender);
          });
        });
  }
  if (result < 0) return failed(result);
  const xfr::Endpoint bound = boundEndpoint(uv_udp_getsockname, socket->handle.get());
  sockets_.push_back(std::move(socket));
  return bound;
}

void UdpNotify::answer(ports::NotifySource source, std::span<const std::uint8_t> message) {
  const Sender& sender = slot(source);
  if (sender.source != source || sender.socket == nullptr) return;
  // libuv's buffers are not const; sending leaves them alone.
  auto* octets = const_cast<char*>(reinterpret_cast<const char*>(message.data()));
  const uv_buf_t buffer = uv_buf_init(octets, static_cast<unsigned>(message.size()));
  static_cast<void>(
      uv_udp_try_send(sender.socket->handle.get(), &buffer, 1, &sender.address.generic));
}

void UdpNotify::onDatagram(Socket& socket, std::span<const std::uint8_t> octets,
                           const sockaddr* sender) {
  const ports::NotifySource source{++last_source_};
  const SocketAddress address = copyOf(sender);
  slot(source) = {.source = source, .socket = &socket, .address = address};
  receiver_(source, toEndpoint(address).address, octets);
}

UdpNotify::Sender& UdpNotify::slot(ports::NotifySource source) {
  return recent_[static_cast<std::uint64_t>(source) % recent_.size()];
}

}  // namespace zonecast::uv
