// Octets for tests, from hexadecimal digits (blanks count for nothing) and from string literals.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace zonecast::test {

inline std::vector<std::uint8_t> octetsFromHex(std::string_view digits) {
  std::vector<std::uint8_t> octets;
  bool high = true;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    const std::size_t value = std::string_view("0123456789abcdef").find(c);
    if (value == std::string_view::npos) throw std::invalid_argument("no hexadecimal digit");
    if (high) octets.push_back(0);
    octets.back() = static_cast<std::uint8_t>(octets.back() << 4 | value);
    high = !high;
  }
  if (!high) throw std::invalid_argument("odd number of hexadecimal digits");
  return octets;
}

inline std::vector<std::uint8_t> octetsOf(std::string_view chars) {
  return {chars.begin(), chars.end()};
}

}  // namespace zonecast::test
