#include "app/zonecast/session.h"

#include <iostream>

#include "adapters/logging/printable.h"

namespace zonecast {

bool Session::tell(const std::string& trouble, int exit_code) {
  std::cerr << "zonecast: " << logging::printable(trouble) << '\n';
  exit_code_ = exit_code;
  return false;
}

void Session::refuse(const v1::Failure& failure) {
  tell(failure.text(), failure.kind() == v1::Failure::NOT_FOUND ? kExitNotFound : kExitUsage);
}

bool Session::connect() {
  if (client_) return true;
  auto client = control::ControlClient::connect(socket_);
  if (!client) return tell(client.error(), kExitUnreachable);
  client_.emplace(std::move(*client));
  return true;
}

std::optional<v1::ControlResponse> Session::ask(const v1::ControlRequest& request) {
  if (!connect()) return std::nullopt;
  auto response = client_->send(request).and_then([&] { return client_->receive(timeout_); });
  if (!response) {
    tell(response.error(), kExitUnreachable);
    return std::nullopt;
  }
  if (response->has_failure()) {
    refuse(response->failure());
    return std::nullopt;
  }
  return std::move(*response);
}

int Session::follow(const std::function<void(const v1::WatchEvent&)>& on_event) {
  v1::ControlRequest request;
  request.mutable_watch();
  if (!connect()) return exit_code_;
  if (auto sent = client_->send(request); !sent) tell(sent.error(), kExitUnreachable);
  while (exit_code_ == kExitDone) {
    auto response = client_->receive(std::chrono::milliseconds::zero());
    if (!response) {
      tell(response.error(), kExitUnreachable);
    } else if (response->has_failure()) {
      refuse(response->failure());
    } else if (response->has_event()) {
      on_event(response->event());
    }
  }
  return exit_code_;
}

}  // namespace zonecast
