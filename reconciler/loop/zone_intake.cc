#include "reconciler/loop/zone_intake.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "reconciler/dns/packed_records.h"

namespace zonecast::loop {
namespace {

constexpr std::size_t kJournalRecordsMin = 1000;  // shorter ones are never folded into a full copy

std::uint32_t recordCount(std::span<const view::Delta> chain) {
  std::size_t count = 0;
  for (const view::Delta& delta : chain) count += delta.removed.size() + delta.added.size();
  return static_cast<std::uint32_t>(count);
}

view::DeltaRecord own(const dns::RecordView& record) {
  return {
      dns::Name(record.owner), record.type, record.ttl, {record.rdata.begin(), record.rdata.end()}};
}

}  // namespace

// What one transfer brings: a zone that is being built, or deltas; nothing acts on it before
// commit.
class ZoneIntake::Reception final : public xfr::TransferSink {
 public:
  Reception(dns::NameView apex, view::ZoneLimits limits) : apex_(apex), limits_(limits) {}

  void beginFull() override {
    chain_.clear();
    full_ = std::make_unique<view::Zone>(apex_, limits_);
  }
  void beginDelta(dns::Serial from, dns::Serial to) override {
    chain_.push_back({from, to, {}, {}});
  }
  void add(const dns::RecordView& record) override {
    if (!full_) {
      chain_.back().added.push_back(own(record));
    } else if (!trouble_) {
      if (auto added = full_->add(record); !added) trouble_ = std::move(added.error());
    }
  }
  void remove(const dns::RecordView& record) override {
    chain_.back().removed.push_back(own(record));
  }

  const std::optional<view::Refusal>& trouble() const { return trouble_; }
  std::unique_ptr<view::Zone> takeFull() { return std::move(full_); }
  std::vector<view::Delta> takeChain() { return std::move(chain_); }

