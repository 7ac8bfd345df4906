// Customers, their primaries, their zones and their catalogs.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "config/files.h"
#include "config/nearest.h"
#include "config/readers.h"

namespace zonecast::config {
namespace {

constexpr std::size_t kKeyFileOctetsMax = 4096;
constexpr std::string_view kDiscovered = "discovered";

using KeyPointer = std::shared_ptr<const dns::TsigKey>;

// A customer's primaries by name, and in the order of the file.
struct Primaries {
  absl::flat_hash_map<std::string_view, xfr::PrimaryId> by_name;
  std::vector<std::string_view> names;
  xfr::PrimaryList ids;
};

class CustomerReader {
 public:
  CustomerReader(Draft& draft, Errors& errors)
      : draft_(draft), settings_(draft.result.settings), errors_(errors) {}

  // Whoever speaks for themselves alone; after all customers.
  void readDiscovered(const Node& root) {
    const discovery::Settings& discovery = settings_.discovery;
    const bool discovers =
        discovery.mode != discovery::Mode::off && !draft_.resolver.servers.empty();
    if (draft_.watched.empty() && !discovers) return;
    settings_.discovered = view::CustomerId{static_cast<std::uint32_t>(settings_.customers.size())};
    loop::CustomerSettings customer{
        .name = std::string(kDiscovered), .grants = {}, .attributes = discovery.attributes};
    customer.grants.setter = identity::Setter::anyone;
    settings_.customers.push_back(std::move(customer));
    settings_.customers.back().resolver = resolverFor(draft_.resolver.dnssec, root.where);
    watch(root, draft_.watched);
  }

  void read(const Node& name, const Node& node) {
    checkName(name, "customer");
    CustomerEntry customer;
    customer.name = name.text;
    readOptions(node, customerOptions(), customer, errors_);
    if (const Node* attributes = node.find("attributes")) {
      customer.attributes = readOperatorAttributes(*attributes, settings_.attributes, errors_);
    }
    settings_.customers.push_back(customer);
    bindResolvers(node, customer);
    watch(node, customer.watched);
    const Node* primaries = node.find("primaries");
    const Primaries known = primaries ? readPrimaries(*primaries) : Primaries();
    if (const Node* zones = node.find("zones")) readZones(*zones, known);
    if (const Node* catalogs = node.find("catalogs")) readCatalogs(*catalogs, known);
  }

 private:
  struct ZonePlace {
    Position where;
    std::size_t customer;
  };

  void checkName(const Node& name, std::string_view what) {
    if (name.text == kDiscovered) {
      errors_.add(name.where, fmt::format("expected another name: {} is what the customer of "
                                          "discovered domains is called",
                                          shown(name.text)));
    }
    if (name.text == kStaticCustomer) {
      errors_.add(name.where,
                  fmt::format("expected another name: {} is what the customer of static "
                              "virtual domains is called",
                              shown(name.text)));
    }
    if (isPlainName(name.text)) return;
    errors_.add(name.where,
                fmt::format("expected a name of a {}, 1 to 64 letters, digits, `_`, `.` "
                            "or `-`, not {}",
                            what, shown(name.text)));
  }

  void bindResolvers(const Node& node, const CustomerEntry& entry) {
    const query::DnssecPolicy dnssec = entry.dnssec.value_or(draft_.resolver.dnssec);
    const Node* where = node.find("dnssec");
    loop::CustomerSettings& customer = settings_.customers.back();
    customer.resolver = resolverFor(dnssec, where ? where->where : node.where);
    if (entry.servers.empty()) return;
    if (dnssec == query::DnssecPolicy::require) {
      errors_.add(where ? where->where : node.where,
                  "expected `dnssec` to be ignore or prefer beside `servers`: nobody has validated "
                  "what authoritative servers say");
    }
    customer.authoritative =
        addResolver({query::Upstream{query::Upstream::Kind::authoritative, entry.servers},
                     dnssec,
                     {entry.watched.begin(), entry.watched.end()}});
  }

  // Of the recursive servers; nothing when there are none.
  std::optional<query::ResolverId> resolverFor(query::DnssecPolicy dnssec, Position where) {
    const std::vector<xfr::Endpoint>& servers = draft_.resolver.servers;
    if (servers.empty()) return std::nullopt;
    const auto is_loopback = [](const xfr::Endpoint& server) {
      return query::isLoopback(server.address);
    };
    if (dnssec == query::DnssecPolicy::require && !std::ranges::all_of(servers, is_loopback)) {
      errors_.add(where,
                  "expected `dnssec` to be ignore or prefer: that a resolver has validated "
                  "is believed on loopback alone");
    }
    const auto known = recursive_.find(dnssec);
    if (known != recursive_.end()) return known->second;
    const query::ResolverId resolver =
        addResolver({query::Upstream{query::Upstream::Kind::resolver, servers}, dnssec, {}});
    recursive_.emplace(dnssec, resolver);
    return resolver;
  }

