// Random tables that are consistent, and the check that says so. Few names, so that tables collide.
#pragma once

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "reconciler/plan/table.h"

namespace zonecast::plan {

inline derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}
inline identity::Did did(std::string_view text) {
  return identity::Did::fromText(text).value();
}

// Each domain's DID exists and lists it, and the reverse; no virtual domain is empty.
inline bool isConsistent(const Table& table) {
  std::map<identity::Did, std::vector<derive::Domain>> members;
  for (const auto& [name, entry] : table.domains) members[entry.did].push_back(name);
  if (members.size() != table.virtual_domains.size()) return false;
  return std::ranges::all_of(table.virtual_domains, [&members](const auto& pair) {
    const auto& [its_did, virtual_domain] = pair;
    return members.contains(its_did) && members.at(its_did) == virtual_domain->domains &&
           std::ranges::count(virtual_domain->domains, virtual_domain->canonical) == 1;
  });
}

class RandomTables {
 public:
  explicit RandomTables(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool oneIn(std::size_t n) { return below(n) == 0; }

  derive::Domain someDomain() { return domain(fmt::format("d{}.example", below(kDomains))); }

  Table fresh() {
    Table table;
    for (std::size_t i = 0; i < kDomains; ++i) {
      if (oneIn(3)) continue;
      table.domains.emplace(domain(fmt::format("d{}.example", i)), someEntry());
    }
    regroup(table);
    return table;
  }

  // `table` after a few edits.
  Table edited(Table table) {
    for (auto edits = below(4); edits > 0; --edits) {
      if (oneIn(3)) {
        table.domains.erase(someDomain());
      } else {
        table.domains.insert_or_assign(someDomain(), someEntry());
      }
    }
    regroup(table);
    return table;
  }

 private:
  static constexpr std::size_t kDomains = 9;

  DomainEntry someEntry() {
    return {did(fmt::format("did{}", below(5))), oneIn(4) ? State::retiring : State::hosted,
            derive::TransportSet::fromBits(static_cast<std::uint8_t>(1 + below(2))),
            oneIn(4) ? derive::Role::backup : derive::Role::primary};
  }

  // Virtual domains as the domains have them. What need not change mostly does not.
  void regroup(Table& table) {
    std::map<identity::Did, std::vector<derive::Domain>> members;
    for (const auto& [name, entry] : table.domains) members[entry.did].push_back(name);
    const auto before = std::exchange(table.virtual_domains, {});
    for (auto& [its_did, names] : members) {
      const auto old = before.find(its_did);
      const bool keeps = old != before.end() && !oneIn(4) &&
                         std::ranges::count(names, old->second->canonical) == 1;
      identity::Attributes attributes{{"a", {identity::AttributeValue(std::int64_t(below(2)))}}};
      table.virtual_domains.emplace(
          its_did, identity::VirtualDomain{
                       .canonical = keeps ? old->second->canonical : names[below(names.size())],
                       .customer = "alpha",
                       .domains = names,
                       .attributes = keeps ? old->second->attributes : std::move(attributes)});
    }
  }

  std::mt19937 random_;
};

}  // namespace zonecast::plan
