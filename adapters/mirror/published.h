// What `meta` says is published, understood.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "adapters/redis/meta.h"
#include "adapters/table/rows.h"

namespace zonecast::mirror {

struct Published {
  table::Position position;  // without a lineage: nothing was published, or all was lost
  std::string generation;    // of the three hashes
  std::uint64_t domains = 0, virtual_domains = 0;

  bool isNothing() const { return position.lineage.empty(); }
};

// The error says why nothing can be made of it.
tl::expected<Published, std::string> publishedIn(const redis::Meta& meta);

}  // namespace zonecast::mirror
