// The options of what there may be several of: edge rules, attributes, customers, primaries, zones.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "config/options.h"
#include "reconciler/derive/edge.h"
#include "reconciler/identity/did.h"
#include "reconciler/identity/value_text.h"

namespace zonecast::config {
namespace {

Option<derive::EdgeRule> ports(derive::Transport transport) {
  const auto take = [transport](derive::EdgeRule& rule, std::string_view text) {
    const auto port = numberFromText(text);
    if (!port || *port == 0 || *port > 65'535) return false;
    rule.ports.push_back({transport, static_cast<std::uint16_t>(*port)});
    return true;
  };
  return list<derive::EdgeRule>(derive::toText(transport), "a port from 1 to 65535", take,
                                "the ports that it listens on by this transport");
}

std::vector<Option<derive::EdgeRule>> edgeRows() {
  const auto addHost = [](derive::EdgeRule& rule, std::string_view text) {
    auto host = dns::Name::fromText(text);
    if (!host || host->view().isRoot()) return false;
    rule.hosts.push_back(*std::move(host));
    return true;
  };
  const auto addPrefix = [](derive::EdgeRule& rule, std::string_view text) {
    const auto prefix = derive::prefixFromText(text);
    if (prefix) rule.prefixes.push_back(*prefix);
    return prefix.has_value();
  };
  std::vector<Option<derive::EdgeRule>> rows{
      list<derive::EdgeRule>("hosts", "a host name", addHost, "names that SRV records point at"),
      list<derive::EdgeRule>("addresses",
                             "an IP address, or a prefix without host bits such as 192.0.2.0/24",
                             addPrefix, "addresses that those names or others resolve to")};
  for (const derive::Transport transport : derive::kTransports) rows.push_back(ports(transport));
  return rows;
}

std::vector<Option<identity::AttributeSpec>> attributeRows() {
  using Spec = identity::AttributeSpec;
  using Type = identity::AttributeType;
  using identity::Setter;
  const auto word = [](auto value) { return std::pair(identity::toText(value), value); };
  const auto addValue = [](Spec& spec, std::string_view text) {
    spec.values.emplace_back(text);
    const auto& values = spec.values;
    return !text.empty() && !identity::valueFault(text) &&
           std::ranges::count(values, values.back()) == 1;
  };
  const auto takeHelp = [](Spec& spec, std::string_view text) {
    spec.help = text;
    return true;
  };
  return {
      required(choice<Spec>("type", &Spec::type,
                            {word(Type::integer), word(Type::string), word(Type::boolean),
                             word(Type::enumeration), word(Type::duration)},
                            "what its values are")),
      list<Spec>("values", "a value that stands here once", addValue,
                 "what an enum's values may be"),
      toggle<Spec>("multi", &Spec::multi, "whether it may have several values"),
      choice<Spec>("setter", &Spec::setter,
                   {word(Setter::operatorOnly), word(Setter::customer), word(Setter::anyone)},
                   "who may set it"),
      structure<Spec>("min", "the least value", "of an integer, a duration, a string's length"),
      structure<Spec>("max", "the greatest value", "of an integer, a duration, a string's length"),
      structure<Spec>("default", "a value, or a list", "what it is where nobody sets it"),
      text<Spec>("help", "a text", takeHelp, "what it is for"),
  };
}

bool isDidPattern(std::string_view text) {
  // Whatever a star stands for, so that the rest may be held to a DID's own rule.
  std::string did(text);
  std::ranges::replace(did, '*', 'x');
  return identity::Did::fromText(did).has_value();
}

std::vector<Option<StaticEntry>> staticRows() {
  using Entry = StaticEntry;
  const auto takeDid = [](Entry& entry, std::string_view text) {
    entry.did = text;
    return identity::Did::fromText(text).has_value();
  };
  const auto addDomain = [](Entry& entry, std::string_view text) {
    const auto domain = derive::Domain::fromHost(text);
    if (domain) entry.domains.emplace_back(domain->text());
    return domain.has_value();
  };
  const auto takeCustomer = [](Entry& entry, std::string_view text) {
    entry.customer_name = text;
    return !text.empty();
  };
  const auto addTransport = [](Entry& entry, std::string_view text) {
    const auto transport = derive::transportFromText(text);
    if (transport) entry.transports.insert(*transport);
    return transport.has_value();
  };
  Option<Entry> transports = list<Entry>("transports", "udp, tcp, tls, ws or wss", addTransport,
                                         "those by which clients can reach us");
  transports.clear = [](Entry& entry) { entry.transports = {}; };
  transports.show = [](Entry& entry) {
    return fmt::format("[{}]", derive::toText(entry.transports));
  };
  return {
      required(text<Entry>("did", "a DID", takeDid, "its permanent id")),
      required(list<Entry>("domains", "a host name or an IP address", addDomain,
                           "what is served whatever DNS says; IPv6 with or without brackets")),
      text<Entry>("customer", "the name of a customer", takeCustomer,
                  "whose it is, and who may claim its DID; `static`'s, and nobody's, without"),
      structure<Entry>("attributes", "a mapping of attributes' names",
                       "what the operator sets for it, in place of the customer's"),
      transports,
      choice<Entry>("role", &Entry::role,
                    {{"primary", derive::Role::primary}, {"backup", derive::Role::backup}},
                    "backup when clients prefer somebody else"),
  };
}

std::vector<Option<CustomerEntry>> customerRows() {
  using Customer = CustomerEntry;
  const auto takeDnssec = [](Customer& customer, std::string_view text) {
    customer.dnssec = dnssecFromText(text);
    return customer.dnssec.has_value();
  };
  const auto addServer = [](Customer& customer, std::string_view text) {
    const auto endpoint = endpointFromText(text);
    if (endpoint) customer.servers.push_back(*endpoint);
    return endpoint.has_value();
  };
  const auto addPattern = [](Customer& customer, std::string_view text) {
    customer.grants.dids.emplace_back(text);
    return isDidPattern(text);
  };
  Option<Customer> dids =
      list<Customer>("dids", "a DID, in which `*` stands for any run of characters", addPattern,
                     "the DIDs that it may claim beside the names of its zones");
  dids.shape = Shape::list;
  return {
      dids,
      structure<Customer>("attributes", "a mapping of attributes' names",
                          "what the operator sets for all of its virtual domains"),
      structure<Customer>("primaries", "a mapping of primaries' names",
                          "the servers that have its zones"),
      structure<Customer>("zones", "a list of zones", "its zones"),
      structure<Customer>("catalogs", "a list of catalog zones",
                          "zones that list further zones of its (RFC 9432)"),
      watchedNames<Customer>(&Customer::watched,
                             "domains of its that are asked about, having no zone here"),
      list<Customer>("servers", "an address and port, such as 192.0.2.1:53", addServer,
                     "authoritative servers to ask about these, in place of the resolver"),
      text<Customer>("dnssec", "ignore, prefer or require", takeDnssec,
                     "in place of resolver.dnssec"),
  };
}

std::vector<Option<PrimaryEntry>> primaryRows() {
  const auto takeAddress = [](PrimaryEntry& primary, std::string_view text) {
    const auto address = xfr::parseAddress(text);
    if (address) primary.endpoint.address = *address;
    return address.has_value();
  };
  return {
      required(text<PrimaryEntry>("address", "an IP address", takeAddress, "where it listens")),
      count<PrimaryEntry>("port", at(&PrimaryEntry::endpoint, &xfr::Endpoint::port), 1, 65'535,
                          "where it listens"),
      structure<PrimaryEntry>("key_file", "the path of a file that holds algorithm:name:secret",
                              "the TSIG key of its transfers; unsigned without"),
  };
}

// In place of the daemon's, by whatever says something of zones.
template <typename Entry>
std::vector<Option<Entry>> limitRows() {
  const auto limit = [](auto member) { return at(&Entry::limits, member); };
  return {
      count<Entry>("records_max", limit(&xfr::TransferLimits::records_max), 1, 100'000'000,
                   "in place of limits.zone_records_max"),
      size<Entry>("octets_max", limit(&xfr::TransferLimits::octets_max), 1u << 10, 1u << 30,
                  "in place of limits.zone_octets_max"),
  };
}

template <typename Entry>
std::vector<Option<Entry>> withLimits(std::vector<Option<Entry>> rows) {
  for (Option<Entry>& row : limitRows<Entry>()) {
    row.show = {};  // the section's
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Option<GroupEntry>> groupRows() {
  return withLimits<GroupEntry>(
      {structure<GroupEntry>("primaries", "a list of the customer's primaries",
                             "of the members in this group; those of the catalog without")});
}

std::vector<Option<CatalogEntry>> catalogRows() {
  const auto takeName = [](CatalogEntry& catalog, std::string_view text) {
    auto name = dns::Name::fromText(text);
    if (name) catalog.zone = *std::move(name);
    return name.has_value();
  };
  const auto addPattern = [](CatalogEntry& catalog, std::string_view text) {
    const auto pattern = discovery::Pattern::fromText(text);
    if (pattern) catalog.allow.push_back(*pattern);
    return pattern.has_value();
  };
  Option<CatalogEntry> allow =
      list<CatalogEntry>("allow", "a name, *. and a name for all below it, or *", addPattern,
                         "the names of the zones that it may bring; none without");
  allow.shape = Shape::list;
  return withLimits<CatalogEntry>({
      required(text<CatalogEntry>("name", "the name of a zone", takeName, "the catalog's apex")),
      structure<CatalogEntry>("primaries", "a list of the customer's primaries",
                              "of the catalog and its members; all of the customer's without"),
      allow,
      count<CatalogEntry>("members_max", at(&CatalogEntry::members_max), 1, 1'000'000,
                          "a catalog that lists more is broken, and changes nothing"),
      structure<CatalogEntry>("groups", "a mapping of groups' names",
                              "what holds for members in a group; of several, the first here"),
  });
}

std::vector<Option<ZoneEntry>> zoneRows() {
  const auto takeName = [](ZoneEntry& zone, std::string_view text) {
    auto name = dns::Name::fromText(text);
    if (name) zone.name = *std::move(name);
    return name.has_value();
  };
  return withLimits<ZoneEntry>({
      required(text<ZoneEntry>("name", "the name of a zone", takeName, "the zone's apex")),
      structure<ZoneEntry>("primaries", "a list of the customer's primaries",
                           "in order of preference; all of the customer's without"),
      toggle<ZoneEntry>("shared", &ZoneEntry::shared,
                        "whether it answers for other customers' domains, too"),
  });
}

}  // namespace

std::span<const Option<derive::EdgeRule>> edgeOptions() {
  static const auto kRows = edgeRows();
  return kRows;
}

std::span<const Option<identity::AttributeSpec>> attributeOptions() {
  static const auto kRows = attributeRows();
  return kRows;
}

std::span<const Option<StaticEntry>> staticOptions() {
  static const auto kRows = staticRows();
  return kRows;
}

std::span<const Option<CustomerEntry>> customerOptions() {
  static const auto kRows = customerRows();
  return kRows;
}

std::span<const Option<PrimaryEntry>> primaryOptions() {
  static const auto kRows = primaryRows();
  return kRows;
}

std::span<const Option<ZoneEntry>> zoneOptions() {
  static const auto kRows = zoneRows();
  return kRows;
}

std::span<const Option<GroupEntry>> groupOptions() {
  static const auto kRows = groupRows();
  return kRows;
}

std::span<const Option<CatalogEntry>> catalogOptions() {
  static const auto kRows = catalogRows();
  return kRows;
}

}  // namespace zonecast::config
