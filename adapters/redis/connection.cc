#include "adapters/redis/connection.h"

#include <utility>

#include <fmt/format.h>
#include <sys/un.h>

#include "adapters/uv/socket_address.h"

namespace zonecast::redis {
namespace {

struct WriteRequest {
  uv_write_t uv{};
  std::string octets;
};

// Whom a request or a read belongs to; null once the connection was closed.
Connection* ownerOf(const uv_stream_t* stream) {
  return static_cast<Connection*>(stream->data);
}

std::string serverText(const RedisOptions& options) {
  if (const auto* socket = std::get_if<UnixSocket>(&options.server)) return socket->path;
  return xfr::toText(std::get<xfr::Endpoint>(options.server));
}

}  // namespace

Connection::Connection(uv::Loop& loop, const RedisOptions& options, Events events)
    : loop_(loop),
      options_(options),
      events_(std::move(events)),
      watchdog_(
          loop, [this] { onTime(); }, uv::Callback::store),
      down_soon_(
          loop, [this] { down(down_why_); }, uv::Callback::store) {}

void Connection::open() {
  close();
  reader_.emplace(options_.reply_limits);
  auto request = std::make_unique<uv_connect_t>();
  const int result =
      std::visit([&](const auto& server) { return connectTo(server, *request); }, options_.server);
  if (result < 0) return downSoon(uv_strerror(result));
  request.release();  // freed in its callback
  watchdog_.after(options_.connect_timeout);
}

void Connection::close() {
  socket_.reset();
  reader_.reset();
  waiting_.clear();
  connected_ = false;
  watchdog_.stop();
  down_soon_.cancel();
}

int Connection::connectTo(const UnixSocket& server, uv_connect_t& request) {
  if (server.path.size() >= sizeof(sockaddr_un::sun_path)) return UV_ENAMETOOLONG;
  auto socket = uv::openHandle<Socket>(
      this, [&](Socket* opened) { return uv_pipe_init(loop_.raw(), &opened->pipe, 0); });
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  uv_pipe_connect(&request, &socket_->pipe, server.path.c_str(), onConnectDone);
  return 0;
}

int Connection::connectTo(const xfr::Endpoint& server, uv_connect_t& request) {
  auto socket = uv::openHandle<Socket>(
      this, [&](Socket* opened) { return uv_tcp_init(loop_.raw(), &opened->tcp); });
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  const uv::SocketAddress address = uv::toSocketAddress(server);
  if (const int result = uv_tcp_nodelay(&socket_->tcp, 1); result < 0) return result;
  return uv_tcp_connect(&request, &socket_->tcp, &address.generic, onConnectDone);
}

void Connection::onConnectDone(uv_connect_t* request, int status) {
  const std::unique_ptr<uv_connect_t> freed(request);
  if (Connection* owner = ownerOf(request->handle))
    owner->loop_.dispatch(uv::Callback::store, [&] { owner->onConnect(status); });
}

void Connection::onConnect(int status) {
  watchdog_.stop();
  if (status == 0) {
    status = uv_read_start(
        &socket_->stream,
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          const auto* owner = static_cast<Connection*>(handle->data);
          const std::span<char> room = owner->loop_.readBuffer();
          *buffer = uv_buf_init(room.data(), static_cast<unsigned>(room.size()));
        },
        [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
          Connection& owner = *ownerOf(stream);
          owner.loop_.dispatch(uv::Callback::store, [&] { owner.onRead(count, buffer->base); });
        });
  }
  if (status < 0) return down(uv_strerror(status));
  connected_ = true;
  events_.onConnected();
}

void Connection::send(const Command& command, Handler handler) {
  if (!connected_) return;
  auto request = std::make_unique<WriteRequest>();
  request->uv.data = request.get();
  request->octets = command.octets();
  const uv_buf_t buffer =
      uv_buf_init(request->octets.data(), static_cast<unsigned>(request->octets.size()));
  const int result =
      uv_write(&request->uv, &socket_->stream, &buffer, 1, [](uv_write_t* done, int status) {
        const std::unique_ptr<WriteRequest> freed(static_cast<WriteRequest*>(done->data));
        Connection* owner = ownerOf(done->handle);
        if (owner != nullptr && status < 0) owner->down(uv_strerror(status));
      });
  if (result < 0) return downSoon(uv_strerror(result));
  request.release();  // freed in its callback
  if (waiting_.empty()) watchdog_.after(options_.command_timeout);
  waiting_.push_back(std::move(handler));
}

void Connection::onRead(ssize_t count, const char* octets) {
  if (count < 0) {
    return down(count == UV_EOF ? "Redis closed the connection"
                                : uv_strerror(static_cast<int>(count)));
  }
  reader_->feed({octets, static_cast<std::size_t>(count)});
  readReplies();
}

void Connection::readReplies() {
  while (socket_) {  // a handler may close the connection
    auto read = reader_->next();
    if (!read) return down(std::move(read.error()));
    if (!*read) return;
    Reply reply = std::move(**read);
    if (waiting_.empty()) {
      return down(fmt::format("Redis said, unasked: {}", reply.view().text()));
    }
    const Handler handler = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting_.empty()) {
      watchdog_.stop();
    } else {
      watchdog_.after(options_.command_timeout);
    }
    handler(std::move(reply));
  }
}

void Connection::onTime() {
  down(connected_ ? "Redis does not answer" : "no connection in time");
}

void Connection::down(std::string why) {
  close();
  events_.onDown(fmt::format("Redis at {}: {}", serverText(options_), why));
}

void Connection::downSoon(std::string why) {
  close();
  down_why_ = std::move(why);
  down_soon_.schedule();
}

}  // namespace zonecast::redis
