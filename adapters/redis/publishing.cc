#include "adapters/redis/publishing.h"

#include <utility>

#include "adapters/redis/change_encoder.h"
#include "adapters/redis/convert.h"
#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "schema/functions.h"

namespace zonecast::redis {
namespace {

void addPosition(const RawPosition& position, Command& command) {
  command.add(position.lineage).add(position.version).add(position.chain);
}

void addCounted(const std::vector<std::string>& items, std::size_t per_item, Command& command) {
  command.add(items.size() / per_item);
  for (const std::string& item : items) command.add(item);
}

Task<void> encode(Place place, const plan::ChangeSet& changes, ChangeEncoder& encoder) {
  Slice slice;
  for (const plan::VirtualDomainChange& change : changes.virtual_domains) {
    encoder.add(change);
    if (!slice.spent()) continue;
    co_await place.session.pause();
    slice.begin();
  }
  for (const plan::DomainChange& change : changes.domains) {
    encoder.add(change);
    if (!slice.spent()) continue;
    co_await place.session.pause();
    slice.begin();
  }
  for (const plan::RecordChange& change : changes.records) encoder.add(change);
  encoder.finish(changes.causes);
}

Command publishCommand(const Place& place, const Standing& standing, const RawPosition& expected,
                       const RawPosition& next, const std::vector<std::string>& entries,
                       const std::string& event, const ChangeEncoder& encoder) {
  const schema::RedisKeys& keys = place.keys;
  Command command("FCALL");
  command.subject(schema::functionName("publish")).add(6);
  command.add(keys.meta()).add(keys.domain()).add(keys.attribute()).add(keys.virtualDomain());
  command.add(keys.did()).add(keys.log());
  command.add(toText(standing.term));
  addPosition(expected, command);
  command.add(next.version).add(next.chain).add(contentText(encoder.content()));
  command.add(place.options.log_length).add(keys.events()).add(event);
  addCounted(entries, 1, command);
  for (const auto* changes :
       {&encoder.domains(), &encoder.attributes(), &encoder.virtualDomains(), &encoder.dids()}) {
    addCounted(changes->puts, 2, command);
    addCounted(changes->removals, 1, command);
  }
  return command;
}

// Fills one staged hash, some fields per command. The first, and now and then another, is a call of
// our Function, which fences it and gives the hash its time to live; the others are plain, since
// Redis takes them in half the time, and what they write is nobody's before the swap, which is
// fenced. None is sent before the first has been taken: a hash without a time to live would stay.
class Stager {
 public:
  Stager(Place place, plan::Term term, plan::Version version, std::string_view hash)
      : place_(place),
        term_(toText(term)),
        version_(toText(version)),
        key_(place.keys.stage(schema::stageStamp(term_, version_), hash)),
        hash_(hash) {}

  void add(std::string_view field, std::string_view value, schema::ContentSum& content) {
    add(field, value);
    content.add(hash_, field, value);
  }
  void add(std::string_view field, std::string_view value) {
    if (!command_) begin();
    command_->add(field).add(value);
    ++fields_;
    ++fields_in_command_;
  }
  bool isFull() const {
    return fields_in_command_ >= kFieldsMax || (command_ && command_->size() >= kOctetsMax);
  }
  Task<Outcome> flush() {
    if (!command_) co_return Outcome();
    Command command = std::move(*command_);
    command_.reset();
    fields_in_command_ = 0;
    const bool is_call = commands_ % kCommandsPerCall == 0;
    if (commands_++ == 0) {
      const auto taken = co_await place_.session.invoke(std::move(command));
      if (!taken) co_return tl::unexpected(taken.error());
      co_return Outcome();
    }
    const Outcome posted =
        co_await place_.session.post(std::move(command), is_call ? refusalIn : errorIn);
    co_return posted;
  }
  std::size_t fields() const { return fields_; }
  const std::string& key() const { return key_; }

 private:
  static constexpr std::size_t kFieldsMax = 100;
  static constexpr std::size_t kOctetsMax = 64 * 1024;
  static constexpr std::size_t kCommandsPerCall = 100;

  void begin() {
    using std::chrono::seconds;
    if (commands_ % kCommandsPerCall != 0) {
      command_.emplace("HSET");
      command_->subject(key_);
      return;
    }
    command_.emplace("FCALL");
    command_->subject(schema::functionName("stage")).add(2);
    command_->add(place_.keys.meta()).add(key_).add(term_).add(version_);
    const auto ttl = std::chrono::duration_cast<seconds>(place_.options.stage_ttl).count();
    command_->add(static_cast<std::uint64_t>(ttl));
  }

  const Place place_;
  const std::string term_, version_, key_;
  const std::string_view hash_;
  std::optional<Command> command_;
  std::size_t fields_ = 0;
  std::size_t fields_in_command_ = 0;
  std::size_t commands_ = 0;
};

struct StagedContent {
  Stager domain, attribute, virtual_domain, did;
  schema::ContentSum content;

  StagedContent(Place place, plan::Term term, plan::Version version)
      : domain(place, term, version, schema::kDomainHash),
        attribute(place, term, version, schema::kAttributeHash),
        virtual_domain(place, term, version, schema::kVirtualDomainHash),
        did(place, term, version, schema::kDidHash) {}