  query::ResolverId addResolver(query::Resolver resolver) {
    settings_.resolvers.push_back(std::move(resolver));
    return query::ResolverId{static_cast<std::uint32_t>(settings_.resolvers.size() - 1)};
  }

  void watch(const Node& node, const std::vector<dns::Name>& names) {
    const Node* list = node.find("watched");
    if (list == nullptr || names.empty()) return;
    const loop::CustomerSettings& customer = settings_.customers.back();
    if (!customer.resolver && !customer.authoritative) {
      errors_.add(list->where, "expected `resolver.servers`, to ask about these names");
    }
    const bool is_list = list->kind == Node::Kind::list;
    if (is_list && list->items.size() != names.size()) return;  // of one it is said why
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Position where = is_list ? list->items[i].where : list->where;
      if (claimName(names[i], where)) settings_.watched.push_back({names[i], currentCustomer()});
    }
  }

  Primaries readPrimaries(const Node& node) {
    Primaries primaries;
    if (!checkMapping(node, "a mapping of primaries' names", errors_)) return primaries;
    for (std::size_t i = 0; i < node.items.size(); i += 2) {
      const Node& name = node.items[i];
      checkName(name, "primary");
      const xfr::PrimaryId id{static_cast<std::uint32_t>(settings_.secondary.primaries.size())};
      settings_.secondary.primaries.push_back(readPrimary(name, node.items[i + 1]));
      primaries.by_name.emplace(name.text, id);
      primaries.names.push_back(name.text);
      primaries.ids.push_back(id);
    }
    return primaries;
  }

  xfr::PrimarySettings readPrimary(const Node& name, const Node& node) {
    PrimaryEntry entry;
    readOptions(node, primaryOptions(), entry, errors_);
    const Node* key_file = node.find("key_file");
    return {name.text, entry.endpoint, key_file ? readKey(*key_file) : nullptr};
  }

  // What stands in the file, or as its name by mistake, is not shown: it may be a secret.
  KeyPointer readKey(const Node& node) {
    if (node.kind != Node::Kind::scalar || node.text.find('\0') != std::string::npos) {
      addMismatch(node, "the path of a key file", errors_);
      return nullptr;
    }
    const auto [known, is_new] = keys_.try_emplace(node.text);
    if (is_new) known->second = loadKey(node.text);
    if (!known->second) errors_.add(node.where, known->second.error());
    return known->second.value_or(nullptr);
  }

