#include "adapters/mirror/wanted_gate.h"

#include <algorithm>

#include "adapters/table/host.h"

namespace zonecast::mirror {

tl::expected<std::string, WantedGate::Refusal> WantedGate::admit(std::string_view datagram,
                                                                 Instant now) {
  const table::Host host(datagram);
  if (!host.isValid()) return tl::unexpected(Refusal::malformed);
  std::string name(host.name());
  forgetOld(now);
  if (recent_.contains(name)) return tl::unexpected(Refusal::recent);
  if (recent_.size() >= limits_.recent_max || !mayPass(now))
    return tl::unexpected(Refusal::tooMany);
  recent_.insert(name);
  order_.emplace_back(now, name);
  return name;
}

void WantedGate::forgetOld(Instant now) {
  while (!order_.empty() && now - order_.front().first >= limits_.recent_for) {
    recent_.erase(order_.front().second);
    order_.pop_front();
  }
}

bool WantedGate::mayPass(Instant now) {
  const std::chrono::duration<double> passed = now - refilled_;
  refilled_ = now;
  allowance_ = std::min(limits_.burst, allowance_ + passed.count() * limits_.rate);
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

}  // namespace zonecast::mirror
