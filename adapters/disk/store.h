// What is in the LMDB environment, and how a save changes it.
//
//   database   key                value (sealed, see encoding.h)
//   meta       "schema"           number of this layout (4)
//              "instance"         UUID of this state directory, in text form
//              "publisher"        publisher
//   zone       name               zone entry
//   piece      name, number (4)   packed records; the top bit of the number tells the copies of a
//                                 zone apart: the one that its entry names, and the one that is
//                                 being written beside it
//   chain      name, number (4)   chain of deltas
//   binding    name               binding; also of a zone without a copy
//   did        DID                did
//   history    domain's text      what became of it (history_encoding.h)
//   order      domain's text      directive: the operator pinned or blocked it
//   meta       "hold"             since when the operator holds everything; or missing
//   meta       "history-since"    version (8) since which that is kept
//
// Invariants: a zone's entry, the pieces of the copy that it names and the chains are of one
// version, since one transaction changes them over. A chain follows only the serial that the entry
// has. write() is called by one thread; reads by any other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/disk/encoding.h"
#include "adapters/disk/lmdb.h"
#include "adapters/disk/save.h"
#include "reconciler/ports/history.h"

namespace zonecast::disk {

class Store {
 public:
  // `new_instance` is kept if the store is new. The map grows from `map_octets` to
  // `map_octets_max`.
  static tl::expected<std::unique_ptr<Store>, std::string> open(const std::string& path,
                                                                std::size_t map_octets,
                                                                std::size_t map_octets_max,
                                                                const std::string& new_instance);

  // To read what another process writes, perhaps at the same time; write() is not called. The map
  // is as large as it may ever grow.
  static tl::expected<std::unique_ptr<Store>, std::string> openToRead(const std::string& path,
                                                                      std::size_t map_octets_max);

  const std::string& instance() const { return instance_; }
  tl::expected<std::optional<ports::SavedPublisher>, std::string> publisher() const;

  // Each zone in canonical order of the store, read one at a time; or what is wrong with it, with
  // its key. Fails when the store itself cannot be read.
  using ZoneVisitor = std::function<void(ports::SavedZone)>;
  using DamageVisitor = std::function<void(std::string key, std::string why)>;
  tl::expected<void, std::string> forEachZone(const ZoneVisitor& visit,
                                              const DamageVisitor& damaged) const;

  // All that can be read.
  tl::expected<std::vector<ports::SavedBinding>, std::string> bindings(
      const DamageVisitor& damaged) const;

  // Each DID, ascending, or what is wrong with it, with its key. Fails when the store itself cannot
  // be read.
  using DidVisitor = std::function<void(ports::SavedDid)>;
  tl::expected<void, std::string> forEachDid(const DidVisitor& visit,
                                             const DamageVisitor& damaged) const;

  // All that can be read.
  tl::expected<std::vector<std::pair<derive::Domain, plan::Directive>>, std::string> directives(
      const DamageVisitor& damaged) const;
  tl::expected<std::optional<plan::Deadline>, std::string> hold() const;

  // As ports::History has them.
  tl::expected<std::optional<plan::DomainHistory>, std::string> historyOf(
      const derive::Domain& domain) const;
  tl::expected<std::optional<std::string>, std::string> visitHistory(
      const std::string& after, std::size_t domains_max,
      const ports::History::Visitor& visit) const;
  tl::expected<std::optional<plan::Version>, std::string> historySince() const;

  // Writes all of them in one transaction, or nothing; the error says why.
  tl::expected<void, std::string> write(std::span<const Save> saves);
  // Removes what there is of a copy that will not be finished, so that it takes no room.
  void dropUnfinished(const std::string& zone);

 private:
  explicit Store(std::size_t map_octets_max) : map_octets_max_(map_octets_max) {}

  tl::expected<void, std::string> prepare(const std::string& new_instance);
  static constexpr unsigned kDatabases = 8;
  std::array<std::pair<const char*, MDB_dbi*>, kDatabases> databases();
  LmdbError openDatabases(Transaction& transaction);
  tl::expected<void, std::string> findDatabases();
  tl::expected<void, std::string> checkSchema(Transaction& transaction,
                                              const std::string& new_instance);
  tl::expected<void, std::string> forEachKey(
      MDB_dbi database,
      const std::function<void(const Transaction& transaction, const std::string& key)>& visit)
      const;
  tl::expected<ports::SavedZone, std::string> readZone(const Transaction& transaction,
                                                       const std::string& key) const;

  LmdbError writeOnce(std::span<const Save> saves);
  LmdbError apply(Transaction& transaction, const SavePiece& save);
  LmdbError apply(Transaction& transaction, const SaveZone& save);
  LmdbError apply(Transaction& transaction, const SaveDelta& save);
  LmdbError apply(Transaction& transaction, const SaveTimers& save);
  LmdbError apply(Transaction& transaction, const RemoveZone& save);
  LmdbError apply(Transaction& transaction, const SaveBinding& save);
  LmdbError apply(Transaction& transaction, const SaveDids& save);
  LmdbError apply(Transaction& transaction, const SavePublisher& save);
  LmdbError apply(Transaction& transaction, const SaveDirective& save);
  LmdbError apply(Transaction& transaction, const SaveHold& save);
  LmdbError apply(Transaction& transaction, const SaveHistory& save);
  LmdbError apply(Transaction&, const SaveMissed&) { return {}; }
  LmdbError sweepHistory(Transaction& transaction, plan::Deadline now,
                         const plan::HistoryPolicy& policy);
  enum class Copy : std::uint32_t { even = 0, odd = 0x80000000 };
  Copy spare(const Transaction& transaction, const std::string& zone) const;
  LmdbError removeCopy(Transaction& transaction, const std::string& zone, Copy copy);
  LmdbError removeParts(Transaction& transaction, MDB_dbi database, const std::string& zone,
                        std::uint32_t first, std::uint32_t last);
  bool grow();
  std::string explain(const LmdbError& error) const;

  const std::size_t map_octets_max_;
  Environment environment_;
  mutable std::shared_mutex resizing_;  // shared while a transaction of a reader is open
  MDB_dbi meta_ = 0, zone_ = 0, piece_ = 0, chain_ = 0, binding_ = 0, did_ = 0, history_ = 0,
          order_ = 0;
  std::string swept_;  // the last domain that the sweep came by; of the writing thread
  std::string instance_;
};

}  // namespace zonecast::disk
