#include "adapters/http/event_ring.h"

#include <fmt/format.h>

#include "schema/json.h"

namespace zonecast::http {
namespace {

constexpr std::size_t kOctetsMax = 4 << 20;

}  // namespace

void EventRing::add(const v1::WatchEvent& event) {
  events_.push_back({event.version(), std::make_shared<const std::string>(
                                          fmt::format("id: {}\nevent: publication\ndata: {}\n\n",
                                                      event.version(), toJson(event)))});
  ++end_;
  octets_ += events_.back().frame->size();
  while (events_.size() > events_max_ || (octets_ > kOctetsMax && events_.size() > 1)) {
    octets_ -= events_.front().frame->size();
    events_.pop_front();
  }
}

std::uint64_t EventRing::placeAfter(std::uint64_t version) const {
  std::uint64_t place = end_;
  while (place > begin() && events_[place - 1 - begin()].version > version) --place;
  return place;
}

}  // namespace zonecast::http
