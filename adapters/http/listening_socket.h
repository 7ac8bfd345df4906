// A socket that listens: a TCP port, or a unix socket for its owner and group. RAII.
#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/xfr/endpoint.h"

namespace zonecast::http {

class ListeningSocket {
 public:
  using Opened = tl::expected<ListeningSocket, std::string>;  // the error is a sentence

  static Opened onPort(const xfr::Endpoint& endpoint);
  // A stale one that nobody listens on is replaced.
  static Opened onPath(const std::filesystem::path& path);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  bool isLocal() const { return !path_.empty(); }

 private:
  ListeningSocket(int descriptor, std::filesystem::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::filesystem::path path_;  // of the unix socket, which goes with this
};

}  // namespace zonecast::http
