#include "adapters/redis/read_back.h"

#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "schema/attribute_value.h"
#include "schema/did_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"

namespace zonecast::redis {
namespace {

constexpr std::uint64_t kFieldsPerScan = 200;
constexpr std::array kHashes{schema::kDomainHash, schema::kAttributeHash,
                             schema::kVirtualDomainHash, schema::kDidHash};

// The table as it comes out of the scans, its content sum, and the first thing that was wrong. A
// scan may bring a field twice: it counts once.
class Collector {
 public:
  void takeVirtualDomain(std::string_view field, std::string_view value) {
    v1::VirtualDomain message;
    auto did = identity::Did::fromText(field);
    if (!did) return damaged("vdomain", field, did.error());
    if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      return damaged("vdomain", field, "not a VirtualDomain");
    }
    auto decoded = fromMessage(message);
    if (!decoded) return damaged("vdomain", field, decoded.error());
    if (toMessage(*did, *decoded).SerializeAsString() != value) {
      return damaged("vdomain", field, "not as this version writes it");
    }
    if (!table_.virtual_domains.emplace(std::move(*did), std::move(*decoded)).second) return;
    content_.add(schema::kVirtualDomainHash, field, value);
    content_.add(schema::kAttributeHash, field, schema::encodeAttributeValue(message));
  }

  // After the virtual domains: an attribute list is a copy of theirs, and in the sum already.
  void takeAttributes(std::string_view field, std::string_view value) {
    const auto did = identity::Did::fromText(field);
    const auto found = did ? table_.virtual_domains.find(*did) : table_.virtual_domains.end();
    if (found == table_.virtual_domains.end()) {
      return damaged("attribute", field, "no such virtual domain");
    }
    if (schema::encodeAttributeValue(toMessage(found->first, found->second)) != value) {
      return damaged("attribute", field, "not what the virtual domain says");
    }
  }

  void takeDomain(std::string_view field, std::string_view value) {
    auto domain = derive::Domain::fromHost(field);
    if (!domain) return damaged("domain", field, domain.error());
    const auto message = schema::decodeDomainValue(value);
    if (!message) return damaged("domain", field, message.error());
    auto entry = fromMessage(*message);
    if (!entry) return damaged("domain", field, entry.error());
    if (domain->text() != field ||  // in capitals, or with a final dot: no proxy finds it
        schema::encodeDomainValue(toMessage(*domain, *entry)) != value) {
      return damaged("domain", field, "not as this version writes it");
    }
    if (!table_.domains.emplace(std::move(*domain), std::move(*entry)).second) return;
    content_.add(schema::kDomainHash, field, value);
  }

  void takeDid(std::string_view field, std::string_view value) {
    auto did = identity::Did::fromText(field);
    if (!did) return damaged("did", field, did.error());
    const auto decoded = schema::decodeDidValue(value);
    if (!decoded) return damaged("did", field, decoded.error());
    table_.records.emplace(std::move(*did), fromValue(*decoded));
  }

  void damaged(std::string_view hash, std::string_view field, std::string_view why) {
    noteDamage(fmt::format("{} {}: {}", hash, field, why));
  }
  void noteDamage(std::string damage) {
    if (damage_.empty()) damage_ = std::move(damage);
  }

  schema::ContentSum& content() { return content_; }
  plan::Table& table() { return table_; }
  std::string& damage() { return damage_; }

 private:
  plan::Table table_;
  schema::ContentSum content_;
  std::string damage_;
};

using TakeField = void (Collector::*)(std::string_view, std::string_view);

Command scanCommand(const std::string& key, std::string_view cursor) {
  Command command("HSCAN");
  command.subject(key).add(cursor).add("COUNT").add(kFieldsPerScan);
  return command;
}

// Redis works on the next slice while we take in this one.
Task<Outcome> scan(Place place, std::string key, Collector& collector, TakeField take) {
  std::string cursor = "0";
  place.session.request(scanCommand(key, cursor));
  for (bool last = false; !last;) {
    const Reply reply = co_await place.session.requested();
    const Outcome scanned = errorIn("HSCAN " + key, reply);
    if (!scanned) co_return scanned;
    const std::string_view next = reply.view()[0].text();
    last = next == "0";
    if (next.empty() || (!last && next == cursor)) {
      co_return tl::unexpected("HSCAN " + key + ": no cursor that leads on");
    }
    cursor = next;
    if (!last) place.session.request(scanCommand(key, cursor));
    const ReplyView fields = reply.view()[1];
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      (collector.*take)(fields[i].text(), fields[i + 1].text());
      if (place.moved != nullptr) ++place.moved->done;
    }
  }
  co_return Outcome();
}

