// A copy as a replica of what is published: takes in entries and versions, and keeps account of
// what they come to.
//
// Invariants: what was not committed is never shown, and abandon() takes all of it back. content()
// is the content sum of all entries that were taken in, those included that must not be served.
// Negative answers never show what is under way: they wait until it is committed.
//
// Errors are sentences; after one, abandon(). Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/mirror/entry_reader.h"
#include "adapters/mirror/log_reader.h"
#include "adapters/mirror/published.h"
#include "adapters/table/copy.h"

namespace zonecast::mirror {

class Replica {
 public:
  using Outcome = tl::expected<void, std::string>;

  explicit Replica(table::Copy& copy) : copy_(copy), content_(copy.position().content) {}

  // -- what is shown
  const table::Position& position() const { return copy_.position(); }
  bool isFilled() const { return !position().lineage.empty(); }
  bool isAt(const Published& published) const;
  std::size_t domains() const { return copy_.counts().domains; }
  void confirm(std::int64_t now);
  // Seconds since what is shown was last known to be the newest; -1: never.
  std::int64_t age(std::int64_t now) const { return confirmed_ ? now - *confirmed_ : -1; }

  // -- loading: from nothing
  Outcome beginLoad(std::size_t names);
  Outcome takeVirtualDomain(std::string_view did, std::string_view value);
  Outcome takeDomain(std::string_view name, std::string_view value);
  // Those whose entries in `attribute` must be read to know what they count for.
  std::vector<std::string> unknownAttributes() const;
  void takeAttributes(const std::string& did, std::string_view value);

  // -- while loading or on what is shown
  Outcome apply(const LogVersion& version);
  std::uint64_t content() const { return content_; }
  Outcome commit(const table::Position& position);
  void abandon();

  // That a domain is not ours, until a time.
  Outcome putForeign(std::string name, std::int64_t until);

  // Entries that are published and must not be served, and the last reason.
  std::size_t refused() const { return shown_refused_.count(); }
  const std::string& lastRefusal() const { return shown_refused_.last; }

 private:
  using Sums = std::map<std::string, std::uint64_t, std::less<>>;  // name or DID -> its sum
  struct Refused {
    Sums domains, virtual_domains;
    std::string last;
    std::size_t count() const { return domains.size() + virtual_domains.size(); }
  };

  Outcome refuse(Sums& refused, std::string_view name, std::uint64_t sum, const std::string& why,
                 const table::Copy::Replaced& removed);
  Outcome account(Sums& refused, std::string_view name, std::uint64_t sum,
                  const table::Copy::Replaced& replaced);
  Outcome put(const v1::ChangeSet& changes);
  Outcome remove(const v1::ChangeSet& changes);

  table::Copy& copy_;
  EntryReader reader_;
  std::uint64_t content_;
  Refused refused_, shown_refused_;
  bool is_loading_ = false;
  std::optional<std::int64_t> confirmed_;
  std::vector<std::pair<std::string, std::int64_t>> waiting_foreign_;
};

}  // namespace zonecast::mirror
