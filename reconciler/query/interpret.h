// The meaning of one reply, as a pure function.
//
// Whatever carried the reply vouches for the server's address and the message's ID, and for nothing
// else. Everything more is checked here: QR, opcode, the question, the form of every record to the
// last octet, that aliases lead from the name asked for to the records taken (whatever else is in
// the answer is left aside), that an absence carries the SOA of a zone that the name is in, and
// that an authoritative server speaks with authority.
#pragma once

#include <cstdint>
#include <span>

#include "reconciler/query/answer.h"
#include "reconciler/query/question.h"

namespace zonecast::query {

// What there is to know of the server that replied.
struct Source {
  Upstream::Kind kind{};
  bool trusted = false;  // its AD counts
};

Outcome interpret(std::span<const std::uint8_t> reply, const Question& question,
                  const Source& source, DnssecPolicy dnssec);

}  // namespace zonecast::query
