#include "adapters/uv/socket_address.h"

#include <cassert>
#include <cstring>

namespace zonecast::uv {

SocketAddress toSocketAddress(const xfr::Endpoint& endpoint) {
  SocketAddress result;
  std::memset(&result, 0, sizeof result);
  if (const auto* v4 = std::get_if<dns::Ipv4>(&endpoint.address)) {
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(endpoint.port);
    std::memcpy(&result.v4.sin_addr, v4->data(), v4->size());
  } else {
    const auto& v6 = std::get<dns::Ipv6>(endpoint.address);
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(endpoint.port);
    std::memcpy(&result.v6.sin6_addr, v6.data(), v6.size());
  }
  return result;
}

SocketAddress copyOf(const sockaddr* address) {
  assert(address->sa_family == AF_INET || address->sa_family == AF_INET6);
  SocketAddress result;
  std::memset(&result, 0, sizeof result);
  std::memcpy(&result, address,
              address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return result;
}

xfr::Endpoint toEndpoint(const SocketAddress& address) {
  if (address.generic.sa_family == AF_INET) {
    dns::Ipv4 v4;
    std::memcpy(v4.data(), &address.v4.sin_addr, v4.size());
    return {.address = v4, .port = ntohs(address.v4.sin_port)};
  }
  dns::Ipv6 v6;
  std::memcpy(v6.data(), &address.v6.sin6_addr, v6.size());
  return {.address = v6, .port = ntohs(address.v6.sin6_port)};
}

}  // namespace zonecast::uv
