// RFC 3263, followed as a SIP client would follow it, against the edge: a pure function from what
// DNS says to one domain's verdict. The same input gives the same verdict, to the octet.
//
// Rules, per transport (DESIGN section 4):
//   1. SIP NAPTRs for that transport: lowest ORDER, then PREFERENCE; `s` to SRV, `a` to addresses
//   2. else SRV at _sip._udp, _sip._tcp, _sips._tcp (_sip._ws, _sips._ws); "." closes the service
//   3. else, and only if every SRV question was answered with "none": A and AAAA of the domain
#pragma once

#include <cstdint>
#include <vector>

#include "reconciler/derive/domain.h"
#include "reconciler/derive/edge.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/view/view.h"

namespace zonecast::derive {

struct DerivePolicy {
  TransportSet transports = TransportSet::fromBits(0x1f);  // those that are tried
  bool address_step = true;                                // step 3
  std::uint32_t naptr_chain_max = 8;
  std::uint32_t alias_chain_max = 8;   // CNAMEs and DNAMEs, of one lookup
  std::uint32_t srv_targets_max = 32;  // per SRV set
  std::uint32_t addresses_max = 8;     // per target
  std::uint32_t lookups_max = 100;     // for one derivation

  friend bool operator==(const DerivePolicy&, const DerivePolicy&) = default;
};

Verdict derive(const Domain& domain, const view::Lookup& dns, const Edge& edge,
               const DerivePolicy& policy);

// The same derivation, told step by step.
Explanation explain(const Domain& domain, const view::Lookup& dns, const Edge& edge,
                    const DerivePolicy& policy);

// The steps of that, up to the end of the transport that is the first to reach the edge.
std::vector<Step> stepsToEdge(const Domain& domain, const view::Lookup& dns, const Edge& edge,
                              const DerivePolicy& policy);

}  // namespace zonecast::derive
