// What the fuzzers share: taking an input apart, and stopping where an invariant does not hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace zonecast::fuzz {

using Octets = std::vector<std::uint8_t>;

// Ends the process, in every build: libFuzzer then keeps the input.
inline void require(bool holds, std::string_view invariant) {
  if (holds) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(invariant.size()), invariant.data());
  std::abort();
}

// An input's fields, from the front to the back. What is not there reads as zero or as nothing, so
// that every input means something.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t u8() {
    const auto octet = octets(1);
    return octet.empty() ? std::uint8_t{0} : octet[0];
  }
  std::size_t u16() {
    const std::size_t high = u8();
    return high << 8 | u8();
  }
  std::span<const std::uint8_t> octets(std::size_t count) {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::uint8_t> block() { return octets(u16()); }  // behind its length
  std::span<const std::uint8_t> rest() { return octets(rest_.size()); }

 private:
  std::span<const std::uint8_t> rest_;
};

inline std::string_view asChars(std::span<const std::uint8_t> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// Printable on one line of a terminal or a log: UTF-8 may stand in it, controls may not.
inline bool isPrintable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

}  // namespace zonecast::fuzz
