// A handler that answers from what the test put there, and remembers what it was asked.
#pragma once

#include <functional>
#include <vector>

#include "adapters/control/control_server.h"

namespace zonecast::http {

class FakeHandler final : public control::ControlHandler {
 public:
  v1::ControlResponse handle(const v1::ControlRequest& request) override {
    asked.push_back(request);
    if (answer) return answer(request);
    v1::ControlResponse response;
    response.mutable_status()->set_store("idle");
    return response;
  }

  std::vector<v1::ControlRequest> asked;
  std::function<v1::ControlResponse(const v1::ControlRequest&)> answer;
};

inline v1::WatchEvent eventOf(std::uint64_t version, std::string cause = "a test") {
  v1::WatchEvent event;
  event.set_version(version);
  event.add_causes(std::move(cause));
  return event;
}

}  // namespace zonecast::http
