#include "adapters/control/session.h"

#include <span>
#include <utility>

namespace zonecast::control {
namespace {

constexpr std::size_t kUnsentOctetsMax = 2 * kResponseOctetsMax;

struct WriteRequest {
  uv_write_t uv{};
  std::string octets;
};

uv_stream_t* asStream(uv_pipe_t* pipe) {
  return reinterpret_cast<uv_stream_t*>(pipe);
}

v1::ControlResponse invalid(std::string text) {
  v1::ControlResponse response;
  response.mutable_failure()->set_kind(v1::Failure::INVALID);
  response.mutable_failure()->set_text(std::move(text));
  return response;
}

}  // namespace

ControlServer::Session::Session(ControlServer& server, uv::Handle<uv_pipe_t> pipe)
    : server_(server), pipe_(std::move(pipe)) {
  pipe_->data = this;
}

int ControlServer::Session::startReading() {
  return uv_read_start(
      asStream(pipe_.get()),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const auto space = static_cast<Session*>(handle->data)->server_.loop_.readBuffer();
        *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
      },
      [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
        const std::size_t octets = count > 0 ? static_cast<std::size_t>(count) : 0;
        auto& owner = *static_cast<Session*>(stream->data);
        owner.server_.loop_.dispatch(uv::Callback::control, [&] {
          owner.onRead(count, {buffer->base, octets});
        });
      });
}

void ControlServer::Session::send(std::string octets) {
  if (!pipe_) return;
  auto request = std::make_unique<WriteRequest>();
  request->uv.data = request.get();
  request->octets = std::move(octets);
  const uv_buf_t buffer =
      uv_buf_init(request->octets.data(), static_cast<unsigned>(request->octets.size()));
  uv_stream_t* const stream = asStream(pipe_.get());
  const int result = uv_write(&request->uv, stream, &buffer, 1, [](uv_write_t* done, int status) {
    const std::unique_ptr<WriteRequest> freed(static_cast<WriteRequest*>(done->data));
    if (auto* owner = static_cast<Session*>(done->handle->data))
      owner->server_.loop_.dispatch(uv::Callback::control, [&] { owner->onWritten(status); });
  });
  if (result < 0) return server_.retire(*this);
  request.release();  // freed in its callback
  if (uv_stream_get_write_queue_size(stream) > kUnsentOctetsMax) server_.retire(*this);
}

// A watcher has asked what it wanted; it is read on only to notice that it left.
void ControlServer::Session::onRead(ssize_t count, std::string_view octets) {
  if (count < 0) return server_.retire(*this);
  if (watches()) return;
  reader_.append(octets);
  uv_read_stop(asStream(pipe_.get()));
  takeRequest();
}

void ControlServer::Session::onWritten(int status) {
  if (status < 0 || stage_ == Stage::leaves) return server_.retire(*this);
  if (stage_ == Stage::asks) takeRequest();
}

void ControlServer::Session::takeRequest() {
  const auto request = reader_.next();
  if (!request) {
    stage_ = Stage::leaves;
    send(frame(invalid(request.error())));
  } else if (*request) {
    answer(**request);
  } else if (startReading() < 0) {
    server_.retire(*this);
  }
}

void ControlServer::Session::answer(const std::string& octets) {
  v1::ControlRequest request;
  const bool parsed = request.ParseFromString(octets);
  if (!parsed || request.verb_case() == v1::ControlRequest::VERB_NOT_SET) {
    send(frame(invalid("not a request that this version knows")));
  } else if (!request.has_watch()) {
    server_.handler_.answer(request,
                            [asker = weak_from_this()](const v1::ControlResponse& response) {
                              if (const auto session = asker.lock()) session->send(frame(response));
                            });
  } else {
    stage_ = Stage::watches;
    if (startReading() < 0) server_.retire(*this);
  }
}

}  // namespace zonecast::control
