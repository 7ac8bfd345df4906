// Writes a table file: the one process that may, the mirror.
//
// A change set is a number of puts and removals and then commit(), which shows all of it to every
// reader by one atomic store, or abandon(). Nothing of it is seen before: a writer that is killed
// at any instruction leaves what was committed last, and the next one goes on from there.
//
// What is superseded stays for those who still look at it, so a table fills up. When it is full, or
// when everything is to be replaced (beginAnew()), the change set under way goes into a new
// generation: another file, which commit() renames into place before it marks the old one
// superseded. The memory of an old generation is given back `grace` after that, whoever looks at it.
//
// Ownership: nothing that is passed in is kept. Thread-safety: none; readers, in any number of
// processes, need no lock. Errors are sentences for people; after one, abandon() and go on. Times
// are seconds of CLOCK_BOOTTIME, which all processes of a host share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "adapters/table/layout.h"
#include "adapters/table/mapping.h"
#include "adapters/table/rows.h"

namespace zonecast::table {

template <typename T>
using Expected = tl::expected<T, std::string>;

struct WriterOptions {
  std::string path;                       // the table; beside it stand path.lock and path.new
  unsigned mode = 0644;                   // of the file: who may read it
  std::size_t size_min = 1 << 20;         // octets of a generation
  std::size_t size_max = std::size_t{8} << 30;
  std::chrono::seconds grace{60};         // how long a superseded generation can be read
};

struct Counts {
  std::size_t domains = 0, virtual_domains = 0, foreign = 0;
};

class Writer {
 public:
  // Takes the lock, and goes on from the table that is there; begins an empty one, not yet to be
  // seen, when there is none or it is of no use. The latter is told by whyBegun().
  static Expected<std::unique_ptr<Writer>> open(WriterOptions options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  const std::string& whyBegun() const { return why_begun_; }  // empty: an old table goes on
  const Position& position() const { return position_; }      // of the last commit
  const Counts& counts() const { return counts_; }            // with what is not yet committed

  // Forgets what is not committed, and begins an empty generation for so many entries (domains and
  // virtual domains together; only a hint). The old one goes on being read until commit().
  Expected<void> beginAnew(std::size_t entries);

  // Each returns the sum of what it replaces or removes, if there was something.
  using Replaced = Expected<std::optional<std::uint64_t>>;
  Replaced putDomain(const DomainRow& row);
  Replaced removeDomain(std::string_view name);
  Replaced putVirtualDomain(const VirtualDomainRow& row);
  Replaced removeVirtualDomain(std::string_view did);

  // That a domain is not ours, until a time. Nothing happens to a domain that is.
  Expected<void> putForeign(std::string_view name, std::int64_t until);

  Expected<void> commit(const Position& position);
  // After it, what was put since the last commit never happened.
  void abandon();

  // What the table holds was the newest that there is, at this time. No commit: readers see it at
  // once, and what counts as too old counts from here.
  void confirm(std::int64_t now);

  // Gives superseded generations back whose grace has passed. Call it about once a second.
  void collect(std::int64_t now);
