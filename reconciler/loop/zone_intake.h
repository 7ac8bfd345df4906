// Takes transferred zones into the view, and keeps their last good copies on disk.
//
// One zone at a time is between two versions: from commit() until its pass is done the intake is
// not ready for the next transfer of that zone, so that a pass always works against one version of
// it.
//
// Invariants: the view changes only by commit() and restore(), whole or not at all; what is saved
// is what the view has. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <absl/container/btree_map.h>

#include "reconciler/loop/settings.h"
#include "reconciler/ports/disk.h"
#include "reconciler/view/view.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/zone_table.h"

namespace zonecast::loop {

constexpr view::ZoneIndex indexOf(xfr::ZoneId zone) {
  return view::ZoneIndex{static_cast<std::uint32_t>(zone)};
}
constexpr xfr::ZoneId idOf(view::ZoneIndex zone) {
  return xfr::ZoneId{static_cast<std::uint32_t>(zone)};
}

// What a commit did to the view.
struct ZoneInstalled {  // a first copy: everything at and below the apex may be otherwise
  xfr::ZoneId zone{};
};
struct ZoneReplaced {  // a full transfer over an older copy, which is kept for the comparison
  xfr::ZoneId zone{};
  std::unique_ptr<view::Zone> before;
};
struct ZoneEdited {
  xfr::ZoneId zone{};
  view::ZoneChange change;
};
using ZoneUpdate = std::variant<ZoneInstalled, ZoneReplaced, ZoneEdited>;

class ZoneIntake final : public xfr::ZoneReceiver {
 public:
  using OnUpdate = std::function<void(ZoneUpdate)>;

  // All of them must outlive the intake. `on_update` is called from commit() and restore().
  ZoneIntake(const Settings& settings, const xfr::ZoneTable& zones, view::View& view,
             ports::Disk& disk, OnUpdate on_update);
  ~ZoneIntake() override;

  void add(xfr::ZoneId zone);  // it stands in the table and in the view

  // A copy from disk; the error says what is wrong with it.
  tl::expected<void, std::string> restore(xfr::ZoneId zone, const ports::SavedZone& saved);

  bool readyFor(xfr::ZoneId zone) override { return !busy_[static_cast<std::size_t>(zone)]; }
  std::unique_ptr<xfr::TransferSink> open(xfr::ZoneId zone) override;
  tl::expected<void, xfr::TransferFailure> commit(xfr::ZoneId zone,
                                                  std::unique_ptr<xfr::TransferSink> sink,
                                                  const Now& now) override;
  // A pass needs it unchanged.
  void occupy(xfr::ZoneId zone) { busy_[static_cast<std::size_t>(zone)] = true; }
  // The zone's pass is done and its copy saved.
  void release(xfr::ZoneId zone) { busy_[static_cast<std::size_t>(zone)] = false; }

  // True when the copy on disk has so long a journal, or edits have left so much dead memory
  // behind, that the zone is better saved whole, which builds it anew.
  bool wantsFullSave(xfr::ZoneId zone) const;
  xfr::HeldCopy heldCopy(xfr::ZoneId zone, WallTime checked) const;

  // Saves a piece of the zone's full copy; returns where to go on, nothing when all is saved. Until
  // then the zone must not change.
  static constexpr std::size_t kRecordsPerPiece = 4096;
  struct SaveCursor {
    std::uint64_t at = 0;
    bool first = true;
  };
  std::optional<SaveCursor> savePiece(xfr::ZoneId zone, SaveCursor cursor, WallTime checked);

 private:
  class Reception;

  view::ZoneLimits limitsOf(xfr::ZoneId zone) const;

  tl::expected<void, view::Refusal> install(xfr::ZoneId zone, std::unique_ptr<view::Zone> fresh);
  tl::expected<void, view::Refusal> edit(xfr::ZoneId zone, std::vector<view::Delta> chain,
                                         const Now& now);
  void rebuildFrom(xfr::ZoneId zone, const dns::RecordView& record);
  void installRebuilt(xfr::ZoneId zone);

  const Settings& settings_;
  const xfr::ZoneTable& zones_;
  view::View& view_;
  ports::Disk& disk_;
  OnUpdate on_update_;
  std::vector<bool> busy_;  // by zone
  std::vector<std::uint32_t>
      journalled_;  // likewise: records in the journal since the last full copy
  // Copies of sparse zones that grow while these are saved, and then take their place.
  absl::btree_map<xfr::ZoneId, std::unique_ptr<view::Zone>> rebuilding_;
};

}  // namespace zonecast::loop
