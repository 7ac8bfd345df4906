// A world with something of everything in it: two customers, three zones, domains that are hosted,
// closed, foreign and unknown, attributes, and a claim with warnings.
#pragma once

#include <initializer_list>
#include <string>

#include "test/support/world.h"

namespace zonecast::test {

inline void serveSample(World& world, std::string_view zone, std::size_t customer,
                        std::initializer_list<const char*> records) {
  const xfr::Endpoint endpoint{xfr::parseAddress("192.0.2.53").value(), 53};
  ZoneVersion version{dns::Serial(1), {}};
  for (const char* record : records) version.records.push_back(recordFromText(record));
  world.primaries[endpoint].second.serve(nameFromText(zone), std::move(version));
  world.settings.secondary.zones.push_back({nameFromText(zone), {xfr::PrimaryId{0}}, {}});
  world.settings.zones.push_back({view::CustomerId{static_cast<std::uint32_t>(customer)}, false});
}

// Before world.start().
inline void fillSampleWorld(World& world) {
  const xfr::Endpoint endpoint{xfr::parseAddress("192.0.2.53").value(), 53};
  world.primaries[endpoint].first = "ns1";
  world.settings.secondary.primaries.push_back({"ns1", endpoint, nullptr});
  derive::EdgeRule rule;
  rule.name = "edge[0]";
  rule.hosts.push_back(nameFromText("sip.provider.example"));
  rule.ports.push_back({derive::Transport::udp, 5060});
  rule.ports.push_back({derive::Transport::tcp, 5060});
  world.settings.edge.rules.push_back(std::move(rule));
  world.settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
  world.settings.customers.push_back({.name = "globex", .grants = {}, .attributes = {}});
  world.settings.attributes.undeclared = identity::Undeclared::keep;
  serveSample(world, "acme.example", 0,
              {"_sip._udp.acme.example SRV 10 5 5060 sip.provider.example",
               "_sip._tcp.acme.example SRV 10 5 5060 sip.provider.example",
               "_sipvhost.acme.example TXT \"v=sipvhost1; did=acme.example; motd=hello\"",
               "_sip._udp.sales.acme.example SRV 10 5 5060 sip.provider.example",
               "_sipvhost.sales.acme.example TXT \"v=sipvhost1; motd=100%; did=globex.example\"",
               "_sip._udp.closed.acme.example SRV 0 0 0 .",
               "_sip._udp.lab.acme.example SRV 10 5 5060 pbx.lab.acme.example",
               "pbx.lab.acme.example A 198.51.100.7",
               "_sip._udp.out.acme.example SRV 10 5 5060 sip.elsewhere.example",
               "alias.acme.example CNAME acme.example", "sub.acme.example NS ns.sub.acme.example"});
  serveSample(world, "globex.example", 1,
              {"globex.example NAPTR 10 10 \"s\" \"SIP+D2U\" \"\" _sip._udp.globex.example",
               "_sip._udp.globex.example SRV 10 5 5060 sip.globex.example",
               "_sip._udp.globex.example SRV 20 5 5060 sip.provider.example",
               "sip.globex.example A 203.0.113.9"});
  serveSample(world, "empty.example", 1, {});
}

}  // namespace zonecast::test
