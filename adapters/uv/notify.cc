#include "adapters/uv/notify.h"

#include <fmt/format.h>

namespace zonecast::uv {

namespace {

std::string_view remedy(int error) {
  switch (error) {
    case UV_EACCES:
      return "; grant CAP_NET_BIND_SERVICE, or choose a port above 1023";
    case UV_EADDRINUSE:
      return "; stop the program that listens there, or choose another address or port";
    case UV_EADDRNOTAVAIL:
      return "; choose an address that this host has";
    case UV_EAFNOSUPPORT:
      return "; this host does not speak that address family, choose an address of the other";
    case UV_EMFILE:
    case UV_ENFILE:
      return "; raise the limit on open files";
    default:
      return "";
  }
}

}  // namespace

std::string cannotListen(const xfr::Endpoint& endpoint, std::string_view protocol, int error) {
  return fmt::format("cannot listen for NOTIFY on {} ({}): {}{}", xfr::toText(endpoint), protocol,
                     uv_strerror(error), remedy(error));
}

}  // namespace zonecast::uv
