// Where a copy of what is published is kept: a table file (writer.h), or tables of a database.
//
// A change set is a number of puts and removals and then commit(), which shows all of it at once,
// or abandon(). Nothing of it is seen before. Whoever keeps a copy remembers its position with it,
// so that one that is opened again goes on from there.
//
// Nothing that is passed in is kept. Errors are sentences for people; after one, abandon() and go
// on. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "adapters/table/rows.h"

namespace zonecast::table {

struct Counts {
  std::size_t domains = 0, virtual_domains = 0, foreign = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

class Copy {
 public:
  using Outcome = tl::expected<void, std::string>;
  // The sum of what was replaced or removed, if there was something.
  using Replaced = tl::expected<std::optional<std::uint64_t>, std::string>;

  virtual ~Copy() = default;

  virtual const Position& position() const = 0;  // of the last commit
  virtual Counts counts() const = 0;             // with what is not yet committed

  // Forgets what is not committed, and begins with nothing, for so many names (domains and DIDs
  // together; a hint). What was committed last is shown until commit().
  virtual Outcome beginAnew(std::size_t names) = 0;

  virtual Replaced putDomain(const DomainRow& row) = 0;
  virtual Replaced removeDomain(std::string_view name) = 0;
  virtual Replaced putVirtualDomain(const VirtualDomainRow& row) = 0;
  virtual Replaced removeVirtualDomain(std::string_view did) = 0;

  // Shows what was put. After an error nothing of it is shown, and nothing forgotten.
  virtual Outcome commit(const Position& position) = 0;
  // What was put since the last commit never happened.
  virtual void abandon() = 0;

  // For a copy that has use for it: that a domain is not ours, until a time; nothing happens to one
  // that is.
  virtual Outcome putForeign(std::string_view /*name*/, std::int64_t /*until*/) { return {}; }
  // Likewise: what it holds was the newest that there is, at this time.
  virtual void confirm(std::int64_t /*now*/) {}
};

}  // namespace zonecast::table
