#include "adapters/table/host.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

namespace zonecast::table {
namespace {

constexpr std::size_t kLabelOctetsMax = 63;

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool isLabel(std::string_view label) {
  const auto is_ldh = [](char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-'; };
  return !label.empty() && label.size() <= kLabelOctetsMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, is_ldh);
}

bool isIpv4(std::string_view text) {
  std::array<char, INET_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return false;
  std::ranges::copy(text, terminated.begin());
  in_addr address{};
  return inet_pton(AF_INET, terminated.data(), &address) == 1;
}

}  // namespace

Host::Host(std::string_view text) {
  const bool has_brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (has_brackets) text = text.substr(1, text.size() - 2);
  is_ipv6_ = has_brackets || text.find(':') != std::string_view::npos;
  if (is_ipv6_) {
    takeIpv6(text);
  } else {
    takeName(text);
  }
}

void Host::takeName(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.size() > kOctetsMax) return;
  length_ = text.size();
  for (std::size_t i = 0; i < length_; ++i) {
    const char octet = text[i];
    octets_[i] = static_cast<char>(octet + (octet >= 'A' && octet <= 'Z' ? 'a' - 'A' : 0));
  }
}

// The last label of a name is not a number (RFC 3696 section 2): such a text is an IPv4 address or
// nothing.
bool Host::isValid() const {
  if (length_ == 0 || is_ipv6_) return length_ > 0;
  std::string_view label;
  for (std::size_t start = 0; start <= length_; start += label.size() + 1) {
    label = name().substr(start, name().find('.', start) - start);
    if (!isLabel(label)) return false;
  }
  return !std::ranges::all_of(label, isDigit) || isIpv4(name());
}

void Host::takeIpv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return;
  std::ranges::copy(text, terminated.begin());
  if (std::strlen(terminated.data()) != text.size()) return;
  in6_addr address{};
  if (inet_pton(AF_INET6, terminated.data(), &address) != 1) return;
  if (inet_ntop(AF_INET6, &address, octets_.data(), static_cast<socklen_t>(octets_.size())) !=
      nullptr) {
    length_ = std::strlen(octets_.data());
  }
}

}  // namespace zonecast::table
