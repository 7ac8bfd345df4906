// Records as a flat sequence of octets, for disk: owner (wire, canonical), type, TTL, RDATA length,
// RDATA (canonical), integers in network order; the class is IN. Reading checks everything: a disk
// is an input too.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/record.h"

namespace zonecast::dns {

void pack(const RecordView& record, std::vector<std::uint8_t>& out);

class PackedReader {
 public:
  explicit PackedReader(std::span<const std::uint8_t> packed) : packed_(packed) {}
  // The next record, or nothing at the end; it points into the packed octets.
  tl::expected<std::optional<RecordView>, Malformed> next();

 private:
  std::span<const std::uint8_t> packed_;
  std::size_t offset_ = 0;
};

}  // namespace zonecast::dns
