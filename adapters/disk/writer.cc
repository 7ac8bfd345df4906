#include "adapters/disk/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace zonecast::disk {

namespace {

constexpr std::size_t kSavesPerTransaction = 10'000;
constexpr std::size_t kOctetsPerTransaction = 8 * 1024 * 1024;  // in memory twice meanwhile
constexpr std::size_t kTroublesMax = 32;                        // that wait for the loop

// Of the thread as well as of the loop.
Instant present() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

// The zone whose content a save brings to another version; empty for the others.
std::string zoneChangedBy(const Save& save) {
  if (const auto* piece = std::get_if<SavePiece>(&save)) return piece->zone;
  if (const auto* whole = std::get_if<SaveZone>(&save)) return whole->zone;
  if (const auto* delta = std::get_if<SaveDelta>(&save)) return delta->zone;
  return {};
}

}  // namespace

Writer::Writer(Store& store, const WriterLimits& limits, uv::Loop& loop,
               std::function<void(std::string)> on_trouble)
    : store_(store),
      limits_(limits),
      on_trouble_(std::move(on_trouble)),
      trouble_(loop, [this] { deliverTroubles(); }),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::add(Save save) {
  std::string missed, hang;
  const std::size_t octets = octetsOf(save);
  const bool is_history = std::holds_alternative<SaveHistory>(save);
  bool is_first = false, is_enough = false;
  {
    const std::lock_guard lock(mutex_);
    std::string zone = zoneChangedBy(save);
    const bool is_full = queue_.octets() + octets > limits_.queue_octets_max;
    if (is_full && (is_history || !zone.empty())) {
      missed = fmt::format("{} is not saved: {} octets wait for the disk already", describe(save),
                           queue_.octets());
      save = SaveMissed{std::move(zone)};
    }
    is_first = queue_.empty();
    if (missed.empty() || !is_history) queue_.add(std::move(save));
    is_enough = queue_.octets() >= kOctetsPerTransaction;
    hang = noticeHang();
  }
  if (is_first || is_enough) changed_.notify_all();
  if (!missed.empty()) report(std::move(missed));
  if (!hang.empty()) report(std::move(hang));
}

std::string Writer::noticeHang() {
  if (hang_told_ || !writing_since_ || present() < *writing_since_ + limits_.hung_after) return {};
  hang_told_ = true;
  return fmt::format(
      "it has not finished a write for {} s, and {} saves ({} octets) wait in memory: see to the "
      "disk of the state directory",
      std::chrono::duration_cast<std::chrono::seconds>(present() - *writing_since_).count(),
      queue_.size(), queue_.octets());
}

void Writer::report(std::string trouble) {
  {
    const std::lock_guard lock(mutex_);
    if (troubles_.size() < kTroublesMax) {
      troubles_.push_back(std::move(trouble));
    } else {
      ++troubles_untold_;
    }
  }
  trouble_.wake();
}

void Writer::flush() {
  std::unique_lock lock(mutex_);
  ++flushing_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return queue_.empty() && !writing_since_; });
  --flushing_;
}

// -- on its thread

void Writer::run() {
  for (;;) {
    std::vector<Save> saves = take();
    if (saves.empty()) return;
    write(saves);
  }
}

std::vector<Save> Writer::take() {
  std::unique_lock lock(mutex_);
  if (std::exchange(writing_since_, std::nullopt)) changed_.notify_all();
  hang_told_ = false;
  changed_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  const std::chrono::microseconds gather_for = limits_.gather_for;
  changed_.wait_for(lock, gather_for, [this] {
    return stopping_ || flushing_ > 0 || queue_.octets() >= kOctetsPerTransaction;
  });
  auto saves = queue_.take(kSavesPerTransaction, kOctetsPerTransaction);
  if (!saves.empty()) writing_since_ = present();
  return saves;
}

void Writer::write(std::span<Save> saves) {
  const auto end =
      std::remove_if(saves.begin(), saves.end(), [this](const Save& save) { return !admit(save); });
  saves = saves.first(static_cast<std::size_t>(end - saves.begin()));
  if (saves.empty()) return;
  const auto written = store_.write(saves);
  if (written) return;
  if (saves.size() == 1) return giveUp(saves.front(), written.error());
  write(saves.first(saves.size() / 2));
  write(saves.subspan(saves.size() / 2));
}

void Writer::giveUp(const Save& save, const std::string& why) {
  report(fmt::format("{} is not saved: {}", describe(save), why));
  std::string zone = zoneChangedBy(save);
  if (zone.empty()) return;
  store_.dropUnfinished(zone);
  behind_.insert(std::move(zone));
}

// Whether there is anything to write. A save may be asked about again when its transaction is
// halved.
bool Writer::admit(const Save& save) {
  if (const auto* missed = std::get_if<SaveMissed>(&save)) behind_.insert(missed->zone);
  if (const auto* piece = std::get_if<SavePiece>(&save)) return admitPiece(*piece);
  if (const auto* whole = std::get_if<SaveZone>(&save)) return admitPiece(*whole);
  if (const auto* removal = std::get_if<RemoveZone>(&save)) behind_.erase(removal->zone);
  if (const auto* delta = std::get_if<SaveDelta>(&save)) return !behind_.contains(delta->zone);
  if (const auto* timers = std::get_if<SaveTimers>(&save)) return !behind_.contains(timers->zone);
  return !std::holds_alternative<SaveMissed>(save);
}

// The first piece begins a new copy; when one of the others could not be saved, none counts.
template <typename Piece>
bool Writer::admitPiece(const Piece& piece) {
  if (piece.number == 0) behind_.erase(piece.zone);
  return !behind_.contains(piece.zone);
}

// -- on the loop

void Writer::deliverTroubles() {
  std::vector<std::string> troubles;
  std::size_t untold = 0;
  {
    const std::lock_guard lock(mutex_);
    troubles.swap(troubles_);
    untold = std::exchange(troubles_untold_, 0);
  }
  for (std::string& trouble : troubles) on_trouble_(std::move(trouble));
  if (untold != 0) on_trouble_(fmt::format("and {} more troubles with the disk", untold));
}

}  // namespace zonecast::disk
