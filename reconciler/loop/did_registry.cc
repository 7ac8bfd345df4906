#include "reconciler/loop/did_registry.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "reconciler/identity/printable.h"

namespace zonecast::loop {
namespace {

constexpr std::size_t kSavedPerSlice = 1000;

// Whom a record or a use names; nobody twice matters.
std::array<std::string_view, 3> customersOf(const std::optional<ports::SavedDid::Use>& use,
                                            const plan::DidRecord* record) {
  return {use ? std::string_view(use->customer) : std::string_view(),
          record ? std::string_view(record->customer) : std::string_view(),
          record ? std::string_view(record->from) : std::string_view()};
}

bool haveOneInCommon(const std::array<std::string_view, 3>& a,
                     const std::array<std::string_view, 3>& b) {
  return std::ranges::any_of(a, [&b](std::string_view customer) {
    return !customer.empty() && std::ranges::find(b, customer) != b.end();
  });
}

template <typename T>
const T* pointerTo(const std::optional<T>& value) {
  return value ? &*value : nullptr;
}

bool isHandedOver(const plan::DidRecord& record) {
  return !record.from.empty();
}

}  // namespace

DidRegistry::DidRegistry(const Settings& settings, plan::Table& published, ports::Disk& disk,
                         ports::Journal& journal)
    : settings_(settings), published_(published), disk_(disk), journal_(journal) {}

std::string_view DidRegistry::discovered() const {
  if (!settings_.discovered) return {};
  return settings_.customers[static_cast<std::size_t>(*settings_.discovered)].name;
}

// -- the table and what is remembered

void DidRegistry::onReplaced(const absl::btree_map<identity::Did, plan::DidRecord>& before,
                             bool follows_on) {
  follows_on_ = follows_on;
  cursor_.reset();
  changes_.clear();
  gone_discovered_.clear();
  if (before.empty()) return;
  std::vector<ports::SavedDid> known;
  for (const auto& [did, record] : before) {
    if (remembered(did) == nullptr) known.push_back({did, std::nullopt, record});
  }
  const auto middle = static_cast<std::ptrdiff_t>(remembered_.size());
  std::ranges::move(known, std::back_inserter(remembered_));
  std::inplace_merge(remembered_.begin(), remembered_.begin() + middle, remembered_.end(),
                     [](const auto& a, const auto& b) { return a.did < b.did; });
}

const ports::SavedDid* DidRegistry::remembered(const identity::Did& did) const {
  const auto found = std::ranges::lower_bound(remembered_, did, {}, &ports::SavedDid::did);
  return found != remembered_.end() && found->did == did ? &*found : nullptr;
}

ports::SavedDid DidRegistry::present(const identity::Did& did) const {
  ports::SavedDid saved{did, std::nullopt, std::nullopt};
  if (const auto used = published_.virtual_domains.find(did);
      used != published_.virtual_domains.end()) {
    saved.use = {used->second->customer, used->second->canonical};
  }
  if (const auto record = published_.records.find(did); record != published_.records.end()) {
    saved.record = record->second;
  }
  return saved;
}

std::size_t DidRegistry::reconcile(std::size_t dids_max) {
  const auto behind = [this](const auto& map) {
    return cursor_ ? map.upper_bound(*cursor_) : map.begin();
  };
  auto used = behind(published_.virtual_domains);
  auto recorded = behind(published_.records);
  auto known = cursor_ ? std::ranges::upper_bound(remembered_, *cursor_, {}, &ports::SavedDid::did)
                       : remembered_.begin();
  std::vector<ports::SavedDid> to_save;
  std::size_t count = 0;
  for (; count < dids_max; ++count) {
    std::optional<identity::Did> next;
    const auto offer = [&next](const identity::Did& did) {
      if (!next || did < *next) next = did;
    };
    if (used != published_.virtual_domains.end()) offer(used->first);
    if (recorded != published_.records.end()) offer(recorded->first);
    if (known != remembered_.end()) offer(known->did);
    if (!next) break;
    const ports::SavedDid* before =
        known != remembered_.end() && known->did == *next ? &*known : nullptr;
    reconcile(*next, before);
    if (ports::SavedDid after = present(*next); before == nullptr || after != *before) {
      if (!disputes_.contains(*next)) to_save.push_back(std::move(after));
    }
    cursor_ = *next;
    if (used != published_.virtual_domains.end() && used->first == *next) ++used;
    if (before != nullptr) ++known;
    recorded = published_.records.upper_bound(*next);  // one may have come
  }
  if (!to_save.empty()) disk_.saveDids(std::move(to_save));
  if (count == 0) remembered_ = {};
  return count;
}

//   on disk      | in the store      | then
//   -------------+-------------------+-----------------------------------------------------------
//   A's          | nothing           | A's: the store has lost it
//   A's, freed   | nothing           | likewise
//   nothing      | A's               | A's: to be saved
//   A's          | A's               | what the store says; but a hand-over that it lacks stands
//   discovered   | A's, in use       | A's: a domain is its customer's as soon as there is one
//   A's          | B's, from nobody  | B's if the store follows on what we published last: another
//                |                   | has led meanwhile; else disputed
void DidRegistry::reconcile(const identity::Did& did, const ports::SavedDid* remembered) {
  disputes_.erase(did);
  const auto recorded = published_.records.find(did);
  if (recorded != published_.records.end() && isOfDiscovered(recorded->second)) {
    gone_discovered_.emplace(*recorded->second.freed, did);
  }
  if (remembered == nullptr) return;
  const ports::SavedDid found = present(did);
  const plan::DidRecord* record = pointerTo(remembered->record);
  if (!found.use && !found.record) {
    if (remembered->use) lost_.insert_or_assign(did, remembered->use->canonical);
    set(did, record ? *record : plan::DidRecord{remembered->use->customer, {}, {}});
    return;
  }
  const auto ours = customersOf(remembered->use, record);
  const bool agree = haveOneInCommon(ours, customersOf(found.use, pointerTo(found.record))) ||
                     (remembered->use && remembered->use->customer == discovered() && found.use);
  if (!agree && follows_on_) return;
  if (!agree) {
    const Dispute dispute{remembered->use ? remembered->use->customer : record->customer,
                          found.use ? found.use->customer : found.record->customer};
    disputes_.emplace(did, dispute);
    journal_.record(ports::DidDisputed{std::string(did.text()), dispute.on_disk, dispute.in_store});
    return;
  }
  const bool was_handed_over = record != nullptr && isHandedOver(*record);
  const bool knows_it = found.record && isHandedOver(*found.record);
  if (was_handed_over && !knows_it && (!found.use || found.use->customer != record->customer)) {
    set(did, *record);
  }
}

// -- what is known

const plan::DidRecord* DidRegistry::record(const identity::Did& did) const {
  if (const auto found = published_.records.find(did); found != published_.records.end()) {
    return &found->second;
  }
  const ports::SavedDid* saved = remembered(did);
  return saved != nullptr ? pointerTo(saved->record) : nullptr;
}

const derive::Domain* DidRegistry::lostCanonical(const identity::Did& did) const {
  const auto found = lost_.find(did);
  return found == lost_.end() ? nullptr : &found->second;
}

bool DidRegistry::isKnown(const identity::Did& did) const {
  return published_.virtual_domains.contains(did) || published_.records.contains(did) ||
         remembered(did) != nullptr;
}

// -- what becomes of it

void DidRegistry::set(const identity::Did& did, std::optional<plan::DidRecord> record) {
  const auto found = published_.records.find(did);
  std::optional<plan::DidRecord> before;
  if (found != published_.records.end()) before = found->second;
  if (before == record) return;
  const auto [change, is_new] =
      changes_.try_emplace(did, plan::RecordChange{did, std::move(before), record});
  if (!is_new) {
    change->second.after = record;
    if (change->second.before == record) changes_.erase(change);
  }
  if (found != published_.records.end() && isOfDiscovered(found->second)) {
    gone_discovered_.erase({*found->second.freed, did});
  }
  if (!record) {
    published_.records.erase(did);
    return;
  }
  if (isOfDiscovered(*record)) gone_discovered_.emplace(*record->freed, did);
  published_.records.insert_or_assign(did, *std::move(record));
  forgetTooMany();
}

bool DidRegistry::isOfDiscovered(const plan::DidRecord& record) const {
  return record.freed && record.customer == discovered();
}

void DidRegistry::forgetTooMany() {
  while (gone_discovered_.size() > settings_.dids_discovered_max) {
    const identity::Did oldest = gone_discovered_.begin()->second;
    journal_.record(ports::DidForgotten{std::string(oldest.text())});
    set(oldest, std::nullopt);
  }
}

void DidRegistry::onPlanned(const plan::VirtualDomainChange& change, WallTime now) {
  const auto found = published_.records.find(change.key);
  const plan::DidRecord* known = found == published_.records.end() ? nullptr : &found->second;
  lost_.erase(change.key);
  if (!change.after) {
    // Who is to have it keeps it, as if it had been theirs.
    const std::string& customer = known ? known->customer : (*change.before)->customer;
    return set(change.key, plan::DidRecord{customer, known ? known->from : std::string(),
                                           plan::deadlineAt(now)});
  }
  const std::string& customer = (*change.after)->customer;
  if (known != nullptr && (!change.before || known->customer == customer)) {
    set(change.key, std::nullopt);
  }
}

std::vector<plan::RecordChange> DidRegistry::takeChanges() {
  std::vector<plan::RecordChange> changes;
  changes.reserve(changes_.size());
  for (auto& [did, change] : changes_) changes.push_back(std::move(change));
  changes_.clear();
  return changes;
}

void DidRegistry::onPublished(std::shared_ptr<const plan::ChangeSet> changes) {
  if (changes->virtual_domains.empty() && changes->records.empty()) return;
  to_save_.push_back(std::move(changes));
}

void DidRegistry::saveSome() {
  if (to_save_.empty()) return;
  const plan::ChangeSet& changes = *to_save_.front();
  const std::size_t used = changes.virtual_domains.size();
  const std::size_t all = used + changes.records.size();
  std::vector<ports::SavedDid> saves;
  for (std::size_t n = 0; n < kSavedPerSlice && saved_ < all; ++n, ++saved_) {
    if (saved_ >= used) {
      saves.push_back(present(changes.records[saved_ - used].key));
      continue;
    }
    const plan::VirtualDomainChange& change = changes.virtual_domains[saved_];
    const bool stays = change.before && change.after &&
                       (*change.before)->customer == (*change.after)->customer &&
                       (*change.before)->canonical == (*change.after)->canonical;
    if (!stays) saves.push_back(present(change.key));
  }
  if (!saves.empty()) disk_.saveDids(std::move(saves));
  if (saved_ < all) return;
  to_save_.pop_front();
  saved_ = 0;
}

tl::expected<std::string, std::string> DidRegistry::handOver(const identity::Did& did,
                                                             std::string_view customer) {
  const auto is_it = [&](const CustomerSettings& one) { return one.name == customer; };
  if (customer == discovered() || std::ranges::none_of(settings_.customers, is_it)) {
    return tl::unexpected(fmt::format("no customer {} is configured", identity::quoted(customer)));
  }
  const auto used = published_.virtual_domains.find(did);
  const bool is_used = used != published_.virtual_domains.end();
  const plan::DidRecord* known = record(did);
  if (!is_used && known == nullptr) {
    return tl::unexpected(fmt::format("{} is no DID that anybody has or had", did.text()));
  }
  const bool was_disputed = disputes_.erase(did) > 0;
  const std::string holder = is_used ? used->second->customer : known->customer;
  if (is_used && holder == customer) {
    set(did, std::nullopt);
    if (was_disputed) disk_.saveDids({present(did)});
    return fmt::format("DID {} is customer {}'s, and is handed over to nobody", did.text(),
                       identity::quoted(customer));
  }
  set(did, plan::DidRecord{std::string(customer), holder, {}});
  if (!is_used) {
    return fmt::format("DID {}, which was customer {}'s, is kept for customer {}", did.text(),
                       identity::quoted(holder), identity::quoted(customer));
  }
  return fmt::format(
      "DID {} is in use by customer {}; customer {} may have it too, and keeps it when the others "
      "have left it",
      did.text(), identity::quoted(holder), identity::quoted(customer));
}

}  // namespace zonecast::loop
