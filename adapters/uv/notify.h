// What the NOTIFY listeners over UDP and TCP have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "adapters/uv/handle.h"
#include "adapters/uv/socket_address.h"
#include "reconciler/ports/zone_transport.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::uv {

// Takes one whole message, without length prefix.
using NotifyReceiver = std::function<void(ports::NotifySource, const xfr::Address& sender,
                                          std::span<const std::uint8_t> message)>;

// The sources of both kinds of listeners are told apart by the top bit.
inline constexpr std::uint64_t kTcpSource = std::uint64_t{1} << 63;
inline bool isTcp(ports::NotifySource source) {
  return (static_cast<std::uint64_t>(source) & kTcpSource) != 0;
}

// "cannot listen for NOTIFY on 192.0.2.1:53 (UDP): ...", with what to do about it.
std::string cannotListen(const xfr::Endpoint& endpoint, std::string_view protocol, int error);

// What a listener on a port of the kernel's choice (0) got. `getsockname` is the handle's.
template <typename T>
xfr::Endpoint boundEndpoint(int (*getsockname)(const T*, sockaddr*, int*), const T* handle) {
  SocketAddress address{};
  int octets = sizeof address;
  must(getsockname(handle, &address.generic, &octets), "getsockname");
  return toEndpoint(address);
}

}  // namespace zonecast::uv
