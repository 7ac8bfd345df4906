// Which names are tried (DESIGN section 4): those for which a zone has SIP SRV records, a SIP
// NAPTR, or a claim. An address record alone makes no domain.
//
// Only what stands in a zone under the very owner counts: what a wildcard would answer is never
// enumerated, so whether a name is tried does not depend on who asked about it. Pure.
#pragma once

#include <cstdint>

#include "reconciler/derive/inquiry.h"
#include "reconciler/dns/name.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

// Do records in a zone ask to have a domain tried?
enum class Presence : std::uint8_t { absent, present, notKnown };

Presence askedForByZone(derive::Inquiry& inquiry, dns::NameView domain);

// Whether the zone has records at the domain's own names that a cut or a DNAME hides.
bool isOccluded(const view::Lookup& dns, const view::Zone& zone, dns::NameView domain);

}  // namespace zonecast::loop
