// A DID: a virtual domain's permanent identifier. Opaque, 1-253 of [A-Za-z0-9._:~-], compared octet
// by octet. An immutable value.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace zonecast::identity {

inline constexpr std::size_t kDidOctetsMax = 253;

class Did {
 public:
  static tl::expected<Did, std::string> fromText(std::string_view text);
  const std::string& text() const { return text_; }
  friend bool operator==(const Did&, const Did&) = default;
  friend auto operator<=>(const Did&, const Did&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Did& d) {
    return H::combine(std::move(h), d.text_);
  }

 private:
  explicit Did(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace zonecast::identity
