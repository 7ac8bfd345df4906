#include "reconciler/plan/retirement.h"

#include <algorithm>
#include <limits>

namespace zonecast::plan {

std::string_view toText(RetireCause cause) {
  switch (cause) {
    case RetireCause::none:
      return "";
    case RetireCause::elsewhere:
      return "elsewhere";
    case RetireCause::absent:
      return "absent";
    case RetireCause::zoneGone:
      return "zone_gone";
    case RetireCause::expired:
      return "expired";
  }
  return "?";
}

Duration RetirePolicy::graceOf(RetireCause cause) const {
  switch (cause) {
    case RetireCause::absent:
      return absent;
    case RetireCause::zoneGone:
      return zone_gone;
    case RetireCause::expired:
      return expired;
    case RetireCause::none:
    case RetireCause::elsewhere:
      break;
  }
  return {};
}

Deadline deadlineAt(WallTime time) {
  const std::int64_t seconds =
      std::chrono::ceil<std::chrono::seconds>(time.time_since_epoch()).count();
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return Deadline(
      Deadline::duration(static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kMost))));
}

RetireCause retireCause(derive::TransportSet served, const derive::LeadingByTransport& before,
                        const derive::LeadingByTransport& now) {
  const auto is_led_away = [&](derive::Transport transport) {
    const auto place = static_cast<std::size_t>(transport);
    return now[place] != derive::Leading::nothing && now[place] >= before[place];
  };
  const bool is_elsewhere = std::ranges::all_of(derive::kTransports, [&](auto transport) {
    return !served.contains(transport) || is_led_away(transport);
  });
  return is_elsewhere ? RetireCause::elsewhere : RetireCause::absent;
}

}  // namespace zonecast::plan
