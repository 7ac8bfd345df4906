#include "adapters/http/event_ring.h"

#include <fmt/format.h>

#include "schema/json.h"

namespace zonecast::http {
namespace {

constexpr std::size_t kOctetsMax = 4 << 20;

}  // namespace

void EventRing::add(const v1::WatchEvent& event) {
  events_.push_back({event.version(), event.SerializeAsString(), {}});
  ++end_;
  octets_ += events_.back().message.size();
  while (events_.size() > events_max_ || (octets_ > kOctetsMax && events_.size() > 1)) {
    octets_ -= events_.front().message.size();
    events_.pop_front();
  }
}

EventRing::Frame EventRing::at(std::uint64_t place) {
  Event& event = events_[place - begin()];
  if (Frame frame = event.frame.lock()) return frame;
  v1::WatchEvent message;
  message.ParseFromString(event.message);
  auto frame = std::make_shared<const std::string>(
      fmt::format("id: {}\nevent: publication\ndata: {}\n\n", event.version, toJson(message)));
  event.frame = frame;
  return frame;
}

std::uint64_t EventRing::placeAfter(std::uint64_t version) const {
  std::uint64_t place = end_;
  while (place > begin() && events_[place - 1 - begin()].version > version) --place;
  return place;
}

}  // namespace zonecast::http
