// What waits for the disk, in order, each thing once: what a later save would overwrite anyway
// takes the place of what is there, so that a disk that hangs costs no more than one save of timers
// for each zone and one position, however long it hangs.
//
// - A zone's timers go into whatever waits last for it and is of the same serial.
// - A zone that had no room is missed once, until it is saved whole again.
// - Of the publisher's positions the last one waits.
// Invariant: what is written at the end is what it would have been one by one. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "adapters/disk/save.h"

namespace zonecast::disk {

class SaveQueue {
 public:
  void add(Save save);
  // From the front, until there are so many, or they are larger than that together.
  std::vector<Save> take(std::size_t saves_max, std::size_t octets_max);

  bool empty() const { return saves_.empty(); }
  std::size_t size() const { return saves_.size(); }
  std::size_t octets() const { return octets_; }

 private:
  bool absorb(const Save& save);
  Save* lastOf(const std::string& zone);

  std::deque<Save> saves_;
  std::size_t octets_ = 0;
  std::uint64_t taken_ = 0;  // ever; so saves_[i] has number taken_ + i
  absl::flat_hash_map<std::string, std::uint64_t> last_of_zone_;
  std::optional<std::uint64_t> position_;
};

}  // namespace zonecast::disk
