// Why octets that claim to be DNS are not. Trivial to copy: `what` is a string literal, so that
// rejecting hostile input costs no allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace zonecast::dns {

struct Malformed {
  std::string_view what;   // "compression pointer does not point back"
  std::size_t offset = 0;  // octet of the input at which it was noticed
};

}  // namespace zonecast::dns
