#include "adapters/disk/save_queue.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace zonecast::disk {

namespace {

// Nothing for what is of no version of a zone.
const std::string* zoneOf(const Save& save) {
  return std::visit(
      [](const auto& one) -> const std::string* {
        using T = std::decay_t<decltype(one)>;
        constexpr bool kIsOfZone = requires {
          one.zone;
        };
        if constexpr (kIsOfZone && !std::is_same_v<T, SaveBinding>) {
          return &one.zone;
        } else {
          return nullptr;
        }
      },
      save);
}

xfr::HeldCopy* copyOf(Save& save) {
  if (auto* whole = std::get_if<SaveZone>(&save)) return &whole->copy;
  if (auto* delta = std::get_if<SaveDelta>(&save)) return &delta->copy;
  if (auto* timers = std::get_if<SaveTimers>(&save)) return &timers->copy;
  return nullptr;
}

}  // namespace

void SaveQueue::add(Save save) {
  if (absorb(save)) return;
  const std::uint64_t number = taken_ + saves_.size();
  if (const std::string* zone = zoneOf(save)) {
    last_of_zone_[*zone] = number;
  } else if (std::holds_alternative<SavePublisher>(save)) {
    position_ = number;
  }
  octets_ += octetsOf(save);
  saves_.push_back(std::move(save));
}

bool SaveQueue::absorb(const Save& save) {
  if (const auto* publisher = std::get_if<SavePublisher>(&save)) {
    if (!position_) return false;
    saves_[*position_ - taken_] = *publisher;
    return true;
  }
  if (zoneOf(save) == nullptr) return false;
  Save* last = lastOf(*zoneOf(save));
  if (last == nullptr) return false;
  if (std::holds_alternative<SaveMissed>(save)) return std::holds_alternative<SaveMissed>(*last);
  const auto* timers = std::get_if<SaveTimers>(&save);
  if (timers == nullptr) return false;
  if (std::holds_alternative<SaveMissed>(*last)) return true;  // it is behind, and takes none
  xfr::HeldCopy* copy = copyOf(*last);
  if (copy == nullptr || copy->serial != timers->copy.serial) return false;
  *copy = timers->copy;
  return true;
}

Save* SaveQueue::lastOf(const std::string& zone) {
  const auto found = last_of_zone_.find(zone);
  return found == last_of_zone_.end() ? nullptr : &saves_[found->second - taken_];
}

std::vector<Save> SaveQueue::take(std::size_t saves_max, std::size_t octets_max) {
  std::vector<Save> batch;
  std::size_t octets = 0;
  while (!saves_.empty() && batch.size() < saves_max && octets < octets_max) {
    Save& save = saves_.front();
    octets += octetsOf(save);
    if (const std::string* zone = zoneOf(save)) {
      const auto last = last_of_zone_.find(*zone);
      if (last->second == taken_) last_of_zone_.erase(last);
    } else if (std::holds_alternative<SavePublisher>(save)) {
      position_.reset();
    }
    batch.push_back(std::move(save));
    saves_.pop_front();
    ++taken_;
  }
  octets_ -= octets;
  return batch;
}

}  // namespace zonecast::disk
