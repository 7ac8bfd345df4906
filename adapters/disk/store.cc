#include "adapters/disk/store.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "reconciler/dns/name.h"
#include "reconciler/dns/wire.h"

namespace zonecast::disk {

namespace {

constexpr std::uint32_t kSchema = 1;

const std::string kSchemaKey = "schema";
const std::string kInstanceKey = "instance";
const std::string kPublisherKey = "publisher";
const std::string kHoldKey = "hold";

constexpr std::uint32_t kPieceNumberMask = 0x7fffffff;
constexpr std::uint32_t kLastPart = 0xffffffff;

// Neither LMDB's nor errno's.
constexpr int kOutOfStep = -1;

using Content = tl::expected<std::optional<OctetSpan>, std::string>;

Content readSealed(const Transaction& transaction, MDB_dbi database, std::string_view key) {
  const auto value = transaction.get(database, key);
  if (!value) return tl::unexpected(value.error().text());
  if (!*value) return std::nullopt;
  return unseal(key, **value);
}

LmdbError putSealed(Transaction& transaction, MDB_dbi database, std::string_view key,
                    OctetSpan content) {
  return transaction.put(database, key, seal(key, content));
}

// A value that must be there.
tl::expected<OctetSpan, std::string> require(const Transaction& transaction, MDB_dbi database,
                                             std::string_view key) {
  const Content content = readSealed(transaction, database, key);
  if (!content) return tl::unexpected(content.error());
  if (!*content) return tl::unexpected<std::string>("it is missing");
  return **content;
}

tl::expected<ZoneEntry, std::string> readEntry(const Transaction& transaction, MDB_dbi database,
                                               std::string_view zone) {
  return require(transaction, database, zone).and_then(decodeZoneEntry);
}

// Reads the pieces or chains of a zone, in order; the error says which of them is bad.
template <typename Part, typename Decode>
tl::expected<std::vector<Part>, std::string> readParts(const Transaction& transaction,
                                                       MDB_dbi database, std::string_view what,
                                                       std::string_view zone, std::uint32_t first,
                                                       std::uint32_t count, Decode decode) {
  std::vector<Part> parts;
  for (std::uint32_t number = 0; number < count; ++number) {
    auto part = require(transaction, database, numberedKey(zone, first + number)).and_then(decode);
    if (!part) return tl::unexpected(fmt::format("{} {}: {}", what, number, part.error()));
    parts.push_back(std::move(*part));
  }
  return parts;
}

tl::expected<ports::PackedRecords, std::string> copied(OctetSpan octets) {
  return ports::PackedRecords(octets.begin(), octets.end());
}

Octets octetsOf(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

// -- opening

tl::expected<std::unique_ptr<Store>, std::string> Store::open(const std::string& path,
                                                              std::size_t map_octets,
                                                              std::size_t map_octets_max,
                                                              const std::string& new_instance) {
  std::unique_ptr<Store> store(new Store(map_octets_max));
  auto environment = openEnvironment(path, std::min(map_octets, map_octets_max), kDatabases);
  if (!environment) {
    return tl::unexpected(fmt::format("cannot open {}: {}", path, environment.error().text()));
  }
  store->environment_ = std::move(*environment);
  if (const auto prepared = store->prepare(new_instance); !prepared) {
    return tl::unexpected(fmt::format("{}: {}", path, prepared.error()));
  }
  return store;
}

tl::expected<std::unique_ptr<Store>, std::string> Store::openToRead(const std::string& path,
                                                                    std::size_t map_octets_max) {
  std::unique_ptr<Store> store(new Store(map_octets_max));
  auto environment = disk::openToRead(path, map_octets_max, kDatabases);
  if (!environment) {
    return tl::unexpected(fmt::format("cannot read {}: {}", path, environment.error().text()));
  }
  store->environment_ = std::move(*environment);
  if (const auto found = store->findDatabases(); !found) {
    return tl::unexpected(fmt::format("{}: {}", path, found.error()));
  }
  return store;
}

std::array<std::pair<const char*, MDB_dbi*>, Store::kDatabases> Store::databases() {
  return {{{"meta", &meta_},
           {"zone", &zone_},
           {"piece", &piece_},
           {"chain", &chain_},
           {"binding", &binding_},
           {"did", &did_},
           {"history", &history_},
           {"order", &order_}}};
}

tl::expected<void, std::string> Store::findDatabases() {
  auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  for (const auto& [name, handle] : databases()) {
    const auto found = transaction->find(name);
    if (!found) return tl::unexpected(fmt::format("its {}: {}", name, explain(found.error())));
    *handle = *found;
  }
  const Content schema = readSealed(*transaction, meta_, kSchemaKey);
  if (!schema || !*schema || dns::WireReader(**schema).u32() != kSchema) {
    return tl::unexpected(fmt::format("its schema is not {}", kSchema));
  }
  if (const auto error = transaction->commit()) return tl::unexpected(explain(error));
  return {};
}

tl::expected<void, std::string> Store::prepare(const std::string& new_instance) {
  auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::write);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  if (const auto error = openDatabases(*transaction)) return tl::unexpected(explain(error));
  if (const auto ours = checkSchema(*transaction, new_instance); !ours) return ours;

  const auto instance = require(*transaction, meta_, kInstanceKey);
  if (!instance) {
    return tl::unexpected(
        fmt::format("the UUID of this state directory: {}; move the file away to begin anew",
                    instance.error()));
  }
  instance_.assign(instance->begin(), instance->end());
  if (const auto error = transaction->commit()) return tl::unexpected(explain(error));
  return {};
}

// A store without a schema is new, and gets ours.
tl::expected<void, std::string> Store::checkSchema(Transaction& transaction,
                                                   const std::string& new_instance) {
  const Content schema = readSealed(transaction, meta_, kSchemaKey);
  if (!schema) return tl::unexpected(fmt::format("its schema: {}", schema.error()));
  if (*schema) {
    const std::uint32_t number = dns::WireReader(**schema).u32();
    if (number == kSchema) return {};
    return tl::unexpected(
        fmt::format("its schema is {}, and this program knows {} alone: run the program that wrote "
                    "it, or move the file away to begin anew",
                    number, kSchema));
  }
  Octets number;
  dns::appendInteger<4>(number, kSchema);
  LmdbError error = putSealed(transaction, meta_, kSchemaKey, number);
  if (!error) error = putSealed(transaction, meta_, kInstanceKey, octetsOf(new_instance));
  if (error) return tl::unexpected(explain(error));
  return {};
}

LmdbError Store::openDatabases(Transaction& transaction) {
  for (const auto& [name, handle] : databases()) {
    const auto opened = transaction.open(name);
    if (!opened) return opened.error();
    *handle = *opened;
  }
  return {};
}

// -- reading

tl::expected<std::optional<ports::SavedPublisher>, std::string> Store::publisher() const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  const auto failed = [](const std::string& why) {
    return tl::unexpected(fmt::format("the publisher's position on disk: {}", why));
  };
  const Content content = readSealed(*transaction, meta_, kPublisherKey);
  if (!content) return failed(content.error());
  if (!*content) return std::nullopt;
  auto publisher = decodePublisher(**content);
  if (!publisher) return failed(publisher.error());
  return std::move(*publisher);
}

// Each key of a database, ascending, in one transaction.
tl::expected<void, std::string> Store::forEachKey(
    MDB_dbi database,
    const std::function<void(const Transaction& transaction, const std::string& key)>& visit)
    const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  std::string key;
  for (;;) {
    auto next = transaction->next(database, key);
    if (!next) return tl::unexpected(explain(next.error()));
    if (!*next) return {};
    key = std::move(**next);
    visit(*transaction, key);
  }
}

