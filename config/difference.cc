#include "config/difference.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

namespace zonecast::config {
namespace {

constexpr std::size_t kShownMax = 20;         // sentences of one kind
constexpr std::size_t kValueOctetsMax = 200;  // of an option; then it is cut short

template <typename Id>
std::size_t at(Id id) {
  return static_cast<std::size_t>(id);
}

std::string shownValue(const std::string& value) {
  if (value.empty()) return "none";
  return value.size() <= kValueOctetsMax ? value : value.substr(0, kValueOctetsMax) + "...";
}

// Sentences of one kind.
class Kind {
 public:
  explicit Kind(std::string_view what) : what_(what) {}
  void add(std::string sentence) {
    if (sentences_.size() < kShownMax) sentences_.push_back(std::move(sentence));
    ++count_;
  }
  void tell(std::vector<std::string>& to) {
    std::ranges::move(sentences_, std::back_inserter(to));
    if (count_ > kShownMax) to.push_back(fmt::format("{} more {}", count_ - kShownMax, what_));
  }

 private:
  std::string_view what_;
  std::vector<std::string> sentences_;
  std::size_t count_ = 0;
};

void compareOptions(const Configuration& before, const Configuration& after, Difference& to) {
  for (std::size_t i = 0; i < before.options.size(); ++i) {
    const WrittenOption &was = before.options[i], &is = after.options[i];
    if (was.value == is.value) continue;
    const std::string values =
        fmt::format("{}: {} -> {}", is.name, shownValue(was.value), shownValue(is.value));
    if (is.at_restart) {
      to.at_restart.push_back(
          fmt::format("{}: what this says is set up once, when the daemon starts", values));
    } else {
      to.changed.push_back(values);
    }
  }
  if (before.http.token != after.http.token) {
    to.at_restart.push_back(
        "http.token_file: another token: what this says is set up once, when the daemon starts");
  }
}

void compareAttributes(const loop::Settings& before, const loop::Settings& after, Difference& to) {
  Kind kind("attributes");
  for (const auto& [name, spec] : after.attributes.specs) {
    const auto was = before.attributes.specs.find(name);
    if (was == before.attributes.specs.end()) {
      kind.add(fmt::format("attribute {} is new", name));
    } else if (was->second != spec) {
      kind.add(fmt::format("attribute {} is declared otherwise", name));
    }
  }
  for (const auto& [name, spec] : before.attributes.specs) {
    if (!after.attributes.specs.contains(name)) kind.add(fmt::format("attribute {} is gone", name));
  }
  kind.tell(to.changed);
}

void compareDiscovery(const discovery::Settings& before, const discovery::Settings& after,
                      Difference& to) {
  if (before.token_key != after.token_key) {
    to.changed.emplace_back("discovery.token_key_file: another key");
  }
  if (before.attributes != after.attributes) {
    to.changed.emplace_back("discovery.attributes: others");
  }
}

// What a customer has, by name.
struct Customer {
  const loop::CustomerSettings* settings = nullptr;
  std::map<std::string_view, const xfr::PrimarySettings*> primaries;
};

class Side {
 public:
  explicit Side(const loop::Settings& settings) : settings_(settings) {
    for (std::size_t i = 0; i < settings.zones.size(); ++i) {
      zones_.emplace(settings.secondary.zones[i].name, i);
      use(settings.zones[i].customer, settings.secondary.zones[i].primaries);
      if (const auto catalog = settings.zones[i].catalog) {
        const loop::CatalogSettings& it = settings.catalogs[at(*catalog)];
        use(it.customer, it.members.primaries);
        for (const auto& [group, members] : it.groups) use(it.customer, members.primaries);
      }
    }
    for (const loop::CustomerSettings& customer : settings.customers) {
      if (!customer.is_gone) customers_[customer.name].settings = &customer;
    }
    if (settings.discovered) customers_.erase(nameOf(*settings.discovered));
    customers_.erase(std::string(kStaticCustomer));
    for (const loop::WatchedName& each : settings.watched)
      watched_.emplace(each.name, each.customer);
  }

  const auto& customers() const { return customers_; }
  const auto& watched() const { return watched_; }
  const std::vector<xfr::ZoneSettings>& zones() const { return settings_.secondary.zones; }
  const std::string& nameOf(view::CustomerId customer) const {
    return settings_.customers[at(customer)].name;
  }
  std::optional<std::size_t> find(const dns::Name& zone) const {
    const auto found = zones_.find(zone);
    return found == zones_.end() ? std::nullopt : std::optional(found->second);
  }
  const loop::ZoneBinding& binding(std::size_t zone) const { return settings_.zones[zone]; }
  const loop::CatalogSettings& catalog(std::size_t zone) const {
    return settings_.catalogs[at(*settings_.zones[zone].catalog)];
  }
  std::vector<std::string_view> names(const xfr::PrimaryList& primaries) const {
    std::vector<std::string_view> all;
    for (const xfr::PrimaryId id : primaries) {
      all.push_back(settings_.secondary.primaries[at(id)].name);
    }
    return all;
  }
  const query::Resolver* resolver(std::optional<query::ResolverId> id) const {
    return id ? &settings_.resolvers[at(*id)] : nullptr;
  }

