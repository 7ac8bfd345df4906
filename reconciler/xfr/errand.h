// What a zone sends for to a primary, and what came of it: the values that pass between the zones
// (secondary.cc) and the connections (primary_link.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reconciler/dns/serial.h"
#include "reconciler/time.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/transfer_reader.h"
#include "reconciler/xfr/zone_timers.h"

namespace zonecast::xfr {

struct Errand {
  enum class Kind : std::uint8_t { soa, ixfr, axfr } kind{};
  PrimaryId primary{};
  ZoneId zone{};
  std::optional<dns::Serial> held;  // IXFR: what to start from
  bool ahead = false;               // AXFR: behind another one, on its connection
  bool has_waited = false;          // in vain, once, behind another one
  bool asked_again = false;         // it was lost once already, in the race with an idle close
};

struct SerialSeen {
  dns::Serial serial;
  SoaIntervals intervals;
};

struct Delivery {  // a transfer, whole and authentic
  std::unique_ptr<TransferSink> sink;
  TransferShape shape{};
  dns::Serial serial;
  SoaIntervals intervals;
  std::uint64_t records = 0, octets = 0;
  Duration took{};
};

struct Trouble {
  ZoneFailure::Step step{};
  std::string_view reason;  // the metric's label, a literal
  std::string text;         // "REFUSED"
  bool too_much = false;    // the server may have been asked for too many transfers at once
};

// An AXFR that was asked for ahead, and must be asked for again when it is its turn again; or what
// was asked for a zone that is gone.
struct Displaced {
  enum class Why : std::uint8_t {
    longTransfer,  // comes before it on its connection
    closed,        // the connection was, after it had answered others
    zoneGone,      // nobody wants it any more; whatever was asked for
  } why{};
};

using Verdict = std::variant<SerialSeen, Delivery, Trouble, Displaced>;

struct Outcome {  // every errand has exactly one
  Errand errand;
  Verdict verdict;
  bool was_long = false;  // an AXFR behind which none could wait
};

}  // namespace zonecast::xfr
