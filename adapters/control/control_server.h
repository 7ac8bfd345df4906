// The daemon's end of the control socket: answers requests, and tells watchers what was published.
//
// A client has one request under way: what else it sent waits until it has read its answer. So a
// session costs at most one request, one read and one answer; a watcher, what it leaves unread up
// to a limit; and of sessions there are so many. Who exceeds a limit is cut off. A client that has
// become a watcher asks no more. Only those who may open the socket (its owner and group) can speak
// to it. SIGPIPE must be ignored. Not thread-safe; everything happens on the loop.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"
#include "schema/control.pb.h"

namespace zonecast::control {

class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  // Any request but `watch`, which the server takes itself.
  virtual v1::ControlResponse handle(const v1::ControlRequest& request) = 0;
  // The same, for what cannot be answered at once: `reply` is called once, or never, and may
  // outlive whoever asked.
  using Reply = std::function<void(const v1::ControlResponse&)>;
  virtual void answer(const v1::ControlRequest& request, const Reply& reply) {
    reply(handle(request));
  }
};

class ControlServer {
 public:
  using Opened = tl::expected<std::unique_ptr<ControlServer>, std::string>;

  // Binds the socket; a stale one that nobody listens on is replaced. The error is a sentence.
  static Opened open(uv::Loop& loop, std::filesystem::path path, ControlHandler& handler,
                     std::size_t sessions_max = 64);
  ~ControlServer();  // the socket goes with it

  bool hasWatchers() const;
  void broadcast(const v1::WatchEvent& event);

 private:
  class Session;

  ControlServer(uv::Loop& loop, std::filesystem::path path, ControlHandler& handler,
                std::size_t sessions_max);
  tl::expected<void, std::string> listen();
  void onConnection(int status);
  void retire(Session& session);

  uv::Loop& loop_;
  std::filesystem::path path_;
  ControlHandler& handler_;
  const std::size_t sessions_max_;
  uv::Handle<uv_pipe_t> listener_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace zonecast::control
