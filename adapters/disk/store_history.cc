// What became of each domain, in the store: one value for each domain.
//
// Entries that are too old go when their domain's history is written, or when the sweep comes by:
// each save looks at some further domains. So what takes no room any more is gone in time, as long
// as anything is written at all.
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "adapters/disk/history_encoding.h"
#include "adapters/disk/store.h"
#include "reconciler/dns/wire.h"

namespace zonecast::disk {

namespace {

constexpr std::size_t kSweptPerSave = 64;
const std::string kSinceKey = "history-since";

using Found = tl::expected<std::optional<plan::DomainHistory>, std::string>;

Found readHistory(const Transaction& transaction, MDB_dbi database, const derive::Domain& domain) {
  const std::string key(domain.text());
  const auto value = transaction.get(database, key);
  if (!value) return tl::unexpected(value.error().text());
  if (!*value) return std::nullopt;
  return unseal(key, **value)
      .and_then([&](OctetSpan octets) { return decodeHistory(domain, octets); })
      .map([](plan::DomainHistory history) { return std::optional(std::move(history)); });
}

LmdbError putHistory(Transaction& transaction, MDB_dbi database, const derive::Domain& domain,
                     const plan::DomainHistory& history) {
  const std::string key(domain.text());
  return transaction.put(database, key, seal(key, encode(domain, history)));
}

std::optional<plan::Version> readSince(const Transaction& transaction, MDB_dbi meta) {
  const auto value = transaction.get(meta, kSinceKey);
  if (!value || !*value) return std::nullopt;
  const auto octets = unseal(kSinceKey, **value);
  if (!octets || octets->size() != 8) return std::nullopt;
  dns::WireReader in(*octets);
  const std::uint64_t high = in.u32();
  return plan::Version{high << 32 | in.u32()};
}

LmdbError putSince(Transaction& transaction, MDB_dbi meta, plan::Version version) {
  Octets octets;
  dns::appendInteger<8>(octets, static_cast<std::uint64_t>(version));
  return transaction.put(meta, kSinceKey, seal(kSinceKey, octets));
}

}  // namespace

LmdbError Store::apply(Transaction& transaction, const SaveHistory& save) {
  if (save.events.empty()) return {};
  if (!readSince(transaction, meta_)) {
    const auto first = static_cast<std::uint64_t>(save.events.front().entry.version);
    const plan::Version since{first == 0 ? 0 : first - 1};
    if (const auto error = putSince(transaction, meta_, since)) return error;
  }
  for (const plan::DomainEvent& event : save.events) {
    // What is damaged is begun anew, as if it had been cut.
    auto found = readHistory(transaction, history_, event.domain);
    plan::DomainHistory history = found ? std::move(*found).value_or(plan::DomainHistory{})
                                        : plan::DomainHistory{.entries = {}, .is_cut = true};
    plan::append(history, event.entry, save.policy);
    if (const auto error = putHistory(transaction, history_, event.domain, history)) return error;
  }
  return sweepHistory(transaction, save.events.back().entry.time, save.policy);
}

LmdbError Store::sweepHistory(Transaction& transaction, plan::Deadline now,
                              const plan::HistoryPolicy& policy) {
  std::optional<plan::Version> dropped;
  for (std::size_t i = 0; i < kSweptPerSave; ++i) {
    auto next = transaction.next(history_, swept_);
    if (!next) return next.error();
    swept_ = std::move(*next).value_or("");
    if (swept_.empty()) break;
    const auto domain = derive::Domain::fromHost(swept_);
    auto found = domain ? readHistory(transaction, history_, *domain) : Found(tl::unexpect, "");
    LmdbError error;
    if (!found) {
      error = transaction.remove(history_, swept_);
    } else if (auto gone = plan::dropOld(**found, now, policy)) {
      dropped = std::max(dropped, gone);
      error = (*found)->entries.empty() ? transaction.remove(history_, swept_)
                                        : putHistory(transaction, history_, *domain, **found);
    }
    if (error) return error;
  }
  const auto since = readSince(transaction, meta_);
  if (!dropped || (since && *since >= *dropped)) return {};
  return putSince(transaction, meta_, *dropped);
}

Found Store::historyOf(const derive::Domain& domain) const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  return readHistory(*transaction, history_, domain).map_error([&](const std::string& why) {
    return fmt::format("the history of {} on disk: {}", domain.text(), why);
  });
}

tl::expected<std::optional<std::string>, std::string> Store::visitHistory(
    const std::string& after, std::size_t domains_max, const ports::History::Visitor& visit) const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  std::string key = after;
  for (std::size_t i = 0; i < domains_max; ++i) {
    auto next = transaction->next(history_, key);
    if (!next) return tl::unexpected(explain(next.error()));
    if (!*next) return std::nullopt;
    key = std::move(**next);
    const auto domain = derive::Domain::fromHost(key);
    if (!domain) continue;
    const auto found = readHistory(*transaction, history_, *domain);
    if (found && *found) visit(*domain, **found);
  }
  return key;
}

tl::expected<std::optional<plan::Version>, std::string> Store::historySince() const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  return readSince(*transaction, meta_);
}

}  // namespace zonecast::disk
