// A DNS server inside the test, on the loop that it tests: it says what it is told to, over UDP and
// TCP on one port of 127.0.0.1.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/uv/loop.h"
#include "reconciler/dns/message.h"
#include "reconciler/query/question.h"
#include "test/unit/adapters/uv_testing.h"
#include "test/unit/query/replies.h"

namespace zonecast::getdns {

using query::Octets;

struct Query {
  dns::Header header;
  query::Question question;
  bool tcp = false;
};

class ScriptedServer {
 public:
  // The messages to answer with, without ID: it is filled in unless `keep_id`.
  struct Reply {
    Octets octets;
    bool keep_id = false;
  };
  using Script = std::function<std::vector<Reply>(const Query&)>;

  ScriptedServer(uv::Loop& loop, Script script) : loop_(loop), script_(std::move(script)) {
    endpoint_ = bindBoth();
    udp_poll_ = watch(udp_, [](uv_poll_t* handle, int, int) { self(handle).onDatagram(); });
    tcp_poll_ = watch(tcp_, [](uv_poll_t* handle, int, int) { self(handle).onConnection(); });
  }
  ~ScriptedServer() {
    udp_poll_.reset();
    connection_polls_.clear();
    for (const auto& [fd, received] : connections_) ::close(fd);
    ::close(udp_);
    closeTcp();
  }

  void closeTcp() {
    tcp_poll_.reset();
    if (tcp_ >= 0) ::close(std::exchange(tcp_, -1));
  }
  void closeAfterReply() { close_ = true; }

  const xfr::Endpoint& endpoint() const { return endpoint_; }
  std::vector<Query> queries;
  int connected = 0;
  std::size_t open_at_once_max = 0;  // TCP connections
  uv::SocketAddress last_sender{};

 private:
  static ScriptedServer& self(uv_poll_t* handle) {
    return *static_cast<ScriptedServer*>(handle->data);
  }

  // A port that is free for both.
  xfr::Endpoint bindBoth() {
    for (int tries = 0; tries < 100; ++tries) {
      udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
      tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      uv::SocketAddress address = uv::toSocketAddress(uv::loopback());
      socklen_t size = sizeof address;
      EXPECT_EQ(::bind(udp_, &address.generic, sizeof address.v4), 0);
      EXPECT_EQ(::getsockname(udp_, &address.generic, &size), 0);
      const int buffer = 4 << 20;
      setsockopt(udp_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
      if (::bind(tcp_, &address.generic, sizeof address.v4) == 0 && ::listen(tcp_, 64) == 0) {
        return uv::toEndpoint(address);
      }
      ::close(udp_);
      ::close(tcp_);
    }
    ADD_FAILURE() << "no port is free for UDP and TCP";
    return {};
  }

  uv::Handle<uv_poll_t> watch(int fd, uv_poll_cb callback) {
    auto poll = uv::mustOpenHandle<uv_poll_t>(this, "uv_poll_init", [&](uv_poll_t* handle) {
      return uv_poll_init(loop_.raw(), handle, fd);
    });
    uv_poll_start(poll.get(), UV_READABLE, callback);
    return poll;
  }

  void onDatagram() {
    std::array<std::uint8_t, 4096> octets;
    for (;;) {
      socklen_t size = sizeof last_sender;
      const ssize_t count =
          ::recvfrom(udp_, octets.data(), octets.size(), 0, &last_sender.generic, &size);
      if (count < 0) return;
      for (const Octets& reply : answer({octets.data(), static_cast<std::size_t>(count)}, false)) {
        ::sendto(udp_, reply.data(), reply.size(), 0, &last_sender.generic, sizeof last_sender.v4);
      }
    }
  }

  void onConnection() {
    const int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    ++connected;
    connections_[fd];
    open_at_once_max = std::max(open_at_once_max, connections_.size());
    connection_polls_[fd] = watch(fd, [](uv_poll_t* handle, int, int) {
      uv_os_fd_t connection = -1;
      uv_fileno(uv::asHandle(handle), &connection);
      self(handle).onStream(connection);
    });
  }

  void onStream(int fd) {
    std::array<std::uint8_t, 4096> octets;
    const ssize_t count = ::recv(fd, octets.data(), octets.size(), 0);
    if (count <= 0) return closeConnection(fd);
    Octets& received = connections_[fd];
    received.insert(received.end(), octets.begin(), octets.begin() + count);
    if (received.size() < 2) return;
    const std::size_t size = received[0] * 256u + received[1];
    if (received.size() < 2 + size) return;
    const std::vector<Octets> replies = answer(std::span(received).subspan(2, size), true);
    received.clear();
    for (Octets reply : replies) {
      reply.insert(reply.begin(), {static_cast<std::uint8_t>(reply.size() >> 8),
                                   static_cast<std::uint8_t>(reply.size())});
      ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
    if (std::exchange(close_, false)) closeConnection(fd);
  }

  void closeConnection(int fd) {
    connection_polls_.erase(fd);
    connections_.erase(fd);
    ::close(fd);
  }

  std::vector<Octets> answer(std::span<const std::uint8_t> message, bool tcp) {
    auto reader = dns::MessageReader::open(message);
    if (!reader) return {};
    Query query{.header = reader->header(), .question = {}, .tcp = tcp};
    const auto question = reader->nextQuestion();
    query.question = {dns::Name((*question)->name), (*question)->type};
    queries.push_back(query);
    std::vector<Octets> replies;
    for (Reply& reply : script_(query)) {
      if (!reply.keep_id) std::copy(message.begin(), message.begin() + 2, reply.octets.begin());
      replies.push_back(std::move(reply.octets));
    }
    return replies;
  }

  uv::Loop& loop_;
  Script script_;
  xfr::Endpoint endpoint_;
  int udp_ = -1, tcp_ = -1;
  bool close_ = false;
  uv::Handle<uv_poll_t> udp_poll_, tcp_poll_;
  std::map<int, Octets> connections_;
  std::map<int, uv::Handle<uv_poll_t>> connection_polls_;
};

// One address for whatever is asked.
inline Octets goodReply(const Query& asked) {
  const std::string record = asked.question.name.toText() + ". 60 IN A 192.0.2.9";
  return query::replyOf({.question = asked.question, .answer = record});
}

}  // namespace zonecast::getdns