  tl::expected<KeyPointer, std::string> loadKey(std::string_view path) {
    auto text = readSecret(draft_.directory / path, kKeyFileOctetsMax, draft_.result.warnings);
    if (!text) {
      return tl::unexpected("expected a key file that can be read: " + text.error());
    }
    auto key = dns::parseTsigKey(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (!key) return tl::unexpected("expected a TSIG key in the key file: " + key.error());
    return std::make_shared<const dns::TsigKey>(*std::move(key));
  }

  void readZones(const Node& node, const Primaries& primaries) {
    if (node.kind != Node::Kind::list) return addMismatch(node, "a list of zones", errors_);
    if (!node.items.empty() && primaries.ids.empty()) {
      errors_.add(node.where, "expected `primaries` beside these zones, at least one");
    }
    for (const Node& item : node.items) readZone(item, primaries);
  }

  void readZone(const Node& node, const Primaries& primaries) {
    ZoneEntry entry;
    entry.limits = draft_.transfer_limits;
    const std::size_t errors_before = errors_.count();
    const Node* name = &node;
    xfr::PrimaryList chosen = primaries.ids;
    if (node.kind == Node::Kind::mapping) {
      readOptions(node, zoneOptions(), entry, errors_);
      name = node.find("name");
      if (const Node* own = node.find("primaries")) chosen = choosePrimaries(*own, primaries);
    } else {
      readValue(node, zoneOptions().front(), entry, errors_);  // its name, and nothing else
    }
    if (name == nullptr || errors_.count() != errors_before) return;
    if (!claimName(entry.name, name->where)) return;
    settings_.secondary.zones.push_back({std::move(entry.name), std::move(chosen), entry.limits});
    settings_.zones.push_back({currentCustomer(), entry.shared});
  }

  void readCatalogs(const Node& node, const Primaries& primaries) {
    if (node.kind != Node::Kind::list) return addMismatch(node, "a list of catalog zones", errors_);
    if (!node.items.empty() && primaries.ids.empty()) {
      errors_.add(node.where, "expected `primaries` beside these catalogs, at least one");
    }
    for (const Node& item : node.items) readCatalog(item, primaries);
  }

  // The catalog's own transfer keeps to the limits of all; what it says of limits is its members'.
  void readCatalog(const Node& node, const Primaries& primaries) {
    CatalogEntry entry;
    entry.limits = draft_.transfer_limits;
    const std::size_t errors_before = errors_.count();
    readOptions(node, catalogOptions(), entry, errors_);
    const Node* own = node.find("primaries");
    xfr::PrimaryList chosen = own ? choosePrimaries(*own, primaries) : primaries.ids;
    entry.members = {chosen, entry.limits};
    if (const Node* groups = node.find("groups")) readGroups(*groups, primaries, entry);
    const Node* name = node.find("name");
    if (name == nullptr || errors_.count() != errors_before) return;
    if (!claimName(entry.zone, name->where)) return;
    const loop::CatalogId id{static_cast<std::uint32_t>(settings_.catalogs.size())};
    entry.customer = currentCustomer();
    settings_.secondary.zones.push_back({entry.zone, std::move(chosen), draft_.transfer_limits});
    settings_.zones.push_back({currentCustomer(), false, id});
    settings_.catalogs.push_back(std::move(entry));
  }

  void readGroups(const Node& node, const Primaries& primaries, CatalogEntry& catalog) {
    if (!checkMapping(node, "a mapping of groups' names", errors_)) return;
    for (std::size_t i = 0; i < node.items.size(); i += 2) {
      const Node& settings = node.items[i + 1];
      GroupEntry entry{catalog.limits};
      readOptions(settings, groupOptions(), entry, errors_);
      const Node* own = settings.find("primaries");
      catalog.groups.emplace_back(
          node.items[i].text,
          loop::MemberSettings{own ? choosePrimaries(*own, primaries) : catalog.members.primaries,
                               entry.limits});
    }
  }

  // False, and an error: the zone, or watched name, stands elsewhere already.
  bool claimName(const dns::Name& name, Position where) {
    const ZonePlace place{where, settings_.customers.size() - 1};
    const auto [first, is_new] = zones_.emplace(name, place);
    if (is_new) return true;
    errors_.add(
        where, fmt::format("expected every name once, but {} stands at {} already, for customer {}",
                           shown(name.toText()), errors_.placeOf(first->second.where, where),
                           shown(settings_.customers[first->second.customer].name)));
    return false;
  }

  view::CustomerId currentCustomer() const {
    return view::CustomerId{static_cast<std::uint32_t>(settings_.customers.size() - 1)};
  }

  xfr::PrimaryList choosePrimaries(const Node& node, const Primaries& primaries) {
    xfr::PrimaryList chosen;
    if (node.kind != Node::Kind::list || node.items.empty()) {
      errors_.add(node.where, fmt::format("expected a list of primaries' names, not {}",
                                          node.items.empty() && node.kind == Node::Kind::list
                                              ? "an empty one"
                                              : describe(node)));
      return chosen;
    }
    for (const Node& item : node.items) {
      const auto primary = primaries.by_name.find(item.text);
      if (primary == primaries.by_name.end()) {
        addUnknown(item, "primary", primaries.names, errors_);
      } else if (std::ranges::find(chosen, primary->second) != chosen.end()) {
        errors_.add(item.where,
                    fmt::format("expected every primary once, not {} again", shown(item.text)));
      } else {
        chosen.push_back(primary->second);
      }
    }
    return chosen;
  }

  Draft& draft_;
  loop::Settings& settings_;
  Errors& errors_;
  absl::flat_hash_map<dns::Name, ZonePlace, dns::NameHash, dns::NameEqual> zones_;
  absl::flat_hash_map<std::string, tl::expected<KeyPointer, std::string>> keys_;  // by path
  std::map<query::DnssecPolicy, query::ResolverId> recursive_;
};

}  // namespace

void readCustomers(const Node& root, Draft& draft, Errors& errors) {
  CustomerReader reader(draft, errors);
  const Node* customers = root.find("customers");
  if (customers != nullptr && checkMapping(*customers, "a mapping of customers' names", errors)) {
    for (std::size_t i = 0; i < customers->items.size(); i += 2) {
      reader.read(customers->items[i], customers->items[i + 1]);
    }
  }
  if (const Node* statics = root.find("static"))
    readStatic(*statics, draft.result.settings, errors);
  reader.readDiscovered(root);
  draft.result.settings.secondary.zones.shrink_to_fit();  // they stay as long as the process
  draft.result.settings.zones.shrink_to_fit();
}

}  // namespace zonecast::config
