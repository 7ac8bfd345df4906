// Writes what is saved, on a thread of its own, in the order of the calls.
//
// What comes within `gather_for` is written in one transaction, up to a bound, so that 100,000
// saves cost some tens of disk flushes. A transaction that fails is halved until the save is found
// that makes it fail, so that a zone too large for the disk takes nothing else with it; that save
// is reported, and its older value stays. A zone whose content could not be saved is *behind*: its
// deltas and timers belong to a version that is not on disk, and are passed over until it is saved
// whole.
//
// Invariants: add() never waits for the disk; what waits is bounded, by octets, and by the number
// of zones for what is smaller than a zone's content (see SaveQueue). A zone that does not fit is
// reported and behind, and so is a disk that hangs. Troubles are reported on the loop. Destruction
// writes what waits first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "adapters/disk/save_queue.h"
#include "adapters/disk/store.h"
#include "adapters/uv/loop.h"

namespace zonecast::disk {

struct WriterLimits {
  std::size_t queue_octets_max = std::size_t{1} << 29;
  Duration gather_for = std::chrono::milliseconds{200};
  Duration hung_after = std::chrono::seconds{30};  // in one transaction
};

class Writer {
 public:
  // Writes to `store`, which must outlive it.
  Writer(Store& store, const WriterLimits& limits, uv::Loop& loop,
         std::function<void(std::string)> on_trouble);
  ~Writer();

  void add(Save save);
  void report(std::string trouble);  // as one of its own
  void flush();                      // waits until what was added is written, or has failed

 private:
  void run();
  std::vector<Save> take();  // waits; empty: stop
  std::string noticeHang();
  void write(std::span<Save> saves);
  void giveUp(const Save& save, const std::string& why);
  bool admit(const Save& save);
  template <typename Piece>
  bool admitPiece(const Piece& piece);
  void deliverTroubles();

  Store& store_;
  const WriterLimits limits_;
  const std::function<void(std::string)> on_trouble_;
  uv::Wakeup trouble_;
  std::set<std::string> behind_;  // of the thread alone

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  SaveQueue queue_;
  std::optional<Instant> writing_since_;
  bool hang_told_ = false;
  bool stopping_ = false;
  int flushing_ = 0;  // callers that wait for the disk
  std::vector<std::string> troubles_;
  std::size_t troubles_untold_ = 0;

  std::thread thread_;
};

}  // namespace zonecast::disk
