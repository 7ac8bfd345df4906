#include "adapters/mirror/wanted_socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace zonecast::mirror {
namespace {

constexpr int kDatagramsPerTurn = 64;
constexpr std::size_t kDatagramOctetsMax = 512;  // more than any host, with brackets

}  // namespace

tl::expected<std::unique_ptr<WantedSocket>, std::string> WantedSocket::open(uv::Loop& loop,
                                                                            std::string path,
                                                                            unsigned mode,
                                                                            Receiver receiver) {
  std::unique_ptr<WantedSocket> opened(
      new WantedSocket(loop, std::move(path), std::move(receiver)));
  if (auto listening = opened->listen(mode); !listening) return tl::unexpected(listening.error());
  return opened;
}

WantedSocket::~WantedSocket() {
  poll_.reset();
  if (socket_ >= 0) ::close(socket_);
  if (is_bound_) ::unlink(path_.c_str());
}

tl::expected<void, std::string> WantedSocket::listen(unsigned mode) {
  const auto fail = [this](std::string_view why) {
    return tl::unexpected(fmt::format("socket {}: {}", path_, why));
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) return fail("its path is too long");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return fail(std::strerror(errno));
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return fail("something else is there");
    ::unlink(path_.c_str());
  }
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(std::strerror(errno));
  is_bound_ = true;
  if (::chmod(path_.c_str(), mode) != 0) return fail(std::strerror(errno));

  auto poll = uv::openHandle<uv_poll_t>(
      this, [&](uv_poll_t* handle) { return uv_poll_init(loop_.raw(), handle, socket_); });
  if (!poll) return fail(uv_strerror(poll.error()));
  poll_ = std::move(*poll);
  const int result = uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto& owner = *static_cast<WantedSocket*>(handle->data);
    owner.loop_.dispatch(uv::Callback::datagram, [&] { owner.onReadable(); });
  });
  if (result < 0) return fail(uv_strerror(result));
  return {};
}

// One octet more than is taken shows what was cut off.
void WantedSocket::onReadable() {
  std::array<char, kDatagramOctetsMax + 1> octets;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    const ssize_t count = ::recv(socket_, octets.data(), octets.size(), 0);
    if (count < 0) return;
    if (static_cast<std::size_t>(count) <= kDatagramOctetsMax)
      receiver_({octets.data(), static_cast<std::size_t>(count)});
  }
}

}  // namespace zonecast::mirror
