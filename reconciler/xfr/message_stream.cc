#include "reconciler/xfr/message_stream.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace zonecast::xfr {
namespace {

constexpr std::size_t kLengthOctets = 2;

std::uint16_t u16At(std::span<const std::uint8_t> octets, std::size_t offset) {
  return static_cast<std::uint16_t>(octets[offset] << 8 | octets[offset + 1]);
}

}  // namespace

std::optional<std::span<const std::uint8_t>> MessageStream::next(
    std::span<const std::uint8_t>& received) {
  if (handed_out_) {
    pending_.clear();
    handed_out_ = false;
  }
  if (pending_.empty() && received.size() >= kLengthOctets) {
    const std::size_t whole = kLengthOctets + u16At(received, 0);
    if (received.size() >= whole) {
      const auto message = received.first(whole).subspan(kLengthOctets);
      received = received.subspan(whole);
      return message;
    }
  }
  complete(kLengthOctets, received);
  if (pending_.size() < kLengthOctets) return std::nullopt;
  const std::size_t whole = kLengthOctets + u16At(pending_, 0);
  complete(whole, received);
  if (pending_.size() < whole) return std::nullopt;
  handed_out_ = true;
  return std::span<const std::uint8_t>(pending_).subspan(kLengthOctets);
}

std::optional<std::uint16_t> MessageStream::pendingId() const {
  if (handed_out_ || pending_.size() < kLengthOctets + 2) return std::nullopt;
  return u16At(pending_, kLengthOctets);
}

void MessageStream::complete(std::size_t octets, std::span<const std::uint8_t>& received) {
  if (pending_.size() >= octets) return;
  const auto taken = received.first(std::min(octets - pending_.size(), received.size()));
  pending_.insert(pending_.end(), taken.begin(), taken.end());
  received = received.subspan(taken.size());
}

std::vector<std::uint8_t> framed(std::vector<std::uint8_t> message) {
  assert(message.size() <= 0xffff);
  const std::array<std::uint8_t, kLengthOctets> length{
      static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size())};
  message.insert(message.begin(), length.begin(), length.end());
  return message;
}

}  // namespace zonecast::xfr
