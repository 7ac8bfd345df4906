#include "reconciler/loop/reconfiguration.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace zonecast::loop {
namespace {

template <typename Id>
std::size_t at(Id id) {
  return static_cast<std::size_t>(id);
}

template <typename Id>
Id idAt(std::size_t index) {
  return Id{static_cast<std::uint32_t>(index)};
}

using NameOrder = dns::CanonicalLess;

// A primary with all that it is; each customer has its own.
using PrimaryKey = std::tuple<std::string, std::string, xfr::Endpoint, std::string>;

std::string textOf(const dns::TsigKey* key) {
  if (key == nullptr) return {};
  std::string text =
      key->name().toText() + ' ' + std::to_string(static_cast<int>(key->algorithm()));
  text += ' ';
  text.append(key->secret().begin(), key->secret().end());
  return text;
}

// By primary: whose zones or catalogs name it; empty for one that nobody names.
std::vector<std::string> ownersOf(const Settings& settings) {
  std::vector<std::string> owners(settings.secondary.primaries.size());
  const auto own = [&](view::CustomerId customer, const xfr::PrimaryList& primaries) {
    for (const xfr::PrimaryId primary : primaries) {
      owners[at(primary)] = settings.customers[at(customer)].name;
    }
  };
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    own(settings.zones[i].customer, settings.secondary.zones[i].primaries);
  }
  for (const CatalogSettings& catalog : settings.catalogs) {
    own(catalog.customer, catalog.members.primaries);
    for (const auto& [group, members] : catalog.groups) own(catalog.customer, members.primaries);
  }
  return owners;
}

// Gives what is in `after` the numbers that it had before, or new ones behind all others.
class Numbering {
 public:
  Numbering(const Settings& before, Settings& after) : before_(before), after_(after) {}

  void run() {
    numberResolvers();
    numberPrimaries();
    numberCustomers();
    for (ZoneBinding& zone : after_.zones) zone.customer = customers_[at(zone.customer)];
    for (WatchedName& watched : after_.watched) watched.customer = customers_[at(watched.customer)];
    for (StaticVirtualDomain& each : after_.statics) {
      each.customer = customers_[at(each.customer)];
    }
    if (after_.discovered) after_.discovered = customers_[at(*after_.discovered)];
    for (xfr::ZoneSettings& zone : after_.secondary.zones) translate(zone.primaries);
    numberCatalogs();
    for (ZoneBinding& zone : after_.zones) {
      if (zone.catalog) zone.catalog = catalogs_[at(*zone.catalog)];
    }
  }

 private:
  // Of few kinds there are many: those that ask the same servers are compared.
  void numberResolvers() {
    std::multimap<std::vector<xfr::Endpoint>, std::size_t> known;
    for (std::size_t i = 0; i < before_.resolvers.size(); ++i) {
      known.emplace(before_.resolvers[i].upstream->servers, i);
    }
    std::vector<query::Resolver> all = before_.resolvers;
    for (query::Resolver& resolver : after_.resolvers) {
      auto [candidate, end] = known.equal_range(resolver.upstream->servers);
      while (candidate != end && before_.resolvers[candidate->second] != resolver) ++candidate;
      const bool is_known = candidate != end;
      resolvers_.push_back(idAt<query::ResolverId>(is_known ? candidate->second : all.size()));
      if (!is_known) all.push_back(std::move(resolver));
    }
    after_.resolvers = std::move(all);
  }

  void numberPrimaries() {
    const auto key_of = [](const xfr::PrimarySettings& primary, const std::string& owner) {
      return PrimaryKey{owner, primary.name, primary.endpoint, textOf(primary.key.get())};
    };
    std::map<PrimaryKey, std::size_t> known;
    const std::vector<std::string> owners_before = ownersOf(before_), owners = ownersOf(after_);
    std::vector<xfr::PrimarySettings> all = before_.secondary.primaries;
    for (std::size_t i = 0; i < all.size(); ++i) {
      known.emplace(key_of(all[i], owners_before[i]), i);
    }
    for (std::size_t i = 0; i < owners.size(); ++i) {
      xfr::PrimarySettings& primary = after_.secondary.primaries[i];
      const auto [number, is_new] = known.try_emplace(key_of(primary, owners[i]), all.size());
      primaries_.push_back(idAt<xfr::PrimaryId>(number->second));
      if (is_new) all.push_back(std::move(primary));
    }
    after_.secondary.primaries = std::move(all);
  }

  void numberCustomers() {
    absl::flat_hash_map<std::string, std::size_t> known;
    std::vector<CustomerSettings> all = before_.customers;
    for (std::size_t i = 0; i < all.size(); ++i) {
      known.emplace(all[i].name, i);
      all[i].is_gone = true;
    }
    for (CustomerSettings& customer : after_.customers) {
      for (auto* resolver : {&customer.resolver, &customer.authoritative}) {
        if (*resolver) *resolver = resolvers_[at(**resolver)];
      }
      const auto [number, is_new] = known.try_emplace(customer.name, all.size());
      customers_.push_back(idAt<view::CustomerId>(number->second));
      if (is_new) all.emplace_back();
      all[number->second] = std::move(customer);
    }
    after_.customers = std::move(all);
  }

