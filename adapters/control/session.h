// One client of the control socket, from the server's side. See control_server.h for its limits.
//
// Reading stops with a whole request and goes on once its answer is written. Invariants: after
// shut() nothing more happens; a session that has failed says so to its server once, and may be in
// one of its own callbacks then (Loop::deleteLater()).
#pragma once

#include "adapters/control/control_server.h"
#include "adapters/control/frame.h"

namespace zonecast::control {

class ControlServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ControlServer& server, uv::Handle<uv_pipe_t> pipe);

  bool start() { return startReading() == 0; }
  void send(std::string octets);  // nothing after shut()
  void shut() { pipe_.reset(); }
  bool watches() const { return stage_ == Stage::watches; }

 private:
  enum class Stage { asks, watches, leaves };  // leaves: once the last answer is written

  int startReading();
  void onRead(ssize_t count, std::string_view octets);
  void onWritten(int status);
  void takeRequest();
  void answer(const std::string& octets);

  ControlServer& server_;
  uv::Handle<uv_pipe_t> pipe_;
  FrameReader reader_{kRequestOctetsMax};
  Stage stage_ = Stage::asks;
};

}  // namespace zonecast::control
