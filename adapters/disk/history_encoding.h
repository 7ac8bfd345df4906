// What became of a domain, as octets. Integers are in network order.
//
//   history  flags (1: there were older entries), entries
//   entry    version (8), time (4, seconds since 1970), flags (1: which states stand here, and
//            whether what was before is what the entry before came to), state before, state after,
//            record, source, cause: each a length (2) and text; a cause that is the source is empty
//   state    DID: a length (1) and text, empty: the domain's own name; state, transports, role,
//            cause (1 each), until (4)
//
// Decoding trusts nothing.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "adapters/disk/encoding.h"
#include "reconciler/plan/history.h"

namespace zonecast::disk {

Octets encode(const derive::Domain& domain, const plan::DomainHistory& history);
tl::expected<plan::DomainHistory, std::string> decodeHistory(const derive::Domain& domain,
                                                             OctetSpan octets);

}  // namespace zonecast::disk