 private:
  void use(view::CustomerId customer, const xfr::PrimaryList& primaries) {
    Customer& owner = customers_[nameOf(customer)];
    for (const xfr::PrimaryId id : primaries) {
      const xfr::PrimarySettings& primary = settings_.secondary.primaries[at(id)];
      owner.primaries.emplace(primary.name, &primary);
    }
  }

  const loop::Settings& settings_;
  std::map<std::string, Customer, std::less<>> customers_;
  absl::flat_hash_map<dns::Name, std::size_t, dns::NameHash, dns::NameEqual> zones_;
  std::map<dns::Name, view::CustomerId, dns::CanonicalLess> watched_;
};

bool isSameKey(const dns::TsigKey* a, const dns::TsigKey* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->name() == b->name() && a->algorithm() == b->algorithm() &&
         std::ranges::equal(a->secret(), b->secret());
}

using Statics = std::map<std::string_view, const loop::StaticVirtualDomain*>;

Statics staticsOf(const loop::Settings& settings) {
  Statics statics;
  for (const loop::StaticVirtualDomain& each : settings.statics) statics.emplace(each.did, &each);
  return statics;
}

// The numbers of customers are only each side's own.
bool isSame(const loop::Settings& before, const loop::StaticVirtualDomain& was,
            const loop::Settings& after, loop::StaticVirtualDomain is) {
  if (before.customers[at(was.customer)].name != after.customers[at(is.customer)].name) {
    return false;
  }
  is.customer = was.customer;
  return was == is;
}

void compareStatics(const loop::Settings& before, const loop::Settings& after, Difference& to) {
  Kind kind("static virtual domains");
  const Statics before_statics = staticsOf(before), after_statics = staticsOf(after);
  for (const auto& [did, is] : after_statics) {
    const auto was = before_statics.find(did);
    if (was == before_statics.end()) {
      kind.add(fmt::format("static {} is new: {}", did, fmt::join(is->domains, ", ")));
    } else if (!isSame(before, *was->second, after, *is)) {
      kind.add(fmt::format("static {}: other domains or settings", did));
    }
  }
  for (const auto& [did, was] : before_statics) {
    if (after_statics.contains(did)) continue;
    kind.add(fmt::format("static {} is not there any more: its domains leave", did));
  }
  kind.tell(to.changed);
}

class Comparison {
 public:
  Comparison(const loop::Settings& before, const loop::Settings& after)
      : before_(before), after_(after) {}

  void tell(Difference& to) {
    compareCustomers();
    compareZones();
    compareWatched();
    for (Kind* kind : {&customers_, &primaries_, &zones_, &catalogs_, &watched_}) {
      kind->tell(to.changed);
    }
  }

 private:
  void compareCustomers() {
    for (const auto& [name, is] : after_.customers()) {
      const auto was = before_.customers().find(name);
      if (was == before_.customers().end()) {
        customers_.add(fmt::format("customer {} is new", name));
      } else {
        compareCustomer(name, was->second, is);
      }
    }
    for (const auto& [name, was] : before_.customers()) {
      if (after_.customers().contains(name)) continue;
      customers_.add(fmt::format("customer {} is gone: its zones leave", name));
    }
  }

  void compareCustomer(const std::string& name, const Customer& was, const Customer& is) {
    const auto note = [&](bool differs, std::string_view what) {
      if (differs) customers_.add(fmt::format("customer {}: other {}", name, what));
    };
    if (was.settings != nullptr && is.settings != nullptr) {
      note(was.settings->attributes != is.settings->attributes, "attributes");
      note(was.settings->grants != is.settings->grants, "dids");
      note(asksOtherwise(*was.settings, *is.settings), "servers or dnssec");
    }
    for (const auto& [primary, settings] : is.primaries) {
      const auto known = was.primaries.find(primary);
      // Named anew: clang 14 lets no lambda refer to a structured binding.
      const auto say = [&, &primary = primary](std::string_view what) {
        primaries_.add(fmt::format("primary {} of customer {}{}", primary, name, what));
      };
      if (known == was.primaries.end()) {
        say(" is new");
      } else if (known->second->endpoint != settings->endpoint) {
        say(fmt::format(": {} -> {}", xfr::toText(known->second->endpoint),
                        xfr::toText(settings->endpoint)));
      } else if (!isSameKey(known->second->key.get(), settings->key.get())) {
        say(": another key");
      }
    }
  }