 private:
  dns::Name apex_;
  view::ZoneLimits limits_;
  std::unique_ptr<view::Zone> full_;
  std::vector<view::Delta> chain_;
  std::optional<view::Refusal> trouble_;  // the first thing that the zone would not take
};

ZoneIntake::ZoneIntake(const Settings& settings, const xfr::ZoneTable& zones, view::View& view,
                       ports::Disk& disk, OnUpdate on_update)
    : settings_(settings),
      zones_(zones),
      view_(view),
      disk_(disk),
      on_update_(std::move(on_update)),
      busy_(static_cast<std::size_t>(zones.idsEnd()), false),
      journalled_(busy_.size(), 0) {}

ZoneIntake::~ZoneIntake() = default;

void ZoneIntake::add(xfr::ZoneId zone) {
  const std::size_t index = static_cast<std::size_t>(zone);
  if (index >= busy_.size()) {
    busy_.resize(index + 1);
    journalled_.resize(index + 1);
  }
  busy_[index] = false;
  journalled_[index] = 0;
  rebuilding_.erase(zone);
}

// A zone may grow to what a transfer of it may bring; in memory that takes up to eight times the
// octets.
view::ZoneLimits ZoneIntake::limitsOf(xfr::ZoneId zone) const {
  const xfr::TransferLimits& transfer = zones_[zone].limits;
  view::ZoneLimits limits = settings_.zone_limits;
  limits.keeps_pointers = view_.isCatalog(indexOf(zone));
  limits.records_max = transfer.records_max;
  limits.octets_max = 8 * transfer.octets_max;
  return limits;
}

std::unique_ptr<xfr::TransferSink> ZoneIntake::open(xfr::ZoneId zone) {
  return std::make_unique<Reception>(view_.apex(indexOf(zone)), limitsOf(zone));
}

tl::expected<void, xfr::TransferFailure> ZoneIntake::commit(xfr::ZoneId zone,
                                                            std::unique_ptr<xfr::TransferSink> sink,
                                                            const Now& now) {
  auto& reception = static_cast<Reception&>(*sink);  // open() made it
  const auto refuse = [](view::Refusal why) {
    using Kind = xfr::TransferFailure::Kind;
    return xfr::TransferFailure{why.is_limit ? Kind::limit : Kind::malformed, std::move(why.text)};
  };
  if (reception.trouble()) return tl::unexpected(refuse(*reception.trouble()));
  auto fresh = reception.takeFull();
  return (fresh ? install(zone, std::move(fresh)) : edit(zone, reception.takeChain(), now))
      .map_error(refuse);
}

tl::expected<void, view::Refusal> ZoneIntake::install(xfr::ZoneId zone,
                                                      std::unique_ptr<view::Zone> fresh) {
  if (auto finished = fresh->finish(); !finished) return finished;
  busy_[static_cast<std::size_t>(zone)] = true;
  std::unique_ptr<view::Zone> before = view_.install(indexOf(zone), std::move(fresh));
  if (before) {
    on_update_(ZoneReplaced{zone, std::move(before)});
  } else {
    on_update_(ZoneInstalled{zone});
  }
  return {};
}

tl::expected<void, view::Refusal> ZoneIntake::edit(xfr::ZoneId zone, std::vector<view::Delta> chain,
                                                   const Now& now) {
  view::Zone* content = view_.zone(indexOf(zone));
  if (content == nullptr)
    return tl::unexpected(view::Refusal{"a difference to a zone that is not held"});
  auto change = content->apply(chain);
  if (!change) return tl::unexpected(std::move(change.error()));
  busy_[static_cast<std::size_t>(zone)] = true;
  journalled_[static_cast<std::size_t>(zone)] += recordCount(chain);
  disk_.saveZoneDelta(dns::Name(content->apex()), std::move(chain), heldCopy(zone, now.wall));
  on_update_(ZoneEdited{zone, std::move(*change)});
  return {};
}

tl::expected<void, std::string> ZoneIntake::restore(xfr::ZoneId zone,
                                                    const ports::SavedZone& saved) {
  auto content = std::make_unique<view::Zone>(saved.name, limitsOf(zone));
  for (const ports::PackedRecords& piece : saved.pieces) {
    dns::PackedReader reader(piece);
    for (;;) {
      const auto record = reader.next();
      if (!record) return tl::unexpected(std::string(record.error().what));
      if (!*record) break;
      if (auto added = content->add(**record); !added) {
        return tl::unexpected(std::move(added.error().text));
      }
    }
  }
  if (auto finished = content->finish(); !finished) {
    return tl::unexpected(std::move(finished.error().text));
  }
  for (const std::vector<view::Delta>& chain : saved.journal) {
    if (auto applied = content->apply(chain); !applied) {
      return tl::unexpected(std::move(applied.error().text));
    }
    journalled_[static_cast<std::size_t>(zone)] += recordCount(chain);
  }
  if (content->serial() != saved.copy.serial) {
    return tl::unexpected(fmt::format("its serial is {}, not {}", content->serial().value(),
                                      saved.copy.serial.value()));
  }
  view_.install(indexOf(zone), std::move(content));
  busy_[static_cast<std::size_t>(zone)] = true;
  on_update_(ZoneInstalled{zone});
  return {};
}

xfr::HeldCopy ZoneIntake::heldCopy(xfr::ZoneId zone, WallTime checked) const {
  const dns::Soa soa = view_.zone(indexOf(zone))->soa();
  return {soa.serial, xfr::clamped(soa, settings_.secondary.clamps), checked};
}

bool ZoneIntake::wantsFullSave(xfr::ZoneId zone) const {
  const view::Zone& content = *view_.zone(indexOf(zone));
  const std::size_t kept = content.recordCount();
  return content.isSparse() ||
         journalled_[static_cast<std::size_t>(zone)] > std::max(kJournalRecordsMin, kept / 2);
}

std::optional<ZoneIntake::SaveCursor> ZoneIntake::savePiece(xfr::ZoneId zone, SaveCursor cursor,
                                                            WallTime checked) {
  const view::Zone& content = *view_.zone(indexOf(zone));
  if (cursor.first) rebuilding_.erase(zone);
  if (cursor.first && content.isSparse()) {
    rebuilding_[zone] = std::make_unique<view::Zone>(dns::Name(content.apex()), limitsOf(zone));
  }
  ports::PackedRecords piece;
  const std::optional<std::uint64_t> next =
      content.visitRecords(cursor.at, kRecordsPerPiece, [&](const dns::RecordView& record) {
        dns::pack(record, piece);
        rebuildFrom(zone, record);
      });
  piece.shrink_to_fit();  // it may wait
  const std::optional<xfr::HeldCopy> last =
      next ? std::nullopt : std::optional(heldCopy(zone, checked));
  disk_.saveZonePiece(dns::Name(content.apex()), std::move(piece), cursor.first, last);
  if (!next) {
    journalled_[static_cast<std::size_t>(zone)] = 0;
    installRebuilt(zone);
    return std::nullopt;
  }
  return SaveCursor{*next, false};
}

void ZoneIntake::rebuildFrom(xfr::ZoneId zone, const dns::RecordView& record) {
  const auto copy = rebuilding_.find(zone);
  // A configuration that allows less than it did may refuse it: then the zone stays as it is.
  if (copy != rebuilding_.end() && !copy->second->add(record)) rebuilding_.erase(copy);
}

void ZoneIntake::installRebuilt(xfr::ZoneId zone) {
  const auto copy = rebuilding_.find(zone);
  if (copy == rebuilding_.end()) return;
  if (copy->second->finish()) view_.install(indexOf(zone), std::move(copy->second));
  rebuilding_.erase(copy);
}

}  // namespace zonecast::loop
