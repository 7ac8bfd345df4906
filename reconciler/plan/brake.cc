#include "reconciler/plan/brake.h"

#include <algorithm>

namespace zonecast::plan {
namespace {

constexpr int kBuckets = 60;

bool isOver(std::size_t count, std::size_t base, std::uint32_t percent, std::uint32_t least) {
  return count > least && count * 100 > base * percent;
}

}  // namespace

Brake::Brake(const BrakePolicy& policy) : policy_(policy) {}

Party Brake::party(std::string_view customer) {
  const auto known = parties_.find(customer);
  if (known != parties_.end()) return known->second;
  const Party party{static_cast<std::uint32_t>(accounts_.size())};
  accounts_.emplace_back().name = std::string(customer);
  parties_.emplace(std::string(customer), party);
  return party;
}

Brake::Bucket& Brake::bucket(Account& account) {
  auto& buckets = account.buckets;
  if (buckets.empty() || buckets.back().begin + policy_.window / kBuckets <= now_) {
    buckets.push_back({.begin = now_});
  }
  return buckets.back();
}

void Brake::countGone(Account& account) {
  ++account.gone;
  ++bucket(account).gone;
  is_judged_ = false;
}

void Brake::onAppeared(Party party, bool counts) {
  Account& account = at(party);
  ++account.size;
  is_judged_ = false;
  if (!counts) return;
  ++account.grown;
  ++bucket(account).grown;
}

void Brake::onGone(Party party, bool counts) {
  Account& account = at(party);
  --account.size;
  is_judged_ = false;
  if (!counts) return;
  countGone(account);
  --account.grown;
  --bucket(account).grown;
}

void Brake::onMoved(Party party) {
  countGone(at(party));
}

void Brake::pend(Party party) {
  ++at(party).pending;
  is_judged_ = false;
}

void Brake::unpend(Party party) {
  Account& account = at(party);
  if (--account.pending == 0) account.is_held = false;
  is_judged_ = false;
}

void Brake::release(Party party) {
  Account& account = at(party);
  account.is_held = false;
  account.buckets.clear();
  account.gone = 0;
  account.grown = 0;
  is_judged_ = false;
}

bool Brake::holds(Party party) {
  if (!is_judged_ || now_ >= expires_) judge();
  return at(party).is_held;
}

void Brake::expire(Account& account) {
  auto& buckets = account.buckets;
  while (!buckets.empty() && buckets.front().begin + policy_.window <= now_) {
    account.gone -= buckets.front().gone;
    account.grown -= buckets.front().grown;
    buckets.pop_front();
  }
  if (!buckets.empty()) expires_ = std::min(expires_, buckets.front().begin + policy_.window);
}

// What is held has not happened: it does not count against the others.
void Brake::judge() {
  is_judged_ = true;
  expires_ = Instant::max();
  std::size_t total = 0, base = 0;
  std::vector<Account*> contributors;
  for (Account& account : accounts_) {
    expire(account);
    base += account.atBegin();
    if (account.pending == 0) {
      total += account.gone;
      continue;
    }
    account.is_held |= isOver(account.contribution(), account.most(), policy_.customer_percent,
                              policy_.customer_min);
    total += account.is_held ? account.gone : account.contribution();
    if (!account.is_held) contributors.push_back(&account);
  }
  std::ranges::sort(contributors, [](const Account* a, const Account* b) {
    return a->contribution() != b->contribution() ? a->contribution() > b->contribution()
                                                  : a->name < b->name;
  });
  for (Account* account : contributors) {
    if (!isOver(total, base, policy_.total_percent, policy_.total_min)) break;
    account->is_held = true;
    total -= account->pending;
  }
}

}  // namespace zonecast::plan
