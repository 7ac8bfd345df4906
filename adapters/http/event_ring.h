// The last publications, each to be had as a frame of a stream of server-sent events: bounded in
// number and octets, the oldest go first. Each has a place, counted from 0 on. A frame is made when
// somebody asks for it, and lives as long as somebody has it: most are never asked for, and JSON
// costs more than what it tells of. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "schema/control.pb.h"

namespace zonecast::http {

class EventRing {
 public:
  using Frame = std::shared_ptr<const std::string>;

  explicit EventRing(std::size_t events_max) : events_max_(events_max) {}

  void add(const v1::WatchEvent& event);

  std::uint64_t begin() const { return end_ - events_.size(); }  // the oldest one's place
  std::uint64_t end() const { return end_; }                     // where the next one will be
  Frame at(std::uint64_t place);
  std::uint64_t placeAfter(std::uint64_t version) const;  // of the first that is newer

 private:
  struct Event {
    std::uint64_t version;
    std::string message;  // v1::WatchEvent
    std::weak_ptr<const std::string> frame;
  };

  const std::size_t events_max_;
  std::deque<Event> events_;
  std::uint64_t end_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace zonecast::http
