// The command's end of the control socket: blocking, with a time-out for each whole answer. Errors
// are sentences for the operator.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "adapters/control/frame.h"
#include "schema/control.pb.h"

namespace zonecast::control {

class ControlClient {
 public:
  static tl::expected<ControlClient, std::string> connect(const std::filesystem::path& path);
  ~ControlClient();
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;

  tl::expected<void, std::string> send(const v1::ControlRequest& request);
  // Waits as long as it takes when `timeout` is zero.
  tl::expected<v1::ControlResponse, std::string> receive(std::chrono::milliseconds timeout);

 private:
  explicit ControlClient(int socket) : socket_(socket), reader_(kResponseOctetsMax) {}
  static tl::expected<v1::ControlResponse, std::string> parse(const std::string& octets);
  // Reads what there is; false when nothing came in time.
  tl::expected<bool, std::string> hear(int timeout_ms);

  int socket_;
  FrameReader reader_;
};

}  // namespace zonecast::control
