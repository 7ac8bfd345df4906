#include "adapters/control/frame.h"

#include <utility>

#include <fmt/format.h>

namespace zonecast::control {
namespace {

constexpr std::size_t kLengthOctets = 4;

}  // namespace

std::string frame(const google::protobuf::MessageLite& message) {
  const std::size_t length = message.ByteSizeLong();
  std::string octets;
  octets.reserve(kLengthOctets + length);
  for (int shift = 24; shift >= 0; shift -= 8) {
    octets.push_back(static_cast<char>((length >> shift) & 0xff));
  }
  message.AppendToString(&octets);
  return octets;
}

void FrameReader::append(std::string_view octets) {
  buffer_.erase(0, std::exchange(taken_, 0));
  buffer_.append(octets);
}

tl::expected<std::optional<std::string>, std::string> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kLengthOctets) return std::nullopt;
  std::size_t length = 0;
  for (const char octet : rest.substr(0, kLengthOctets)) {
    length = length << 8 | static_cast<unsigned char>(octet);
  }
  if (length > octets_max_) {
    return tl::unexpected(
        fmt::format("a message of {} octets; at most {} are taken", length, octets_max_));
  }
  if (rest.size() < kLengthOctets + length) return std::nullopt;
  taken_ += kLengthOctets + length;
  return std::string(rest.substr(kLengthOctets, length));
}

}  // namespace zonecast::control