  void numberCatalogs() {
    std::map<std::pair<view::CustomerId, dns::Name>, std::size_t, CatalogLess> known;
    std::vector<CatalogSettings> all = before_.catalogs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      known.emplace(std::pair(all[i].customer, all[i].zone), i);
    }
    for (CatalogSettings& catalog : after_.catalogs) {
      catalog.customer = customers_[at(catalog.customer)];
      translate(catalog.members.primaries);
      for (auto& [group, members] : catalog.groups) translate(members.primaries);
      const auto [number, is_new] =
          known.try_emplace(std::pair(catalog.customer, catalog.zone), all.size());
      catalogs_.push_back(idAt<CatalogId>(number->second));
      if (is_new) all.emplace_back();
      all[number->second] = std::move(catalog);
    }
    after_.catalogs = std::move(all);
  }

  void translate(xfr::PrimaryList& primaries) const {
    for (xfr::PrimaryId& primary : primaries) primary = primaries_[at(primary)];
  }

  struct CatalogLess {
    using Key = std::pair<view::CustomerId, dns::Name>;
    bool operator()(const Key& a, const Key& b) const {
      return a.first != b.first ? a.first < b.first : NameOrder()(a.second, b.second);
    }
  };

  const Settings& before_;
  Settings& after_;
  // By the numbers that `after_` had: those that it has.
  std::vector<query::ResolverId> resolvers_;
  std::vector<xfr::PrimaryId> primaries_;
  std::vector<view::CustomerId> customers_;
  std::vector<CatalogId> catalogs_;
};

template <typename Value>
using ByName = absl::flat_hash_map<dns::Name, Value, dns::NameHash, dns::NameEqual>;

void compareZones(const Settings& before, Reconfiguration& to) {
  ByName<std::size_t> known;
  for (std::size_t i = 0; i < before.zones.size(); ++i) {
    known.emplace(before.secondary.zones[i].name, i);
  }
  for (std::size_t i = 0; i < to.settings.zones.size(); ++i) {
    const xfr::ZoneSettings& zone = to.settings.secondary.zones[i];
    const ZoneBinding& binding = to.settings.zones[i];
    const auto found = known.find(zone.name);
    if (found == known.end()) {
      to.wanted.push_back({zone, binding});
      continue;
    }
    const xfr::ZoneSettings& was = before.secondary.zones[found->second];
    const ZoneBinding& bound = before.zones[found->second];
    const bool asks_alike = was.primaries == zone.primaries && was.limits == zone.limits;
    if (!asks_alike || bound != binding) to.wanted.push_back({zone, binding});
    to.derives_anew |= bound.shared != binding.shared;
    known.erase(found);
  }
  for (const auto& [name, zone] : known) to.gone.push_back(name);
  std::ranges::sort(to.gone, NameOrder());
}

void compareWatched(const Settings& before, Reconfiguration& to) {
  ByName<view::CustomerId> known;
  for (const WatchedName& watched : before.watched) known.emplace(watched.name, watched.customer);
  for (const WatchedName& watched : to.settings.watched) {
    const auto found = known.find(watched.name);
    const bool is_as_before = found != known.end() && found->second == watched.customer;
    if (!is_as_before) to.watched.push_back(watched);
    if (found != known.end()) known.erase(found);
  }
  for (const auto& [name, customer] : known) to.unwatched.push_back(name);
  std::ranges::sort(to.unwatched, NameOrder());
  to.derives_anew |= !to.watched.empty() || !to.unwatched.empty();
}

void compareCatalogs(const Settings& before, Reconfiguration& to) {
  for (std::size_t i = 0; i < before.catalogs.size(); ++i) {
    if (before.catalogs[i] != to.settings.catalogs[i]) {
      to.catalogs.push_back(idAt<CatalogId>(i));
    }
  }
}

// Of customers that are new nothing is known that could come out otherwise.
bool customersDiffer(const Settings& before, const Settings& after) {
  return !std::equal(before.customers.begin(), before.customers.end(), after.customers.begin());
}

bool derivesOtherwise(const Settings& before, const Settings& after) {
  const discovery::Settings &was = before.discovery, &is = after.discovery;
  return before.edge != after.edge || before.derive != after.derive ||
         before.claim_limits != after.claim_limits || before.attributes != after.attributes ||
         before.discovered != after.discovered || before.statics != after.statics ||
         was.mode != is.mode || before.retire.on_expire != after.retire.on_expire ||
         was.token_key != is.token_key || customersDiffer(before, after);
}

}  // namespace

Reconfiguration reconfigured(const Settings& before, Settings after) {
  Numbering(before, after).run();
  Reconfiguration to;
  to.settings = std::move(after);
  to.derives_anew = derivesOtherwise(before, to.settings);
  compareZones(before, to);
  compareWatched(before, to);
  compareCatalogs(before, to);
  return to;
}

}  // namespace zonecast::loop