Task<Outcome> scanAll(Place place, Collector& collector) {
  const schema::RedisKeys& keys = place.keys;
  Outcome scanned =
      co_await scan(place, keys.virtualDomain(), collector, &Collector::takeVirtualDomain);
  if (!scanned) co_return scanned;
  scanned = co_await scan(place, keys.attribute(), collector, &Collector::takeAttributes);
  if (!scanned) co_return scanned;
  scanned = co_await scan(place, keys.did(), collector, &Collector::takeDid);
  if (!scanned) co_return scanned;
  scanned = co_await scan(place, keys.domain(), collector, &Collector::takeDomain);
  co_return scanned;
}

Task<Expected<Meta>> readMeta(Place place) {
  Command command("HGETALL");
  command.subject(place.keys.meta());
  const auto reply = co_await place.session.ask(std::move(command));
  if (!reply) co_return tl::unexpected(reply.error());
  co_return Meta(*reply);
}

struct Sizes {
  std::array<std::uint64_t, kHashes.size()> of{};
  std::uint64_t domains() const { return of[0]; }
  std::uint64_t attributes() const { return of[1]; }
  std::uint64_t virtualDomains() const { return of[2]; }
  std::uint64_t dids() const { return of[3]; }
};

Task<Expected<Sizes>> readSizes(Place place) {
  Sizes sizes;
  const std::array keys{place.keys.domain(), place.keys.attribute(), place.keys.virtualDomain(),
                        place.keys.did()};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Command command("HLEN");
    command.subject(keys[i]);
    const auto reply = co_await place.session.ask(std::move(command));
    if (!reply) co_return tl::unexpected(reply.error());
    sizes.of[i] = static_cast<std::uint64_t>(reply->view().integer().value_or(-1));
  }
  co_return sizes;
}

bool sizesAreAsTold(const Sizes& sizes, const Meta& meta) {
  return meta.field("domains") == std::to_string(sizes.domains()) &&
         meta.field("virtual_domains") == std::to_string(sizes.virtualDomains()) &&
         meta.field("dids") == std::to_string(sizes.dids()) &&
         sizes.attributes() == sizes.virtualDomains();
}

std::uint64_t entriesTold(const Meta& meta) {
  const auto count = [&](std::string_view name) {
    return numberFromText(meta.field(name)).value_or(0);
  };
  return count("domains") + 2 * count("virtual_domains") + count("dids");
}

// The version of the log's newest entry, trimmed or not.
Task<Expected<plan::Version>> newestInLog(Place place) {
  Command command("XINFO");
  command.subject("STREAM").subject(place.keys.log());
  const Reply reply = co_await place.session.answer(command);
  if (reply.view().text().starts_with("ERR no such key")) co_return plan::Version{};
  if (auto failed = errorIn("XINFO STREAM", reply); !failed)
    co_return tl::unexpected(failed.error());
  for (std::size_t i = 0; i + 1 < reply.view().size(); i += 2) {
    if (reply.view()[i].text() != "last-generated-id") continue;
    const std::string_view id = reply.view()[i + 1].text();
    const auto version = numberFromText(id.substr(0, id.find('-')));
    if (version) co_return plan::Version{*version};
  }
  co_return tl::unexpected(std::string("XINFO STREAM: no last-generated-id"));
}

Task<Outcome> unlinkStaged(Place place, std::string stamp) {
  Command command("UNLINK");
  for (const std::string_view hash : kHashes) command.subject(place.keys.stage(stamp, hash));
  const auto reply = co_await place.session.ask(std::move(command));
  if (!reply) co_return tl::unexpected(reply.error());
  co_return Outcome();
}

