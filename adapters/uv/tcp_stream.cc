#include "adapters/uv/tcp_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <netinet/tcp.h>

#include "adapters/uv/socket_address.h"

namespace zonecast::uv {

namespace {

// libuv reads a busy socket up to 32 times a turn: 2 MiB, some 15 ms of a transfer's parsing.
constexpr std::size_t kReadOctetsMax = 64 * 1024;

struct WriteRequest {
  uv_write_t uv{};
  std::vector<std::uint8_t> octets;
};

// The stream that a request belongs to, or null once it was shut.
TcpStream* ownerOf(const uv_stream_t* handle) {
  return static_cast<TcpStream*>(handle->data);
}

}  // namespace

TcpStream::Result TcpStream::connect(Loop& loop, TcpStreamHandler& handler,
                                     const xfr::Endpoint& peer, std::size_t unsent_octets_max) {
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, handler, unsent_octets_max));
  const SocketAddress address = toSocketAddress(peer);
  auto handle = openHandle<uv_tcp_t>(stream.get(), [&](uv_tcp_t* tcp) {
    return uv_tcp_init_ex(loop.raw(), tcp, address.generic.sa_family);
  });
  if (!handle) return tl::unexpected(fmt::format("no socket: {}", uv_strerror(handle.error())));
  stream->handle_ = std::move(*handle);

  int result = uv_tcp_nodelay(stream->handle_.get(), 1);
  auto request = std::make_unique<uv_connect_t>();
  if (result >= 0) {
    result = uv_tcp_connect(request.get(), stream->handle_.get(), &address.generic,
                            [](uv_connect_t* done, int status) {
                              const std::unique_ptr<uv_connect_t> freed(done);
                              if (auto* owner = ownerOf(done->handle))
                                owner->dispatch([&] { owner->onConnect(status); });
                            });
  }
  if (result < 0) return tl::unexpected(fmt::format("cannot connect: {}", uv_strerror(result)));
  request.release();  // freed in its callback
  return stream;
}

TcpStream::Result TcpStream::accept(Loop& loop, TcpStreamHandler& handler, uv_tcp_t* listener,
                                    std::size_t unsent_octets_max) {
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, handler, unsent_octets_max));
  stream->handle_ = mustOpenHandle<uv_tcp_t>(
      stream.get(), "uv_tcp_init", [&](uv_tcp_t* tcp) { return uv_tcp_init(loop.raw(), tcp); });
  int result = uv_accept(asStream(listener), asStream(stream->handle_.get()));
  if (result >= 0) result = uv_tcp_nodelay(stream->handle_.get(), 1);
  if (result >= 0) result = stream->startReading();
  if (result < 0) return tl::unexpected(fmt::format("cannot accept: {}", uv_strerror(result)));
  return stream;
}

tl::expected<void, std::string> TcpStream::write(std::vector<std::uint8_t> octets) {
  if (isShut()) return tl::unexpected<std::string>("closed");
  auto request = std::make_unique<WriteRequest>();
  request->uv.data = request.get();
  request->octets = std::move(octets);
  const uv_buf_t buffer = uv_buf_init(reinterpret_cast<char*>(request->octets.data()),
                                      static_cast<unsigned>(request->octets.size()));
  const int result =
      uv_write(&request->uv, asStream(handle_.get()), &buffer, 1, [](uv_write_t* done, int status) {
        const std::unique_ptr<WriteRequest> freed(static_cast<WriteRequest*>(done->data));
        if (auto* owner = ownerOf(done->handle)) owner->dispatch([&] { owner->onWritten(status); });
      });
  if (result < 0) return tl::unexpected(fmt::format("cannot write: {}", uv_strerror(result)));
  request.release();  // freed in its callback
  const std::size_t unsent = uv_stream_get_write_queue_size(asStream(handle_.get()));
  if (unsent > unsent_octets_max_) {
    return tl::unexpected(fmt::format("the peer does not read: {} octets unsent", unsent));
  }
  return {};
}

tl::expected<xfr::Endpoint, std::string> TcpStream::peer() const {
  SocketAddress address{};
  int octets = sizeof address;
  if (const int result = uv_tcp_getpeername(handle_.get(), &address.generic, &octets); result < 0) {
    return tl::unexpected(fmt::format("the peer is gone: {}", uv_strerror(result)));
  }
  return toEndpoint(address);
}

int TcpStream::startReading() {
  return uv_read_start(
      asStream(handle_.get()),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        *buffer = static_cast<TcpStream*>(handle->data)->onBufferWanted();
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        TcpStream& owner = *ownerOf(handle);
        owner.dispatch([&] { owner.onRead(count, buffer->base); });
      });
}

void TcpStream::onConnect(int status) {
  if (status >= 0) status = startReading();
  if (status < 0) return end(fmt::format("cannot connect: {}", uv_strerror(status)));
  handler_.onOpen();
}

void TcpStream::onWritten(int status) {
  if (status < 0) end(fmt::format("cannot write: {}", uv_strerror(status)));
}

uv_buf_t TcpStream::onBufferWanted() {
  const std::span<char> shared = loop_.readBuffer();
  return uv_buf_init(shared.data(), static_cast<unsigned>(std::min(shared.size(), kReadOctetsMax)));
}

void TcpStream::onRead(ssize_t count, const char* octets) {
  if (count == 0) return;  // nothing there after all
  if (count == UV_EOF) return end("closed by the peer");
  if (count < 0) return end(fmt::format("cannot read: {}", uv_strerror(static_cast<int>(count))));
  acknowledgeAtOnce();
  handler_.onOctets(
      {reinterpret_cast<const std::uint8_t*>(octets), static_cast<std::size_t>(count)});
}

// The kernel forgets this wish now and then, so it is made at each read. Should it refuse, the
// connection is slower and still right.
void TcpStream::acknowledgeAtOnce() {
  uv_os_fd_t socket = -1;
  must(uv_fileno(asHandle(handle_.get()), &socket), "uv_fileno");
  const int on = 1;
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on));
}

void TcpStream::end(std::string_view why) {
  shut();
  handler_.onEnded(why);
}

}  // namespace zonecast::uv
