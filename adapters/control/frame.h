// Frames of the control protocol (schema/control.proto): a 32-bit length in network order, then a
// message. A frame longer than its reader allows is an error, noticed from the length alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <tl/expected.hpp>

namespace zonecast::control {

inline constexpr std::size_t kRequestOctetsMax = 64 << 10;
inline constexpr std::size_t kResponseOctetsMax = 16 << 20;

std::string frame(const google::protobuf::MessageLite& message);

class FrameReader {
 public:
  explicit FrameReader(std::size_t octets_max) : octets_max_(octets_max) {}

  void append(std::string_view octets);
  // The next whole frame's content, or nothing yet. After an error there is nothing left to read.
  tl::expected<std::optional<std::string>, std::string> next();

 private:
  std::size_t octets_max_;
  std::string buffer_;
  std::size_t taken_ = 0;  // octets at the buffer's front that are of frames already given out
};

}  // namespace zonecast::control
