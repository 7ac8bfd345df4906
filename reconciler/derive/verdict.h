// What the evidence says of one domain, and how it came to that (DESIGN section 4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "reconciler/derive/edge.h"
#include "reconciler/dns/name.h"
#include "reconciler/view/view.h"

namespace zonecast::derive {

enum class Standing : std::uint8_t {
  hosted,   // RFC 3263 can end at the edge
  closed,   // every service that exists is closed by a target of "."
  foreign,  // RFC 3263 ends elsewhere, or nowhere
  unknown,  // something was not known, failed, or ran into a limit: never taken as foreign
};
std::string_view toText(Standing standing);

enum class Role : std::uint8_t { primary, backup };  // preferred, or reached only after others
std::string_view toText(Role role);

// The step of RFC 3263 whose records lead the clients of a transport somewhere, here or elsewhere:
// the later in this order, the earlier it is asked. A record that leads to what is not there leads
// nowhere.
enum class Leading : std::uint8_t { nothing, addresses, services, pointers };
using LeadingByTransport = std::array<Leading, kTransports.size()>;

struct Families {
  bool v4 = false, v6 = false;
  friend bool operator==(Families, Families) = default;
};

using Sources = absl::InlinedVector<view::ZoneIndex, 2>;  // ascending, no duplicates
void addSource(Sources& sources, view::ZoneIndex zone);

// All of a verdict that is of one size, or seldom empty.
struct Judgement {
  Standing standing = Standing::unknown;
  // hosted:
  TransportSet transports;
  Role role = Role::primary;  // backup: no transport has the edge among what it tries first
  Families families;
  bool by_address = false;  // hosted by step 3
  // Of what is known, hosted or not.
  LeadingByTransport leading{};

  // The zones that this verdict rests on (also for `unknown`: those that were asked).
  Sources sources;
  // Names outside the domain's own (see ownDomainName) whose answers this verdict rests on: SRV
  // targets, NAPTR replacements, names that aliases lead to, wildcards that answered. In canonical
  // order, no duplicates.
  std::vector<dns::Name> reads;

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

struct Verdict : Judgement {
  // SRV targets that are known to reach the edge, in canonical order, no duplicates.
  std::vector<dns::Name> targets;
  // unknown: the first thing that was missing, for people
  std::string missing;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// A domain's own names: itself, and underscored labels directly above it (_sip._udp.D,
// _sipvhost.D). ownDomainName strips leading underscored labels: the domain whose own name `name`
// is.
dns::NameView ownDomainName(dns::NameView name);

// One line of `explain`, in depth-first order.
struct Step {
  int depth = 0;
  std::string question;  // "_sip._udp.example.com SRV"
  std::string answer;    // "10 5 5060 sip.example.com", "none (NODATA)", "not known: ..."
  std::string source;    // "zone example.com serial 17", "edge[0]"
  std::optional<dns::Ttl> ttl;
  enum class Outcome : std::uint8_t {
    leadsOn,
    reachesEdge,
    elsewhere,
    closed,
    missing,
    ignored
  } outcome{};
  std::string note;  // the rule that matched, or why this step failed
};

struct Explanation {
  std::vector<Step> steps;
  std::string first_failure;        // one sentence; empty when hosted
  std::vector<std::string> remedy;  // records, in zone file syntax, that the zone owner could paste
};

}  // namespace zonecast::derive
