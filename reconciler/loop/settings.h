// Everything the core is told by the operator, as plain values. The loader in config/ makes it; the
// core never changes it and reads it from one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/derive/derive.h"
#include "reconciler/discovery/settings.h"
#include "reconciler/identity/attribute.h"
#include "reconciler/identity/claim.h"
#include "reconciler/identity/virtual_domain.h"
#include "reconciler/plan/brake.h"
#include "reconciler/plan/history.h"
#include "reconciler/plan/retirement.h"
#include "reconciler/query/answers.h"
#include "reconciler/view/view.h"
#include "reconciler/xfr/notify_gate.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::loop {

struct CustomerSettings {
  std::string name;
  identity::Grants grants;
  std::map<std::string, std::vector<std::string>> attributes;  // set by the operator; they win
  // Who is asked about what lies outside its zones (nothing: nobody is), and about names that it
  // speaks for, where that is somebody else.
  std::optional<query::ResolverId> resolver{}, authoritative{};
  bool is_gone = false;  // the configuration names it no more (loop/reconfiguration.h)

  friend bool operator==(const CustomerSettings&, const CustomerSettings&) = default;
};

// A name that is asked about because the operator said so. The customer speaks for it and for all
// below it.
struct WatchedName {
  dns::Name name;  // of a domain
  view::CustomerId customer{};

  friend bool operator==(const WatchedName&, const WatchedName&) = default;
};

// A virtual domain that the operator configured: its domains are served whatever DNS says. Texts,
// since settings go from thread to thread and the values that are made of them do not.
struct StaticVirtualDomain {
  std::string did;                   // a DID, each once
  std::vector<std::string> domains;  // derive::Domain's, each once
  view::CustomerId customer{};
  std::map<std::string, std::vector<std::string>> attributes;  // in place of its customer's
  derive::TransportSet transports = derive::TransportSet::fromBits(0x3);  // udp, tcp
  derive::Role role = derive::Role::primary;

  friend bool operator==(const StaticVirtualDomain&, const StaticVirtualDomain&) = default;
};

enum class CatalogId : std::uint32_t {};  // index into Settings::catalogs

struct MemberSettings {
  xfr::PrimaryList primaries;
  xfr::TransferLimits limits;

  friend bool operator==(const MemberSettings&, const MemberSettings&) = default;
};

// A catalog zone (RFC 9432), which brings its customer further zones.
struct CatalogSettings {
  dns::Name zone;  // it stands among the zones, too
  view::CustomerId customer{};
  std::vector<discovery::Pattern> allow;  // the names that it may bring
  std::uint32_t members_max = 50'000;
  MemberSettings members;  // of those that are in none of these groups; the first of them counts
  std::vector<std::pair<std::string, MemberSettings>> groups;

  friend bool operator==(const CatalogSettings&, const CatalogSettings&) = default;
};

// What the rest of the core needs to know of a zone.
struct ZoneBinding {
  view::CustomerId customer{};
  bool shared = false;                 // answers every customer
  std::optional<CatalogId> catalog{};  // it is that one, and answers nobody

  friend bool operator==(const ZoneBinding&, const ZoneBinding&) = default;
};

struct Settings {
  derive::Edge edge;
  derive::DerivePolicy derive;
  std::vector<CustomerSettings> customers;  // CustomerId is the index
  // The customer of domains that speak for themselves alone: nothing without discovery.
  std::optional<view::CustomerId> discovered;
  std::vector<WatchedName> watched;  // each once
  std::vector<StaticVirtualDomain> statics;
  std::vector<query::Resolver> resolvers;  // ResolverId is the index
  query::AnswerSettings answers;
  // The zones that are configured; catalogs bring more (see loop/zones.h).
  xfr::SecondarySettings secondary;
  std::vector<ZoneBinding> zones;  // by the same index
  std::vector<CatalogSettings> catalogs;
  xfr::NotifyPolicy notify;
  view::ZoneLimits zone_limits;  // records and octets follow from each zone's transfer limits
  identity::ClaimLimits claim_limits;
  identity::AttributeSchema attributes;
  discovery::Settings discovery;
  identity::DidKind did_kind = identity::DidKind::name;
  Duration did_keep = std::chrono::hours{90 * 24};  // for its customer, once nobody has it
  std::uint32_t dids_discovered_max = 100'000;      // of discovered domains that are gone
  plan::RetirePolicy retire;
  plan::BrakePolicy brake;
  plan::HistoryPolicy history;
  std::uint32_t pins_max = 10'000;  // domains that the operator may pin or block at a time
  std::uint32_t publish_batch_max =
      1000;  // changes that small zones' publications are gathered up to
};

}  // namespace zonecast::loop
