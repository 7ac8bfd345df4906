// Cuts what arrives on a TCP connection into DNS messages (RFC 1035 section 4.2.2: each behind two
// octets of length).
//
// A message that arrived whole is handed out where it lies; only one that is split over several
// arrivals is put together in a buffer. Holds at most one message.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace zonecast::xfr {

class MessageStream {
 public:
  // Takes the next whole message off the front of `received`, or else all of it, to be completed by
  // later arrivals. The message is valid until the next call, and no longer than the octets
  // received.
  std::optional<std::span<const std::uint8_t>> next(std::span<const std::uint8_t>& received);

  // Of a message whose rest is still to come.
  std::optional<std::uint16_t> pendingId() const;
  std::size_t pendingOctets() const { return handed_out_ ? 0 : pending_.size(); }

 private:
  void complete(std::size_t octets, std::span<const std::uint8_t>& received);

  std::vector<std::uint8_t> pending_;  // with its length
  bool handed_out_ = false;            // it became whole, and the caller has seen it
};

// `message` behind its length, in one piece (RFC 7766 section 8).
std::vector<std::uint8_t> framed(std::vector<std::uint8_t> message);

}  // namespace zonecast::xfr