tl::expected<void, std::string> Store::forEachZone(const ZoneVisitor& visit,
                                                   const DamageVisitor& damaged) const {
  return forEachKey(zone_, [&](const Transaction& transaction, const std::string& key) {
    auto zone = readZone(transaction, key);
    zone ? visit(*std::move(zone)) : damaged(key, zone.error());
  });
}

tl::expected<std::vector<ports::SavedBinding>, std::string> Store::bindings(
    const DamageVisitor& damaged) const {
  std::vector<ports::SavedBinding> bindings;
  const auto read = [&](const Transaction& transaction, const std::string& key) {
    auto name = dns::Name::fromWire(octetsOf(key));
    auto binding = require(transaction, binding_, key).and_then(decodeBinding);
    if (!name || !binding) {
      return damaged(key, name ? binding.error() : std::string(name.error().what));
    }
    binding->zone = *std::move(name);
    bindings.push_back(*std::move(binding));
  };
  return forEachKey(binding_, read).map([&] { return std::move(bindings); });
}

tl::expected<void, std::string> Store::forEachDid(const DidVisitor& visit,
                                                  const DamageVisitor& damaged) const {
  return forEachKey(did_, [&](const Transaction& transaction, const std::string& key) {
    const auto decode = [&key](OctetSpan octets) { return decodeDid(key, octets); };
    auto saved = require(transaction, did_, key).and_then(decode);
    saved ? visit(*std::move(saved)) : damaged(key, saved.error());
  });
}

