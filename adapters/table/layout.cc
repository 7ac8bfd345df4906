#include "adapters/table/layout.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace zonecast::table {

std::uint64_t hashOf(std::string_view name, std::uint64_t seed) {
  return XXH3_64bits_withSeed(name.data(), name.size(), seed);
}

std::uint64_t checksumOf(const Header& header) {
  return XXH3_64bits(&header, offsetof(Header, checksum));
}

}  // namespace zonecast::table
