// What the tests of the control socket share: a folder for the socket, a handler that answers, and
// a client that reads and writes raw octets.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/control/control_server.h"
#include "adapters/control/frame.h"
#include "adapters/control/socket_path.h"
#include "test/unit/adapters/uv_testing.h"

namespace zonecast::control {

class TestFolder {
 public:
  TestFolder() {
    std::string name = std::filesystem::temp_directory_path() / "zonecast-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Answers a `zone_refresh` with its zone's name, and whatever else with the number of requests.
class Echo final : public ControlHandler {
 public:
  v1::ControlResponse handle(const v1::ControlRequest& request) override {
    ++requests;
    if (on_request) on_request();
    v1::ControlResponse response;
    const bool named = request.has_zone_refresh();
    response.mutable_done()->set_text(named ? request.zone_refresh().zone()
                                            : std::to_string(requests));
    return response;
  }

  int requests = 0;
  std::function<void()> on_request;
};

inline std::string statusRequest() {
  v1::ControlRequest request;
  request.mutable_status();
  return frame(request);
}
inline std::string refreshRequest(const std::string& zone) {
  v1::ControlRequest request;
  request.mutable_zone_refresh()->set_zone(zone);
  return frame(request);
}
inline std::string watchRequest() {
  v1::ControlRequest request;
  request.mutable_watch();
  return frame(request);
}
inline v1::WatchEvent eventOf(std::uint64_t version, std::size_t octets = 0) {
  v1::WatchEvent event;
  event.set_version(version);
  event.add_causes(std::string(octets, 'x'));
  return event;
}

// A socket that never waits: the test turns the loop in between.
class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto address = toSocketAddress(path);
    EXPECT_TRUE(address);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawClient() { close(); }

  bool write(std::string_view octets) {
    return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(octets.size());
  }
  // Reads what is there; false once the server has closed.
  bool read() {
    std::string space(1 << 20, '\0');
    for (;;) {
      const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
      if (n <= 0) return n < 0 && errno == EAGAIN;
      reader_.append({space.data(), static_cast<std::size_t>(n)});
    }
  }
  std::optional<v1::ControlResponse> next() {
    const auto content = reader_.next();
    if (!content || !*content) return std::nullopt;
    v1::ControlResponse response;
    EXPECT_TRUE(response.ParseFromString(**content));
    return response;
  }
  // Turns the loop until an answer is there.
  std::optional<v1::ControlResponse> await(uv::Loop& loop) {
    std::optional<v1::ControlResponse> response;
    uv::runUntil(loop, [&] {
      const bool open = read();
      if (!response) response = next();
      return response || !open;
    });
    return response;
  }
  bool awaitClose(uv::Loop& loop) {
    return uv::runUntil(loop, [&] { return !read(); });
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  FrameReader reader_{kResponseOctetsMax};
};

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon has it
    auto opened = ControlServer::open(loop_, path_, handler_);
    EXPECT_TRUE(opened) << opened.error();
    server_ = std::move(*opened);
  }

  TestFolder folder_;
  std::filesystem::path path_ = folder_ / "control.sock";
  uv::Loop loop_;
  Echo handler_;
  std::unique_ptr<ControlServer> server_;
};

}  // namespace zonecast::control
