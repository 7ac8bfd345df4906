// Where the workers of this host report domains that they do not know: a datagram socket in the
// file system, a domain a datagram. Nothing is answered; what comes too fast is lost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"

namespace zonecast::mirror {

class WantedSocket {
 public:
  using Receiver = std::function<void(std::string_view datagram)>;

  // A socket that is there is replaced: only who writes the table beside it opens one. The error is
  // a sentence.
  static tl::expected<std::unique_ptr<WantedSocket>, std::string> open(uv::Loop& loop,
                                                                       std::string path,
                                                                       unsigned mode,
                                                                       Receiver receiver);
  ~WantedSocket();
  WantedSocket(const WantedSocket&) = delete;
  WantedSocket& operator=(const WantedSocket&) = delete;

 private:
  WantedSocket(uv::Loop& loop, std::string path, Receiver receiver)
      : loop_(loop), path_(std::move(path)), receiver_(std::move(receiver)) {}
  tl::expected<void, std::string> listen(unsigned mode);
  void onReadable();

  uv::Loop& loop_;
  const std::string path_;
  const Receiver receiver_;
  int socket_ = -1;
  bool is_bound_ = false;
  uv::Handle<uv_poll_t> poll_;
};

}  // namespace zonecast::mirror
