#include "adapters/worker/host.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

namespace zonecast::worker {
namespace {

constexpr std::size_t kLabelOctetsMax = 63;

// What an octet of a host name is in a table; 0: it cannot be in one.
constexpr std::array<char, 256> kFolded = [] {
  std::array<char, 256> folded{};
  for (int c = 'a'; c <= 'z'; ++c) {
    folded[static_cast<std::size_t>(c)] = static_cast<char>(c);
    folded[static_cast<std::size_t>(c - 'a' + 'A')] = static_cast<char>(c);
  }
  for (int c = '0'; c <= '9'; ++c) folded[static_cast<std::size_t>(c)] = static_cast<char>(c);
  folded['-'] = '-';
  folded['.'] = '.';
  return folded;
}();

}  // namespace

std::optional<Host> Host::parse(std::string_view text) {
  Host host;
  const bool has_brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (has_brackets) text = text.substr(1, text.size() - 2);
  const bool is_ipv6 = has_brackets || text.find(':') != std::string_view::npos;
  if (!(is_ipv6 ? host.takeIpv6(text) : host.takeName(text))) return std::nullopt;
  return host;
}

bool Host::takeName(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > kOctetsMax) return false;
  std::size_t label = 0;
  for (const char octet : text) {
    const char folded = kFolded[static_cast<unsigned char>(octet)];
    if (folded == 0) return false;
    if (folded == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (++label > kLabelOctetsMax) {
      return false;
    }
    octets_[length_++] = folded;
  }
  return label > 0;
}

bool Host::takeIpv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return false;
  std::ranges::copy(text, terminated.begin());
  if (std::strlen(terminated.data()) != text.size()) return false;
  in6_addr address{};
  if (inet_pton(AF_INET6, terminated.data(), &address) != 1) return false;
  if (inet_ntop(AF_INET6, &address, octets_.data(), static_cast<socklen_t>(octets_.size())) ==
      nullptr) {
    return false;
  }
  length_ = std::strlen(octets_.data());
  return true;
}

}  // namespace zonecast::worker