void judge(const Meta& meta, const Sizes& sizes, plan::Version newest_in_log,
           Collector& collector) {
  const plan::Table& table = collector.table();
  if (sizes.domains() != table.domains.size() ||
      sizes.attributes() != table.virtual_domains.size() ||
      sizes.virtualDomains() != table.virtual_domains.size() ||
      sizes.dids() != table.records.size()) {
    collector.noteDamage("the hashes differ in their entries");
  }
  if (meta.isEmpty()) {
    if (!table.domains.empty() || !table.virtual_domains.empty() || !table.records.empty()) {
      collector.noteDamage("entries, but no meta that tells their version");
    }
    return;
  }
  const auto position = meta.position();
  if (!position) return collector.noteDamage("meta: lineage, version or chain are malformed");
  if (meta.field("content") != contentText(collector.content().sum())) {
    collector.noteDamage("the content digest differs");
  }
  if (newest_in_log > position->version) collector.noteDamage("the log is ahead of meta");
}

constexpr std::string_view kPublishing = "somebody else is publishing";

Task<Expected<Found>> readEverything(Place place, Meta meta, Found found) {
  Collector collector;
  if (place.moved != nullptr) *place.moved = {0, entriesTold(meta)};
  const Outcome scanned = co_await scanAll(place, collector);
  if (!scanned) co_return tl::unexpected(scanned.error());
  const auto sizes = co_await readSizes(place);
  if (!sizes) co_return tl::unexpected(sizes.error());
  const auto after = co_await readMeta(place);
  if (!after) co_return tl::unexpected(after.error());
  if (!meta.sameContent(*after)) co_return tl::unexpected(std::string(kPublishing));
  judge(meta, *sizes, found.state.newest, collector);
  found.state.table = std::move(collector.table());
  found.state.damage = std::move(collector.damage());
  found.standing.content = collector.content().sum();
  co_return found;
}

}  // namespace

Task<Expected<Found>> readBack(Place place, plan::Term term, std::optional<plan::Position> known) {
  const auto meta = co_await readMeta(place);
  if (!meta) co_return tl::unexpected(meta.error());
  if (const std::string stamp(meta->field("staging")); !stamp.empty()) {
    const Outcome unlinked = co_await unlinkStaged(place, stamp);
    if (!unlinked) co_return tl::unexpected(unlinked.error());
  }
  const auto newest_in_log = co_await newestInLog(place);
  if (!newest_in_log) co_return tl::unexpected(newest_in_log.error());

  Found found;
  found.state.term = found.standing.term = term;
  found.state.position = meta->position();
  found.standing.at = meta->raw();
  found.state.newest = *newest_in_log;
  if (found.state.position) {
    found.state.newest = std::max(found.state.newest, found.state.position->version);
  }
  if (known && found.state.position == known && *newest_in_log <= known->version) {
    const auto sizes = co_await readSizes(place);
    if (!sizes) co_return tl::unexpected(sizes.error());
    const auto content = contentFromText(meta->field("content"));
    if (content && sizesAreAsTold(*sizes, *meta)) {
      found.standing.content = *content;
      found.unchanged = true;
      co_return found;
    }
  }
  auto read = co_await readEverything(place, *meta, std::move(found));
  co_return read;
}

Task<Expected<ports::StoredState>> lookAt(Place place) {
  constexpr int kTries = 10;
  for (int tries = 1;; ++tries) {
    const auto meta = co_await readMeta(place);
    if (!meta) co_return tl::unexpected(meta.error());
    const auto newest_in_log = co_await newestInLog(place);
    if (!newest_in_log) co_return tl::unexpected(newest_in_log.error());
    Found found;
    found.state.position = meta->position();
    found.state.newest = *newest_in_log;
    auto read = co_await readEverything(place, *meta, std::move(found));
    if (read) co_return std::move(read->state);
    if (read.error() != kPublishing || tries == kTries) co_return tl::unexpected(read.error());
  }
}

}  // namespace zonecast::redis
