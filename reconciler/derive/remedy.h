// What the owner of a zone could paste into it so that the domain ends at the edge.
#pragma once

#include <string>
#include <vector>

#include "reconciler/derive/derive.h"

namespace zonecast::derive {

// In zone file syntax (RFC 1035 section 5.1). Empty when the edge has neither a host name nor a
// whole address to point at.
std::vector<std::string> remedyFor(const Domain& domain, const Edge& edge,
                                   const DerivePolicy& policy);

}  // namespace zonecast::derive
