// How long a domain is served on that DNS no longer points here (DESIGN section 6): pure.
//
//   what DNS says now                                | cause     | served on for  | then gone if
//   -------------------------------------------------+-----------+----------------+----------------
//   at the step that hosted it, or at an earlier     | elsewhere | 0 s            | of answers:
//   they one, for each of its transports: another place   |           |                | came once
//   more nothing there for some transport, nothing where  | absent    | retire.absent  | zones
//   confirmed, it leads, or it falls through to a later step    |           |                |
//   answers came
//                                                    |           |                | once more
//   nobody speaks for its name any more              | zone_gone | retire.zone_gone | -
//   nothing: what it rests on has expired, and the   | expired   | retire.expired | -
//   operator has it retire                           |           |                |
//
// A grace of 0 s asks for no second opinion on an absence.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "reconciler/derive/verdict.h"
#include "reconciler/time.h"

namespace zonecast::plan {

enum class RetireCause : std::uint8_t { none, elsewhere, absent, zoneGone, expired };
std::string_view toText(RetireCause cause);

// What becomes of domains whose zone nobody has confirmed for its EXPIRE (RFC 1035 section 3.3.13),
// or whose answers nobody has renewed for query::AnswerSettings::expire.
enum class OnExpire : std::uint8_t { keep, retire };

struct RetirePolicy {
  Duration absent = std::chrono::minutes{10};
  Duration zone_gone = std::chrono::hours{1};
  OnExpire on_expire = OnExpire::keep;
  Duration expired = std::chrono::hours{24};

  Duration graceOf(RetireCause cause) const;
};

// Until when a domain is served, for what survives a restart and for readers; whole seconds.
using Deadline = WallSecond;
// The first whole second from there on, as far as there is one.
Deadline deadlineAt(WallTime time);

// `served` are the transports of a domain by what led their clients here, which is not `nothing`;
// `now` is what leads them now. Of what is known only.
RetireCause retireCause(derive::TransportSet served, const derive::LeadingByTransport& before,
                        const derive::LeadingByTransport& now);

}  // namespace zonecast::plan
