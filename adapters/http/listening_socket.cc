#include "adapters/http/listening_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "adapters/control/socket_path.h"
#include "adapters/uv/socket_address.h"

namespace zonecast::http {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kOwnerAndGroup = 0660;
constexpr int kKind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

}  // namespace

ListeningSocket::Opened ListeningSocket::onPort(const xfr::Endpoint& endpoint) {
  const uv::SocketAddress address = uv::toSocketAddress(endpoint);
  const socklen_t size =
      address.generic.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  ListeningSocket listening(::socket(address.generic.sa_family, kKind, 0), {});
  const int fd = listening.descriptor_;
  const int yes = 1;
  if (fd < 0 || ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(fd, &address.generic, size) != 0 || ::listen(fd, kBacklog) != 0) {
    const std::string_view remedy =
        errno == EADDRINUSE ? "; stop the program that listens there, or choose another port" : "";
    return tl::unexpected(fmt::format("http.listen {}: {}{}", xfr::toText(endpoint),
                                      uv_strerror(uv_translate_sys_error(errno)), remedy));
  }
  return listening;
}

ListeningSocket::Opened ListeningSocket::onPath(const std::filesystem::path& path) {
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(fmt::format("http.socket {}: {}", path.native(), why));
  };
  const auto address = control::toSocketAddress(path);
  if (!address) return tl::unexpected(address.error());
  if (std::error_code ignored; std::filesystem::is_socket(path, ignored)) {
    if (!control::isAbandoned(*address)) return fail("another program listens there");
    ::unlink(path.c_str());
  }
  ListeningSocket listening(::socket(AF_UNIX, kKind, 0), {});
  const int fd = listening.descriptor_;
  if (fd < 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof(sockaddr_un)) != 0) {
    return fail(std::strerror(errno));
  }
  listening.path_ = path;
  if (::chmod(path.c_str(), kOwnerAndGroup) != 0 || ::listen(fd, kBacklog) != 0)
    return fail(std::strerror(errno));
  return listening;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::exchange(other.path_, {})) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace zonecast::http