  bool asksOtherwise(const loop::CustomerSettings& was, const loop::CustomerSettings& is) const {
    const query::Resolver *own = before_.resolver(was.authoritative),
                          *own_now = after_.resolver(is.authoritative);
    if ((own == nullptr) != (own_now == nullptr)) return true;
    if (own != nullptr && own->upstream != own_now->upstream) return true;
    const query::Resolver *any = before_.resolver(was.resolver),
                          *any_now = after_.resolver(is.resolver);
    return any != nullptr && any_now != nullptr && any->dnssec != any_now->dnssec;
  }

  void compareZones() {
    for (std::size_t i = 0; i < after_.zones().size(); ++i) {
      const xfr::ZoneSettings& zone = after_.zones()[i];
      if (const auto was = before_.find(zone.name)) {
        compareZone(*was, i);
      } else {
        zones_.add(fmt::format("{} {} of customer {} is new", wordFor(after_.binding(i)),
                               zone.name.toText(), after_.nameOf(after_.binding(i).customer)));
      }
    }
    for (std::size_t i = 0; i < before_.zones().size(); ++i) {
      const xfr::ZoneSettings& zone = before_.zones()[i];
      if (after_.find(zone.name)) continue;
      zones_.add(fmt::format("{} {} of customer {} is not named any more: it leaves",
                             wordFor(before_.binding(i)), zone.name.toText(),
                             before_.nameOf(before_.binding(i).customer)));
    }
  }

  static std::string_view wordFor(const loop::ZoneBinding& binding) {
    return binding.catalog ? "catalog" : "zone";
  }

  void compareZone(std::size_t was, std::size_t is) {
    const loop::ZoneBinding &bound = before_.binding(was), &binding = after_.binding(is);
    const xfr::ZoneSettings &old = before_.zones()[was], &zone = after_.zones()[is];
    const auto note = [&](std::string_view what) {
      zones_.add(fmt::format("{} {}: {}", wordFor(binding), zone.name.toText(), what));
    };
    const std::string &owner = before_.nameOf(bound.customer),
                      &owner_now = after_.nameOf(binding.customer);
    if (owner != owner_now) return note(fmt::format("customer {} -> {}", owner, owner_now));
    if (bound.catalog.has_value() != binding.catalog.has_value()) {
      return note(binding.catalog ? "it is a catalog now" : "it is a catalog no more");
    }
    if (bound.shared != binding.shared) note(binding.shared ? "it is shared" : "it is not shared");
    if (before_.names(old.primaries) != after_.names(zone.primaries)) note("other primaries");
    if (old.limits != zone.limits) note("other limits");
    if (binding.catalog) compareCatalog(before_.catalog(was), after_.catalog(is));
  }

  void compareCatalog(const loop::CatalogSettings& was, const loop::CatalogSettings& is) {
    const auto note = [&](bool differs, std::string_view what) {
      if (differs) catalogs_.add(fmt::format("catalog {}: other {}", is.zone.toText(), what));
    };
    note(was.allow != is.allow, "names that it may bring");
    note(was.members_max != is.members_max, "members_max");
    const bool same_groups =
        std::ranges::equal(was.groups, is.groups, [this](const auto& a, const auto& b) {
          return a.first == b.first && isSame(a.second, b.second);
        });
    note(!same_groups || !isSame(was.members, is.members), "settings of members");
  }

  bool isSame(const loop::MemberSettings& was, const loop::MemberSettings& is) const {
    return was.limits == is.limits && before_.names(was.primaries) == after_.names(is.primaries);
  }

  void compareWatched() {
    for (const auto& [name, customer] : after_.watched()) {
      const auto was = before_.watched().find(name);
      const std::string& owner = after_.nameOf(customer);
      if (was == before_.watched().end()) {
        watched_.add(fmt::format("name {} of customer {} is watched", name.toText(), owner));
      } else if (before_.nameOf(was->second) != owner) {
        watched_.add(fmt::format("name {}: customer {} -> {}", name.toText(),
                                 before_.nameOf(was->second), owner));
      }
    }
    for (const auto& [name, customer] : before_.watched()) {
      if (after_.watched().contains(name)) continue;
      watched_.add(fmt::format("name {} of customer {} is watched no more", name.toText(),
                               before_.nameOf(customer)));
    }
  }

  const Side before_, after_;
  Kind customers_{"customers"}, primaries_{"primaries"}, zones_{"zones"}, catalogs_{"catalogs"},
      watched_{"watched names"};
};

}  // namespace

Difference difference(const Configuration& before, const Configuration& after) {
  Difference to;
  compareOptions(before, after, to);
  if (before.settings.edge != after.settings.edge) {
    to.changed.emplace_back("edge: other rules, by which every domain is looked at anew");
  }
  compareAttributes(before.settings, after.settings, to);
  compareDiscovery(before.settings.discovery, after.settings.discovery, to);
  Comparison(before.settings, after.settings).tell(to);
  compareStatics(before.settings, after.settings, to);
  return to;
}

}  // namespace zonecast::config
