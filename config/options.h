// Every option that there is, declared once: what a configuration file may hold, between which
// bounds, and what it is for. The loader works from these rows; whatever documents the options
// shall, too.
//
// Where a row fills in a default, it is the Target's own (option.h).
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.h"
#include "config/option.h"

namespace zonecast::config {

struct ResolverConfiguration {
  std::vector<xfr::Endpoint> servers{{dns::Ipv4{127, 0, 0, 1}, 53}};  // none: off
  query::DnssecPolicy dnssec = query::DnssecPolicy::prefer;
};

// A configuration while it is being read.
struct Draft {
  Configuration result;
  xfr::TransferLimits transfer_limits;  // of zones that say nothing else
  std::filesystem::path directory;      // what relative paths are relative to
  std::vector<dns::Name> watched;       // that speak for themselves
  ResolverConfiguration resolver;
};

// The top level (its name is empty) or a mapping directly below it.
struct Section {
  std::string_view name;
  std::string_view help;
  std::vector<Option<Draft>> options;
};
std::span<const Section> sections();

std::span<const Option<derive::EdgeRule>> edgeOptions();              // edge[]
std::span<const Option<identity::AttributeSpec>> attributeOptions();  // attributes.NAME

struct StaticEntry : loop::StaticVirtualDomain {  // static[]
  std::string customer_name;                      // empty: none is named
};
std::span<const Option<StaticEntry>> staticOptions();

struct CustomerEntry : loop::CustomerSettings {  // customers.NAME
  std::vector<dns::Name> watched;
  std::vector<xfr::Endpoint> servers;         // authoritative for them
  std::optional<query::DnssecPolicy> dnssec;  // in place of resolver.dnssec
};
std::span<const Option<CustomerEntry>> customerOptions();

struct PrimaryEntry {  // customers.NAME.primaries.NAME
  xfr::Endpoint endpoint{{}, 53};
};
std::span<const Option<PrimaryEntry>> primaryOptions();

struct ZoneEntry {  // customers.NAME.zones[]
  dns::Name name;
  bool shared = false;
  xfr::TransferLimits limits;
};
std::span<const Option<ZoneEntry>> zoneOptions();

struct GroupEntry {  // customers.NAME.catalogs[].groups.NAME
  xfr::TransferLimits limits;
};
std::span<const Option<GroupEntry>> groupOptions();

struct CatalogEntry : loop::CatalogSettings {  // customers.NAME.catalogs[]
  xfr::TransferLimits limits;                  // of its members
};
std::span<const Option<CatalogEntry>> catalogOptions();

}  // namespace zonecast::config
