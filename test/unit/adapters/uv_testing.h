// What the tests of the loop's adapters share: turning the loop until something is so, and plain
// blocking sockets for the other side.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/uv/loop.h"
#include "adapters/uv/socket_address.h"

namespace zonecast::uv {

// Turns the loop until `done`, asked at least each millisecond; false when that takes too long.
inline bool runUntil(Loop& loop, const std::function<bool()>& done,
                     Duration at_most = std::chrono::seconds{10}) {
  const Instant end = loop.now().mono + at_most;
  Timer* again = nullptr;
  Timer poll(loop, [&] {
    if (done() || loop.now().mono > end) return loop.stop();
    again->after(Duration{1});
  });
  again = &poll;
  poll.after(Duration{1});
  loop.run();
  return done();
}

// Gives the loop some turns in which something unwanted could happen.
inline void runFor(Loop& loop, Duration time) {
  runUntil(
      loop, [] { return false; }, time);
}

inline std::vector<std::uint8_t> octets(std::string_view text) {
  return {text.begin(), text.end()};
}
inline std::string text(std::span<const std::uint8_t> octets) {
  return {octets.begin(), octets.end()};
}

inline xfr::Endpoint loopback(std::uint16_t port = 0) {
  return {.address = dns::Ipv4{127, 0, 0, 1}, .port = port};
}

// A blocking socket that gives up on reading after 5 seconds.
class TestSocket {
 public:
  explicit TestSocket(int type) : TestSocket(Adopt{}, ::socket(AF_INET, type, 0)) {}
  TestSocket(TestSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~TestSocket() { close(); }

  void connect(const xfr::Endpoint& peer) {
    const SocketAddress address = toSocketAddress(peer);
    ASSERT_EQ(::connect(fd_, &address.generic, sizeof address.v4), 0);
  }
  xfr::Endpoint bind() {
    const SocketAddress address = toSocketAddress(loopback());
    EXPECT_EQ(::bind(fd_, &address.generic, sizeof address.v4), 0);
    SocketAddress bound{};
    socklen_t size = sizeof bound;
    EXPECT_EQ(::getsockname(fd_, &bound.generic, &size), 0);
    return toEndpoint(bound);
  }
  xfr::Endpoint listen() {
    const xfr::Endpoint bound = bind();
    EXPECT_EQ(::listen(fd_, 16), 0);
    return bound;
  }
  TestSocket accept() { return TestSocket(Adopt{}, ::accept(fd_, nullptr, nullptr)); }

  void write(std::string_view data) {
    ASSERT_EQ(::send(fd_, data.data(), data.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(data.size()));
  }
  bool readable() {
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&wanted, 1, 0) > 0;
  }
  // What one read gives; empty at the end.
  std::string read() {
    std::string data(70'000, '\0');
    const ssize_t count = ::recv(fd_, data.data(), data.size(), 0);
    data.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return data;
  }
  std::string readExactly(std::size_t size) {
    std::string data;
    while (data.size() < size) {
      const std::string more = read();
      if (more.empty()) break;
      data += more;
    }
    return data;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  struct Adopt {};
  TestSocket(Adopt, int fd) : fd_(fd) {
    EXPECT_GE(fd_, 0);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  int fd_;
};

}  // namespace zonecast::uv
