#include "adapters/worker/host.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

namespace zonecast::worker {
namespace {

constexpr std::size_t kLabelOctetsMax = 63;

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

bool Host::isValid() const {
  if (length_ == 0 || is_ipv6_) return length_ > 0;
  std::size_t label = 0;
  for (const char octet : name()) {
    if (octet == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const bool may_be =
        (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-';
    if (!may_be || ++label > kLabelOctetsMax) return false;
  }
  return label > 0;
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

}  // namespace zonecast::worker
