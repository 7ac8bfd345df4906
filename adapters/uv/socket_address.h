// Endpoints as the socket calls want them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "reconciler/xfr/endpoint.h"

namespace zonecast::uv {

// An IPv4 or IPv6 address and port, as the kernel has it (an IPv6 scope is kept).
union SocketAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

SocketAddress toSocketAddress(const xfr::Endpoint& endpoint);

// `address` is an AF_INET or AF_INET6 one.
SocketAddress copyOf(const sockaddr* address);
xfr::Endpoint toEndpoint(const SocketAddress& address);

}  // namespace zonecast::uv
