// Verdicts of the tests of derive: of example.com, in a zone of these records.
#pragma once

#include <string_view>

#include "reconciler/derive/derive.h"
#include "test/unit/derive/fake_dns.h"

namespace zonecast::derive {

inline Verdict deriveIn(const FakeDns& dns, const DerivePolicy& policy = {},
                        const Edge& edge = providerEdge()) {
  return derive(domainOf("example.com"), dns, edge, policy);
}

inline Verdict deriveFrom(std::string_view records, const DerivePolicy& policy = {},
                          const Edge& edge = providerEdge()) {
  return deriveIn(FakeDns("example.com", records), policy, edge);
}

}  // namespace zonecast::derive
