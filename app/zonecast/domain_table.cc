#include "app/zonecast/domain_table.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "adapters/kamailio/attribute_row.h"
#include "adapters/kamailio/held_tables.h"
#include "adapters/kamailio/layout.h"
#include "adapters/logging/printable.h"
#include "reconciler/derive/domain.h"
#include "reconciler/identity/did.h"

namespace zonecast {
namespace {

constexpr int kAttributesMax = 1000;  // of one DID

std::string domainName(std::string_view written) {
  const auto domain = derive::Domain::fromHost(written);
  return domain ? std::string(domain->text()) : logging::printable(written);
}

std::string didName(std::string_view written) {
  const auto did = identity::Did::fromText(written);
  return did ? std::string(did->text()) : logging::printable(written);
}

v1::DomainEntry entryOf(std::string domain, std::string did) {
  v1::DomainEntry entry;
  entry.set_domain(std::move(domain));
  entry.set_did(std::move(did));
  return entry;
}

v1::Attribute& attributeNamed(const std::string& name, v1::VirtualDomain& virtual_domain) {
  for (v1::Attribute& attribute : *virtual_domain.mutable_attributes()) {
    if (attribute.name() == name) return attribute;
  }
  v1::Attribute& added = *virtual_domain.add_attributes();
  added.set_name(name);
  return added;
}

// A number that is written otherwise than numbers are is as good as none.
void addValue(v1::Attribute& attribute, int type, const std::string& text) {
  v1::Value& value = *attribute.add_values();
  value.set_text(text);
  if (type != kamailio::kTypeInteger) return;
  errno = 0;
  const long long number = std::strtoll(text.c_str(), nullptr, 10);
  if (errno == 0 && std::to_string(number) == text) value.set_integer(number);
}

void sortAttributes(v1::VirtualDomain& virtual_domain) {
  std::sort(virtual_domain.mutable_attributes()->begin(),
            virtual_domain.mutable_attributes()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
}

kamailio::Expected<void> addDomain(std::string_view domain, std::string_view did,
                                   Holding& holding) {
  std::string name = domainName(domain);
  // Without a DID, a domain that is written otherwise is still its own.
  v1::DomainEntry entry = entryOf(name, did == domain ? name : didName(did));
  v1::VirtualDomain& virtual_domain = holding.virtual_domains[entry.did()];
  virtual_domain.set_did(entry.did());
  if (holding.domains.emplace(name, std::move(entry)).second) return {};
  return tl::unexpected(fmt::format("domain {} stands there twice", name));
}

// Of a DID that no domain has, nobody will ever ask.
kamailio::Expected<void> addAttribute(const kamailio::HeldAttribute& row, Holding& holding) {
  const auto found = holding.virtual_domains.find(didName(row.did));
  if (found == holding.virtual_domains.end()) return {};
  if (found->second.attributes_size() == kAttributesMax) {
    return tl::unexpected(
        fmt::format("DID {} has more than {} attributes", found->first, kAttributesMax));
  }
  addValue(attributeNamed(logging::printable(row.name), found->second), row.type,
           logging::printable(row.value));
  return {};
}

std::optional<table::Value> toRowValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kInteger:
      return value.integer();
    case v1::Value::kText:
      return std::string_view(value.text());
    case v1::Value::kBoolean:
      return value.boolean();
    case v1::Value::kSeconds:
      return table::Seconds{value.seconds()};
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return std::nullopt;
}

v1::VirtualDomain asRows(const v1::VirtualDomain& from) {
  v1::VirtualDomain to;
  to.set_did(from.did());
  for (const v1::Attribute& attribute : from.attributes()) {
    for (const v1::Value& value : attribute.values()) {
      const auto given = toRowValue(value);
      const auto row = given ? kamailio::attributeRow(*given) : std::nullopt;
      if (row)
        addValue(attributeNamed(attribute.name(), to), row->type, logging::printable(row->value));
    }
  }
  sortAttributes(to);
  return to;
}

tl::expected<kamailio::HeldTables, std::string> readHeld(const std::string& where,
                                                         std::chrono::milliseconds patience,
                                                         const kamailio::HeldTablesReader& reader) {
  if (where.starts_with(kSqliteFile))
    return kamailio::readSqlite(where.substr(kSqliteFile.size()), patience, reader);
  std::ifstream file(where, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("{}: {}", where, std::strerror(errno)));
  return kamailio::readText(file, where, reader);
}

}  // namespace

tl::expected<DomainTable, std::string> readDomainTable(const std::string& where,
                                                       std::chrono::milliseconds patience) {
  DomainTable table;
  const kamailio::HeldTablesReader reader{
      [&table](std::string_view domain, std::string_view did) {
        return addDomain(domain, did, table.holding);
      },
      [&table](const kamailio::HeldAttribute& row) { return addAttribute(row, table.holding); }};
  const auto held = readHeld(where, patience, reader);
  if (!held) return tl::unexpected(held.error());
  table.has_attributes = held->has_attributes;
  if (!table.has_attributes) table.holding.virtual_domains.clear();
  for (auto& [did, virtual_domain] : table.holding.virtual_domains) sortAttributes(virtual_domain);
  return table;
}

Holding asDomainTable(const Holding& holding, bool with_attributes) {
  Holding table;
  for (const auto& [domain, entry] : holding.domains) {
    table.domains.emplace_hint(table.domains.end(), domain, entryOf(domain, entry.did()));
  }
  if (!with_attributes) return table;
  for (const auto& [did, virtual_domain] : holding.virtual_domains) {
    table.virtual_domains.emplace_hint(table.virtual_domains.end(), did, asRows(virtual_domain));
  }
  return table;
}

}  // namespace zonecast
