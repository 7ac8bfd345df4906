#include "reconciler/derive/remedy.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "reconciler/derive/sip_service.h"

namespace zonecast::derive {
namespace {

bool isWholeAddress(const Prefix& prefix) {
  return prefix.length == (prefix.v6 ? 128 : 32);
}

// The rule that says best where to point: the first with a host name, else with a whole address.
const EdgeRule* ruleToPointAt(const Edge& edge) {
  const auto named = std::find_if(edge.rules.begin(), edge.rules.end(),
                                  [](const EdgeRule& rule) { return !rule.hosts.empty(); });
  if (named != edge.rules.end()) return &*named;
  const auto addressed =
      std::find_if(edge.rules.begin(), edge.rules.end(), [](const EdgeRule& rule) {
        return std::any_of(rule.prefixes.begin(), rule.prefixes.end(), isWholeAddress);
      });
  return addressed != edge.rules.end() ? &*addressed : nullptr;
}

// The host names to point at. Without one of the edge's, a name below the domain gets its
// addresses.
std::vector<std::string> hostsToPointAt(const Domain& domain, const EdgeRule& rule,
                                        std::vector<std::string>& records) {
  std::vector<std::string> hosts;
  for (const dns::Name& host : rule.hosts) hosts.push_back(host.toText());
  if (!hosts.empty()) return hosts;
  hosts.push_back(fmt::format("sip.{}", domain.text()));
  for (const Prefix& prefix : rule.prefixes) {
    if (!isWholeAddress(prefix)) continue;
    records.push_back(
        fmt::format("{}. 3600 IN {} {}", hosts.front(), prefix.v6 ? "AAAA" : "A", toText(prefix)));
  }
  return hosts;
}

}  // namespace

std::vector<std::string> remedyFor(const Domain& domain, const Edge& edge,
                                   const DerivePolicy& policy) {
  const EdgeRule* rule = ruleToPointAt(edge);
  if (rule == nullptr) return {};
  std::vector<std::string> records{fmt::format(
      "; in place of any SRV records at these names and SIP NAPTR records at {}", domain.text())};
  const auto hosts = hostsToPointAt(domain, *rule, records);
  for (const EdgePort port : rule->ports) {
    const auto owner = srvOwner(port.transport, domain.name());
    if (!owner || !policy.transports.contains(port.transport)) continue;
    for (const std::string& host : hosts) {
      records.push_back(
          fmt::format("{}. 3600 IN SRV 10 10 {} {}.", owner->toText(), port.port, host));
    }
  }
  return records;
}

}  // namespace zonecast::derive
