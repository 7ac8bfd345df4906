// How many transfers a server is asked for on one connection before the first of them is answered
// (RFC 7766 section 6.2.1.1), so that 100,000 small zones do not cost a round trip each.
//
// As TCP does it: one more after each short transfer that came whole, until the server shows that
// it is too much, by an error or by closing the connection under its requests; then half, and
// hardly more for a long time. Behind a long transfer nothing waits, so the first of them ends all
// asking ahead.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zonecast::xfr {

class Pace {
 public:
  explicit Pace(std::uint32_t depth_max) : depth_max_(depth_max), ceiling_(depth_max) {}

  void limit(std::uint32_t depth_max) {
    ceiling_ = depth_max > depth_max_ ? depth_max : std::min(ceiling_, depth_max);
    depth_max_ = depth_max;
    depth_ = std::min(depth_, ceiling_);
  }

  std::uint32_t depth() const { return depth_; }  // at least 1: what is being answered

  void onShort() {
    if (++short_since_raise_ >= kShortBetweenRaises) raise();
    depth_ = std::min(depth_ + 1, ceiling_);
  }
  void onLong() { depth_ = 1; }
  void onTooMuch() {
    ceiling_ = std::max(depth_ / 2, 1u);
    depth_ = ceiling_;
    short_since_raise_ = 0;
  }

 private:
  static constexpr std::uint32_t kShortBetweenRaises = 1000;

  void raise() {
    ceiling_ = std::min(ceiling_ + 1, depth_max_);
    short_since_raise_ = 0;
  }

  std::uint32_t depth_max_;
  std::uint32_t ceiling_;
  std::uint32_t depth_ = 1;
  std::uint32_t short_since_raise_ = 0;
};

}  // namespace zonecast::xfr