tl::expected<std::vector<std::pair<derive::Domain, plan::Directive>>, std::string>
Store::directives(const DamageVisitor& damaged) const {
  std::vector<std::pair<derive::Domain, plan::Directive>> directives;
  const auto read = [&](const Transaction& transaction, const std::string& key) {
    auto domain = derive::Domain::fromText(key);
    const auto directive = require(transaction, order_, key).and_then(decodeDirective);
    if (!domain || !directive) return damaged(key, domain ? directive.error() : domain.error());
    directives.emplace_back(*std::move(domain), *directive);
  };
  return forEachKey(order_, read).map([&] { return std::move(directives); });
}

tl::expected<std::optional<plan::Deadline>, std::string> Store::hold() const {
  const std::shared_lock lock(resizing_);
  const auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::read);
  if (!transaction) return tl::unexpected(explain(transaction.error()));
  const auto failed = [](const std::string& why) {
    return tl::unexpected(fmt::format("whether the operator holds everything, on disk: {}", why));
  };
  const Content content = readSealed(*transaction, meta_, kHoldKey);
  if (!content) return failed(content.error());
  if (!*content) return std::nullopt;
  const auto since = decodeHold(**content);
  if (!since) return failed(since.error());
  return *since;
}

tl::expected<ports::SavedZone, std::string> Store::readZone(const Transaction& transaction,
                                                            const std::string& key) const {
  auto name = dns::Name::fromWire(octetsOf(key));
  if (!name) return tl::unexpected(fmt::format("its name: {}", name.error().what));
  const auto entry = readEntry(transaction, zone_, key);
  if (!entry) return tl::unexpected(fmt::format("its entry: {}", entry.error()));
  const auto copy = static_cast<std::uint32_t>(entry->odd ? Copy::odd : Copy::even);
  auto pieces = readParts<ports::PackedRecords>(transaction, piece_, "piece", key, copy,
                                                entry->pieces, copied);
  if (!pieces) return tl::unexpected(pieces.error());
  auto journal = readParts<std::vector<view::Delta>>(transaction, chain_, "chain", key, 0,
                                                     entry->chains, decodeChain);
  if (!journal) return tl::unexpected(journal.error());
  return ports::SavedZone{.name = std::move(*name),
                          .copy = entry->copy,
                          .pieces = std::move(*pieces),
                          .journal = std::move(*journal)};
}

// -- writing

tl::expected<void, std::string> Store::write(std::span<const Save> saves) {
  LmdbError error = writeOnce(saves);
  while (error.code == MDB_MAP_FULL && grow()) error = writeOnce(saves);
  if (error) return tl::unexpected(explain(error));
  return {};
}

LmdbError Store::writeOnce(std::span<const Save> saves) {
  auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::write);
  if (!transaction) return transaction.error();
  for (const Save& save : saves) {
    if (const auto error =
            std::visit([&](const auto& one) { return apply(*transaction, one); }, save)) {
      return error;
    }
  }
  return transaction->commit();
}

// The copy that the zone's entry does not name.
Store::Copy Store::spare(const Transaction& transaction, const std::string& zone) const {
  const auto entry = readEntry(transaction, zone_, zone);
  return entry && !entry->odd ? Copy::odd : Copy::even;
}

LmdbError Store::apply(Transaction& transaction, const SavePiece& save) {
  const Copy copy = spare(transaction, save.zone);
  if (save.number == 0) {
    if (const auto error = removeCopy(transaction, save.zone, copy)) return error;
  }
  const std::uint32_t number = static_cast<std::uint32_t>(copy) | save.number;
  return putSealed(transaction, piece_, numberedKey(save.zone, number), save.records);
}

LmdbError Store::apply(Transaction& transaction, const SaveZone& save) {
  const auto older = transaction.get(zone_, save.zone);
  if (!older) return older.error();
  const Copy copy = spare(transaction, save.zone);
  const Copy other = copy == Copy::odd ? Copy::even : Copy::odd;
  LmdbError error = apply(transaction, SavePiece{save.zone, save.records, save.number});
  if (!error && *older) {  // a zone without an entry has nothing else either
    error = removeCopy(transaction, save.zone, other);
    if (!error) error = removeParts(transaction, chain_, save.zone, 0, kLastPart);
  }
  if (error) return error;
  return putSealed(
      transaction, zone_, save.zone,
      encode(ZoneEntry{
          .copy = save.copy, .odd = copy == Copy::odd, .pieces = save.number + 1, .chains = 0}));
}

