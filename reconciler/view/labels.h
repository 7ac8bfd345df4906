// The labels of a name below an apex that it is at or under, topmost first: the way down.
// Points into the name; both names must outlive it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reconciler/dns/name.h"

namespace zonecast::view {

inline constexpr std::size_t kLabelsMax = dns::kNameOctetsMax / 2;

class Labels {
 public:
  Labels(dns::NameView name, dns::NameView apex)
      : wire_(name.wire()), apex_at_(wire_.size() - apex.wire().size()) {
    for (std::size_t at = 0; at < apex_at_; at += 1 + octetAt(at)) {
      starts_[size_++] = static_cast<std::uint8_t>(at);
    }
  }

  std::size_t size() const { return size_; }

  std::string_view operator[](std::size_t depth) const {
    const std::size_t at = starts_[size_ - 1 - depth];
    return wire_.substr(at + 1, octetAt(at));
  }

  // The apex with the first `depth` labels of the way down.
  dns::NameView nameAt(std::size_t depth) const {
    return dns::NameView::fromCanonicalWire(
        wire_.substr(depth == 0 ? apex_at_ : starts_[size_ - depth]));
  }

 private:
  std::size_t octetAt(std::size_t at) const { return static_cast<std::uint8_t>(wire_[at]); }

  std::string_view wire_;
  std::size_t apex_at_;
  std::size_t size_ = 0;
  std::array<std::uint8_t, kLabelsMax> starts_;
};

}  // namespace zonecast::view
