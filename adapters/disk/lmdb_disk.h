// The Disk port on LMDB: one environment in the state directory, which one process may use.
//
// How a start goes: open(), then loadPublisher(), loadBindings() and forEachZone(), then the loop
// runs. A zone whose data fails any check is dropped with a report, and transferred anew. Saves go
// to a thread of their own (writer.h); the pieces of a zone wait in memory until the last one is
// there. Destruction writes everything that waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/disk/lock_file.h"
#include "adapters/disk/store.h"
#include "adapters/disk/writer.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/disk.h"
#include "reconciler/ports/history.h"

namespace zonecast::disk {

struct DiskOptions {
  std::string directory;
  std::function<std::uint64_t()> random;          // for the instance's UUID, when there is none yet
  std::size_t map_octets = std::size_t{1} << 30;  // address space that is mapped at first
  std::size_t map_octets_max = std::size_t{1} << 36;  // and how far it grows
  // False: of what was published nothing is read or written (the publisher's place, DIDs,
  // histories).
  bool keeps_published = true;
  WriterLimits writer{};
};

class LmdbDisk final : public ports::Disk, public ports::History {
 public:
  // Fails with a sentence that says what to do.
  static tl::expected<std::unique_ptr<LmdbDisk>, std::string> open(const DiskOptions& options,
                                                                   uv::Loop& loop);

  // Before the loop runs; it must outlive the disk.
  void reportTo(ports::DiskListener& listener) { listener_ = &listener; }

  // A UUID that the state directory keeps, in text form.
  const std::string& instanceId() const { return store_->instance(); }
  tl::expected<std::optional<ports::SavedPublisher>, std::string> loadPublisher() const;
  // One that is damaged is reported, and left out: its zone is known again when a catalog names it.
  tl::expected<std::vector<ports::SavedBinding>, std::string> loadBindings();
  // Ascending. One that is damaged is reported, and left out: the store knows it too.
  tl::expected<void, std::string> forEachDid(const std::function<void(ports::SavedDid)>& visit);
  // By domain. One that is damaged is reported, and left out.
  tl::expected<std::vector<std::pair<derive::Domain, plan::Directive>>, std::string>
  loadDirectives();
  tl::expected<std::optional<plan::Deadline>, std::string> loadHold() const {
    return store_->hold();
  }
  tl::expected<void, std::string> forEachZone(const std::function<void(ports::SavedZone)>& visit);

  // Waits until everything saved so far is on disk or reported; not from within forEachZone().
  void flush() { writer_.flush(); }

  void saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                     const std::optional<xfr::HeldCopy>& last) override;
  void saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                     const xfr::HeldCopy& copy) override;
  void saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) override;
  void removeZone(const dns::Name& zone) override;
  void saveBinding(const ports::SavedBinding& binding) override;
  void removeBinding(const dns::Name& zone) override;
  void saveDids(std::vector<ports::SavedDid> dids) override;
  void savePublisher(const ports::SavedPublisher& publisher) override;
  void saveDirective(const derive::Domain& domain,
                     const std::optional<plan::Directive>& directive) override;
  void saveHold(const std::optional<plan::Deadline>& since) override;
  void saveHistory(std::vector<plan::DomainEvent> events,
                   const plan::HistoryPolicy& policy) override;

  tl::expected<std::optional<plan::DomainHistory>, std::string> historyOf(
      const derive::Domain& domain) const override {
    return store_->historyOf(domain);
  }
  tl::expected<std::optional<std::string>, std::string> visitHistory(
      const std::string& after, std::size_t domains_max, const Visitor& visit) const override {
    return store_->visitHistory(after, domains_max, visit);
  }
  tl::expected<std::optional<plan::Version>, std::string> historySince() const override {
    return store_->historySince();
  }

 private:
  LmdbDisk(LockFile lock, std::unique_ptr<Store> store, const DiskOptions& options, uv::Loop& loop);

  const bool keeps_published_;
  LockFile lock_;
  std::unique_ptr<Store> store_;
  ports::DiskListener* listener_ = nullptr;
  std::map<std::string, std::uint32_t> incomplete_;  // pieces so far, by a zone's wire format
  Writer writer_;
};

}  // namespace zonecast::disk
