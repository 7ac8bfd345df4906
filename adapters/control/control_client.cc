#include "adapters/control/control_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/control/socket_path.h"

namespace zonecast::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A daemon that hangs neither accepts nor reads: this ends the wait for both.
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

constexpr int kForever = -1;

// What poll() may still wait, rounded up lest the last millisecond is spent in turning round.
int remaining(steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  return static_cast<int>(std::max(left, milliseconds::zero()).count());
}

}  // namespace

tl::expected<ControlClient, std::string> ControlClient::connect(const std::filesystem::path& path) {
  const auto address = toSocketAddress(path);
  if (!address) return tl::unexpected(address.error());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return tl::unexpected(fmt::format("no socket: {}", std::strerror(errno)));
  ControlClient client(socket);
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return tl::unexpected(
        fmt::format("cannot reach zonecastd at {}: {}; is it running, and may you open its socket?",
                    path.native(), std::strerror(errno)));
  }
  return client;
}

ControlClient::~ControlClient() {
  if (socket_ >= 0) ::close(socket_);
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), reader_(std::move(other.reader_)) {}

tl::expected<void, std::string> ControlClient::send(const v1::ControlRequest& request) {
  const std::string octets = frame(request);
  for (std::size_t sent = 0; sent < octets.size();) {
    const ssize_t n = ::send(socket_, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return tl::unexpected(fmt::format("zonecastd does not listen: {}", std::strerror(errno)));
    }
    sent += static_cast<std::size_t>(n);
  }
  return {};
}

tl::expected<v1::ControlResponse, std::string> ControlClient::receive(milliseconds timeout) {
  const bool patient = timeout == milliseconds::zero();
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    auto content = reader_.next();
    if (!content) return tl::unexpected("zonecastd answers " + content.error());
    if (*content) return parse(**content);
    const auto heard = hear(patient ? kForever : remaining(deadline));
    if (!heard) return tl::unexpected(heard.error());
    if (!*heard) {
      return tl::unexpected(fmt::format("zonecastd did not answer within {} ms", timeout.count()));
    }
  }
}

tl::expected<v1::ControlResponse, std::string> ControlClient::parse(const std::string& octets) {
  v1::ControlResponse response;
  if (response.ParseFromString(octets)) return response;
  return tl::unexpected<std::string>("zonecastd answers what is no message");
}

tl::expected<bool, std::string> ControlClient::hear(int timeout_ms) {
  std::array<char, 64 << 10> space;
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, timeout_ms);
  if (ready == 0) return false;
  const ssize_t n = ready < 0 ? -1 : ::recv(socket_, space.data(), space.size(), 0);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return tl::unexpected<std::string>("zonecastd closed the connection");
  reader_.append({space.data(), static_cast<std::size_t>(n)});
  return true;
}

}  // namespace zonecast::control
