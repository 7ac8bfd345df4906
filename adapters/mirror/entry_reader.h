// Entries of the published state, as they come from Redis, into rows of a table.
//
// Redis may hold anything, and a newer zonecastd may publish what this version does not know: a row
// is made only of an entry that is understood in full and is as schema/REDIS.md has it. What an
// entry counts for in the content sum does not depend on that.
//
// Lifetime: a row points into its reader and into what it was read from, and lives until the next
// call. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/table/rows.h"
#include "schema/digest.h"
#include "schema/zonecast.pb.h"

namespace zonecast::mirror {

// A row, or why the entry must not be served.
template <typename Row>
using Read = tl::expected<Row, std::string>;

// An entry as it stands in one of the hashes.
template <typename Row>
struct Stored {
  std::uint64_t sum = 0;  // what it counts for, served or not
  Read<Row> row;
};

class EntryReader {
 public:
  Stored<table::DomainRow> domain(std::string_view field, std::string_view value);
  // The sum of a row is that of its entries in `vdomain` and in `attribute`, which says the same
  // for scripts. When there is no row, the latter cannot be told from the former: the sum is
  // without it.
  Stored<table::VirtualDomainRow> virtualDomain(std::string_view field, std::string_view value);
  std::uint64_t attributeSum(std::string_view did, std::string_view value);

  // As the log has them. Without a row, what they count for is not known either.
  Read<table::DomainRow> domain(const v1::DomainEntry& message);
  Read<table::VirtualDomainRow> virtualDomain(const v1::VirtualDomain& message);

 private:
  Read<table::VirtualDomainRow> rowOf(const v1::VirtualDomain& message);
  tl::expected<void, std::string> collectDomains(const v1::VirtualDomain& message);
  tl::expected<void, std::string> collectAttributes(const v1::VirtualDomain& message);
  std::uint64_t sumOf(std::string_view hash, std::string_view field, std::string_view value);

  schema::ContentSum content_;
  v1::DomainEntry domain_;
  v1::VirtualDomain virtual_domain_;
  std::vector<std::string_view> domains_;
  std::vector<table::Attribute> attributes_;
};

}  // namespace zonecast::mirror
