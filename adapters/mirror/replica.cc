#include "adapters/mirror/replica.h"

#include <utility>

#include <fmt/format.h>

namespace zonecast::mirror {
namespace {

constexpr std::size_t kRefusedMax = 10'000;
constexpr std::size_t kWaitingForeignMax = 10'000;

}  // namespace

// The counts tell of refused entries that an earlier mirror knew of, and this one does not.
bool Replica::isAt(const Published& published) const {
  const table::Position& ours = position();
  return ours.lineage == published.position.lineage && ours.version == published.position.version &&
         ours.chain == published.position.chain && ours.content == published.position.content &&
         copy_.counts().domains + refused_.domains.size() == published.domains &&
         copy_.counts().virtual_domains + refused_.virtual_domains.size() ==
             published.virtual_domains;
}

void Replica::confirm(std::int64_t now) {
  confirmed_ = now;
  copy_.confirm(now);
}

Replica::Outcome Replica::beginLoad(std::size_t names) {
  abandon();
  if (auto begun = copy_.beginAnew(names); !begun) return begun;
  is_loading_ = true;
  content_ = 0;
  refused_ = {};
  return {};
}

Replica::Outcome Replica::takeVirtualDomain(std::string_view did, std::string_view value) {
  const auto stored = reader_.virtualDomain(did, value);
  if (!stored.row) {
    return refuse(refused_.virtual_domains, did, stored.sum, stored.row.error(),
                  copy_.removeVirtualDomain(did));
  }
  return account(refused_.virtual_domains, did, stored.sum, copy_.putVirtualDomain(*stored.row));
}

Replica::Outcome Replica::takeDomain(std::string_view name, std::string_view value) {
  const auto stored = reader_.domain(name, value);
  if (!stored.row) {
    return refuse(refused_.domains, name, stored.sum, stored.row.error(), copy_.removeDomain(name));
  }
  return account(refused_.domains, name, stored.sum, copy_.putDomain(*stored.row));
}

std::vector<std::string> Replica::unknownAttributes() const {
  std::vector<std::string> dids;
  for (const auto& [did, sum] : refused_.virtual_domains) dids.push_back(did);
  return dids;
}

void Replica::takeAttributes(const std::string& did, std::string_view value) {
  const std::uint64_t sum = reader_.attributeSum(did, value);
  refused_.virtual_domains[did] += sum;
  content_ += sum;
}

// A scan may tell of an entry twice, and the entry may have changed in between.
Replica::Outcome Replica::refuse(Sums& refused, std::string_view name, std::uint64_t sum,
                                 const std::string& why, const table::Copy::Replaced& removed) {
  if (auto accounted = account(refused, name, sum, removed); !accounted) return accounted;
  if (refused_.count() >= kRefusedMax) {
    return tl::unexpected(
        fmt::format("more than {} entries must not be served; one is {}", kRefusedMax, why));
  }
  refused.emplace(name, sum);
  refused_.last = why;
  return {};
}

Replica::Outcome Replica::account(Sums& refused, std::string_view name, std::uint64_t sum,
                                  const table::Copy::Replaced& replaced) {
  if (!replaced) return tl::unexpected(replaced.error());
  content_ += sum - replaced->value_or(0);
  if (const auto old = refused.find(name); old != refused.end()) {
    content_ -= old->second;
    refused.erase(old);
  }
  return {};
}

// No key stands twice in a version, so the order is free.
Replica::Outcome Replica::apply(const LogVersion& version) {
  for (const v1::ChangeSet& changes : version.changes) {
    if (auto applied = put(changes); !applied) return applied;
    if (auto applied = remove(changes); !applied) return applied;
  }
  return {};
}

// What must not be served has no sum here, and fails.
Replica::Outcome Replica::put(const v1::ChangeSet& changes) {
  for (const v1::VirtualDomain& message : changes.put_virtual_domains()) {
    const auto row = reader_.virtualDomain(message);
    if (!row) return tl::unexpected(row.error());
    const auto put =
        account(refused_.virtual_domains, row->did, row->sum, copy_.putVirtualDomain(*row));
    if (!put) return put;
  }
  for (const v1::DomainEntry& message : changes.put_domains()) {
    const auto row = reader_.domain(message);
    if (!row) return tl::unexpected(row.error());
    const auto put = account(refused_.domains, row->name, row->sum, copy_.putDomain(*row));
    if (!put) return put;
  }
  return {};
}

Replica::Outcome Replica::remove(const v1::ChangeSet& changes) {
  for (const std::string& name : changes.removed_domains()) {
    const auto removed = account(refused_.domains, name, 0, copy_.removeDomain(name));
    if (!removed) return removed;
  }
  for (const std::string& did : changes.removed_dids()) {
    const auto removed = account(refused_.virtual_domains, did, 0, copy_.removeVirtualDomain(did));
    if (!removed) return removed;
  }
  return {};
}

Replica::Outcome Replica::commit(const table::Position& position) {
  for (const auto& [name, until] : std::exchange(waiting_foreign_, {})) {
    if (auto put = copy_.putForeign(name, until); !put) return put;
  }
  if (auto committed = copy_.commit(position); !committed) return committed;
  is_loading_ = false;
  shown_refused_ = refused_;
  return {};
}

void Replica::abandon() {
  copy_.abandon();
  is_loading_ = false;
  content_ = position().content;
  refused_ = shown_refused_;
}

Replica::Outcome Replica::putForeign(std::string name, std::int64_t until) {
  if (is_loading_ || !isFilled()) {
    if (waiting_foreign_.size() < kWaitingForeignMax)
      waiting_foreign_.emplace_back(std::move(name), until);
    return {};
  }
  Outcome put = copy_.putForeign(name, until);
  if (put) put = copy_.commit(position());
  if (!put) copy_.abandon();
  return put;
}

}  // namespace zonecast::mirror