LmdbError Store::apply(Transaction& transaction, const SaveDelta& save) {
  if (save.chain.empty()) return apply(transaction, SaveTimers{save.zone, save.copy});
  auto entry = readEntry(transaction, zone_, save.zone);
  if (!entry || entry->copy.serial != save.chain.front().from) return {kOutOfStep};
  if (const auto error = putSealed(transaction, chain_, numberedKey(save.zone, entry->chains),
                                   encode(save.chain))) {
    return error;
  }
  entry->copy = save.copy;
  ++entry->chains;
  return putSealed(transaction, zone_, save.zone, encode(*entry));
}

// Timers of a version that is not on disk yet come again with it.
LmdbError Store::apply(Transaction& transaction, const SaveTimers& save) {
  auto entry = readEntry(transaction, zone_, save.zone);
  if (!entry || entry->copy.serial != save.copy.serial) return {};
  entry->copy = save.copy;
  return putSealed(transaction, zone_, save.zone, encode(*entry));
}

LmdbError Store::apply(Transaction& transaction, const RemoveZone& save) {
  LmdbError error = transaction.remove(zone_, save.zone);
  if (!error) error = removeParts(transaction, piece_, save.zone, 0, kLastPart);
  if (!error) error = removeParts(transaction, chain_, save.zone, 0, kLastPart);
  return error;
}

LmdbError Store::apply(Transaction& transaction, const SaveBinding& save) {
  if (!save.binding) return transaction.remove(binding_, save.zone);
  return putSealed(transaction, binding_, save.zone, encode(*save.binding));
}

LmdbError Store::apply(Transaction& transaction, const SaveDids& save) {
  for (const auto& [did, content] : save.entries) {
    const LmdbError error = content.empty() ? transaction.remove(did_, did)
                                            : putSealed(transaction, did_, did, content);
    if (error) return error;
  }
  return {};
}

LmdbError Store::apply(Transaction& transaction, const SaveDirective& save) {
  if (save.content.empty()) return transaction.remove(order_, save.domain);
  return putSealed(transaction, order_, save.domain, save.content);
}

LmdbError Store::apply(Transaction& transaction, const SaveHold& save) {
  if (save.content.empty()) return transaction.remove(meta_, kHoldKey);
  return putSealed(transaction, meta_, kHoldKey, save.content);
}

LmdbError Store::apply(Transaction& transaction, const SavePublisher& save) {
  return putSealed(transaction, meta_, kPublisherKey, encode(save.publisher));
}

LmdbError Store::removeCopy(Transaction& transaction, const std::string& zone, Copy copy) {
  const auto first = static_cast<std::uint32_t>(copy);
  return removeParts(transaction, piece_, zone, first, first | kPieceNumberMask);
}

LmdbError Store::removeParts(Transaction& transaction, MDB_dbi database, const std::string& zone,
                             std::uint32_t first, std::uint32_t last) {
  const std::string before = first == 0 ? zone : numberedKey(zone, first - 1);
  const std::string end = numberedKey(zone, last);
  for (;;) {
    const auto key = transaction.next(database, before);
    if (!key) return key.error();
    const bool is_one = *key && (*key)->size() == end.size() && (*key)->starts_with(zone);
    if (!is_one || **key > end) return {};
    if (const auto error = transaction.remove(database, **key)) return error;
  }
}

void Store::dropUnfinished(const std::string& zone) {
  auto transaction = Transaction::begin(environment_.get(), Transaction::Kind::write);
  if (!transaction) return;
  if (removeCopy(*transaction, zone, spare(*transaction, zone))) return;
  // Where even this fails, the copy that is written next removes it.
  static_cast<void>(transaction->commit());
}

bool Store::grow() {
  const std::unique_lock lock(resizing_);
  MDB_envinfo info{};
  mdb_env_info(environment_.get(), &info);
  const std::size_t octets = std::min(info.me_mapsize * 2, map_octets_max_);
  return octets > info.me_mapsize && mdb_env_set_mapsize(environment_.get(), octets) == 0;
}

std::string Store::explain(const LmdbError& error) const {
  if (error.code == kOutOfStep) return "the deltas do not follow the copy on disk";
  if (error.code == MDB_MAP_FULL) {
    return fmt::format("the store has reached its limit of {} octets; raise it", map_octets_max_);
  }
  return error.text();
}

}  // namespace zonecast::disk
