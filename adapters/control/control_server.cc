#include "adapters/control/control_server.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/control/session.h"
#include "adapters/control/socket_path.h"

namespace zonecast::control {
namespace {

constexpr int kBacklog = 16;
constexpr mode_t kOwnerAndGroup = 0660;

uv_stream_t* asStream(uv_pipe_t* pipe) {
  return reinterpret_cast<uv_stream_t*>(pipe);
}

tl::expected<uv::Handle<uv_pipe_t>, int> openPipe(uv::Loop& loop, void* owner) {
  return uv::openHandle<uv_pipe_t>(
      owner, [&](uv_pipe_t* pipe) { return uv_pipe_init(loop.raw(), pipe, 0); });
}

}  // namespace

ControlServer::ControlServer(uv::Loop& loop, std::filesystem::path path, ControlHandler& handler,
                             std::size_t sessions_max)
    : loop_(loop), path_(std::move(path)), handler_(handler), sessions_max_(sessions_max) {}

ControlServer::~ControlServer() = default;

ControlServer::Opened ControlServer::open(uv::Loop& loop, std::filesystem::path path,
                                          ControlHandler& handler, std::size_t sessions_max) {
  std::unique_ptr<ControlServer> server(
      new ControlServer(loop, std::move(path), handler, sessions_max));
  if (auto listening = server->listen(); !listening) return tl::unexpected(listening.error());
  return server;
}

tl::expected<void, std::string> ControlServer::listen() {
  const auto fail = [this](std::string_view why) {
    return tl::unexpected(fmt::format("control socket {}: {}", path_.native(), why));
  };
  const auto address = toSocketAddress(path_);
  if (!address) return tl::unexpected(address.error());
  if (std::error_code ignored; std::filesystem::is_socket(path_, ignored)) {
    if (!isAbandoned(*address)) return fail("another zonecastd listens there");
    ::unlink(path_.c_str());
  }
  auto pipe = openPipe(loop_, this);
  if (!pipe) return fail(uv_strerror(pipe.error()));
  int result = uv_pipe_bind(pipe->get(), path_.c_str());  // libuv unlinks it when the pipe closes
  if (result == 0 && ::chmod(path_.c_str(), kOwnerAndGroup) != 0) {
    result = uv_translate_sys_error(errno);
  }
  if (result == 0) {
    result = uv_listen(asStream(pipe->get()), kBacklog, [](uv_stream_t* stream, int status) {
      auto& owner = *static_cast<ControlServer*>(stream->data);
      owner.loop_.dispatch(uv::Callback::control, [&] { owner.onConnection(status); });
    });
  }
  // libuv says of a missing directory what Windows says of it.
  if (std::error_code ignored;
      result == UV_EACCES && !std::filesystem::exists(path_.parent_path(), ignored)) {
    result = UV_ENOENT;
  }
  if (result != 0) return fail(uv_strerror(result));
  listener_ = std::move(*pipe);
  return {};
}

void ControlServer::onConnection(int status) {
  if (status < 0) return;
  auto pipe = openPipe(loop_, nullptr);
  if (!pipe || uv_accept(asStream(listener_.get()), asStream(pipe->get())) != 0) return;
  if (sessions_.size() >= sessions_max_) return;  // closes it
  auto session = std::make_shared<Session>(*this, std::move(*pipe));
  if (session->start()) sessions_.push_back(std::move(session));
}

void ControlServer::retire(Session& session) {
  session.shut();
  const auto known = std::ranges::find(sessions_, &session, &std::shared_ptr<Session>::get);
  if (known == sessions_.end()) return;
  loop_.deleteLater(std::move(*known));
  sessions_.erase(known);
}

bool ControlServer::hasWatchers() const {
  return std::ranges::any_of(sessions_, [](const auto& session) { return session->watches(); });
}

// Who does not read is retired on the way: the round is made over a copy.
void ControlServer::broadcast(const v1::WatchEvent& event) {
  v1::ControlResponse response;
  *response.mutable_event() = event;
  const std::string octets = frame(response);
  for (const std::shared_ptr<Session>& session : std::vector(sessions_)) {
    if (session->watches()) session->send(octets);
  }
}

}  // namespace zonecast::control