  void add(const derive::Domain& name, const plan::DomainEntry& entry) {
    domain.add(name.text(), schema::encodeDomainValue(toMessage(name, entry)), content);
  }
  void add(const identity::Did& key, const identity::VirtualDomain& value) {
    const auto message = toMessage(key, value);
    attribute.add(key.text(), schema::encodeAttributeValue(message), content);
    virtual_domain.add(key.text(), message.SerializeAsString(), content);
  }
  void add(const identity::Did& key, const plan::DidRecord& record) {
    did.add(key.text(), schema::encodeDidValue(toValue(record)));
  }
  Task<Outcome> flush(bool all) {
    for (Stager* stager : {&domain, &attribute, &virtual_domain, &did}) {
      if (!all && !stager->isFull()) continue;
      const Outcome posted = co_await stager->flush();
      if (!posted) co_return posted;
    }
    co_return Outcome();
  }
};

template <typename Entries>
Task<Outcome> stageAll(Place place, const Entries& entries, StagedContent& staged) {
  Slice slice;
  for (const auto& [key, value] : entries) {
    staged.add(key, value);
    if (place.moved != nullptr) ++place.moved->done;
    const Outcome posted = co_await staged.flush(false);
    if (!posted) co_return posted;
    if (!slice.spent()) continue;
    co_await place.session.pause();
    slice.begin();
  }
  co_return Outcome();
}

Task<Outcome> stage(Place place, const plan::Table& table, StagedContent& staged) {
  if (place.moved != nullptr) {
    *place.moved = {0, table.virtual_domains.size() + table.domains.size() + table.records.size()};
  }
  Outcome posted = co_await stageAll(place, table.virtual_domains, staged);
  if (!posted) co_return posted;
  posted = co_await stageAll(place, table.domains, staged);
  if (!posted) co_return posted;
  posted = co_await stageAll(place, table.records, staged);
  if (!posted) co_return posted;
  posted = co_await staged.flush(true);
  if (!posted) co_return posted;
  posted = co_await place.session.allDone();
  co_return posted;
}

Command swapCommand(const Place& place, const Standing& standing, const Replacement& replacement,
                    const StagedContent& staged, const std::string& event,
                    const std::string& entry) {
  const schema::RedisKeys& keys = place.keys;
  Command command("FCALL");
  command.subject(schema::functionName("swap")).add(14);
  command.add(keys.meta()).add(keys.log());
  command.add(keys.domain()).add(staged.domain.key()).add(keys.aside(schema::kDomainHash));
  command.add(keys.attribute()).add(staged.attribute.key());
  command.add(keys.aside(schema::kAttributeHash));
  command.add(keys.virtualDomain()).add(staged.virtual_domain.key());
  command.add(keys.aside(schema::kVirtualDomainHash));
  command.add(keys.did()).add(staged.did.key()).add(keys.aside(schema::kDidHash));
  command.add(toText(standing.term));
  addPosition(replacement.expected, command);
  addPosition(toRaw(replacement.next), command);
  command.add(contentText(staged.content.sum()));
  command.add(place.options.log_length).add(keys.events()).add(event).add(entry);
  command.add(staged.domain.fields()).add(staged.attribute.fields());
  command.add(staged.virtual_domain.fields()).add(staged.did.fields());
  return command;
}

}  // namespace

Task<Expected<plan::Position>> applyChanges(Place place, Standing& standing,
                                            ports::Publication publication) {
  const Header header{publication.expected.lineage.uuid, standing.term, publication.version};
  ChangeEncoder encoder(header, standing.content);
  co_await encode(place, *publication.changes, encoder);

  const std::vector<std::string> entries = encoder.logEntries();
  const plan::Position next{publication.expected.lineage, publication.version,
                            schema::nextChain(publication.expected.chain, entries)};
  Command command = publishCommand(place, standing, toRaw(publication.expected), toRaw(next),
                                   entries, eventOf(header, encoder.chunks()), encoder);
  const auto published = co_await place.session.invoke(std::move(command));
  if (!published) co_return tl::unexpected(published.error());
  standing.at = toRaw(next);
  standing.content = encoder.content();
  co_return next;
}

Task<Expected<plan::Position>> replaceContent(Place place, Standing& standing,
                                              Replacement replacement, const plan::Table& table) {
  plan::Position& next = replacement.next;
  StagedContent staged(place, standing.term, next.version);
  const Outcome done = co_await stage(place, table, staged);
  if (!done) co_return tl::unexpected(done.error());

  const Header header{next.lineage.uuid, standing.term, next.version};
  std::vector<v1::ChangeSet> chunk{changeSetOf(header)};
  chunk.front().set_rebase(true);
  chunk.front().set_content(staged.content.sum());
  addCauses(replacement.causes, chunk.front());
  const std::vector<std::string> entry{chunk.front().SerializeAsString()};
  next.chain = schema::nextChain(next.chain, entry);

  Command command =
      swapCommand(place, standing, replacement, staged, eventOf(header, chunk), entry.front());
  const auto swapped = co_await place.session.invoke(std::move(command));
  if (!swapped) co_return tl::unexpected(swapped.error());
  standing.at = toRaw(next);
  standing.content = staged.content.sum();
  co_return next;
}

}  // namespace zonecast::redis
