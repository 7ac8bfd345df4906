#include "test/sim/contract_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace zonecast::sim {
namespace {

// Puts carry full values, and may be applied to what has them already.
template <typename Changes, typename Map>
void put(const Changes& changes, Map& map) {
  for (const auto& change : changes) {
    if (change.after) {
      map.insert_or_assign(change.key, *change.after);
    } else {
      map.erase(change.key);
    }
  }
}

}  // namespace

std::string inconsistency(const plan::Table& table) {
  for (const auto& [domain, entry] : table.domains) {
    const auto virtual_domain = table.virtual_domains.find(entry.did);
    if (virtual_domain == table.virtual_domains.end()) {
      return fmt::format("{} has a DID that is not there: {}", domain.text(), entry.did.text());
    }
    if (std::ranges::count(virtual_domain->second->domains, domain) != 1) {
      return fmt::format("{} does not list {} once", entry.did.text(), domain.text());
    }
  }
  for (const auto& [did, virtual_domain] : table.virtual_domains) {
    const auto& domains = virtual_domain->domains;
    if (!std::ranges::is_sorted(domains)) {
      return fmt::format("{} lists its domains in no order", did.text());
    }
    if (std::ranges::count(domains, virtual_domain->canonical) != 1) {
      return fmt::format("{} does not list its canonical domain", did.text());
    }
    for (const derive::Domain& domain : domains) {
      const auto entry = table.domains.find(domain);
      if (entry == table.domains.end() || entry->second.did != did) {
        return fmt::format("{} lists {}, which is not its", did.text(), domain.text());
      }
    }
  }
  return "";
}

std::string ContractReader::advance(const test::StoreContent& store) {
  if (!store.position || (at_ && mustLoad(store))) stage_ = Stage::meta;
  switch (stage_) {
    case Stage::meta:
      at_ = store.position;
      if (at_) stage_ = Stage::virtualDomains;
      return "";
    case Stage::virtualDomains:
      loading_.virtual_domains = store.table.virtual_domains;
      stage_ = Stage::domains;
      return "";
    case Stage::domains:
      loading_.domains = store.table.domains;
      stage_ = Stage::metaAgain;
      return "";
    case Stage::metaAgain:
      stage_ = Stage::following;
      [[fallthrough]];
    case Stage::following:
      replay(store);
      return serve(store);
  }
  return "";
}

// Another lineage, a version that went back, or another history of the same.
bool ContractReader::mustLoad(const test::StoreContent& store) const {
  return store.position->lineage != at_->lineage || store.position->version < at_->version ||
         (store.position->version == at_->version && store.position->chain != at_->chain);
}

void ContractReader::replay(const test::StoreContent& store) {
  for (const auto& entry : store.log) {
    if (entry.version <= at_->version || !entry.changes) continue;
    put(entry.changes->domains, loading_.domains);
    put(entry.changes->virtual_domains, loading_.virtual_domains);
  }
  at_ = store.position;
}

std::string ContractReader::serve(const test::StoreContent& store) const {
  if (std::string why = inconsistency(loading_); !why.empty()) return why;
  const bool is_led = loading_.domains == store.table.domains &&
                      loading_.virtual_domains == store.table.virtual_domains;
  return is_led ? "" : "the log does not lead to what the store holds";
}

}  // namespace zonecast::sim
