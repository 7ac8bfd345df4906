#include "test/support/world_store.h"

#include <algorithm>
#include <utility>

#include "reconciler/plan/plan.h"
#include "test/support/described.h"

namespace zonecast::test {
namespace {

// Any digest will do that tells two histories apart (FNV-1a).
plan::Chain continued(plan::Chain chain, const plan::Position& next,
                      const std::vector<std::string>& lines) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto feed = [&hash](std::string_view octets) {
    for (const char octet : octets) {
      hash = (hash ^ static_cast<std::uint8_t>(octet)) * 0x100000001b3u;
    }
  };
  feed({reinterpret_cast<const char*>(chain.data()), chain.size()});
  feed(next.lineage.uuid + std::to_string(static_cast<std::uint64_t>(next.version)));
  for (const std::string& line : lines) feed(line);
  for (std::size_t i = 0; i < sizeof hash; ++i) {
    chain[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return chain;
}

std::vector<std::string> linesOf(const plan::Table& table) {
  plan::ChangeSet all;
  for (const auto& [domain, entry] : table.domains) {
    all.domains.push_back({domain, std::nullopt, entry});
  }
  for (const auto& [did, record] : table.records) {
    all.records.push_back({did, std::nullopt, record});
  }
  return describe(all);
}

}  // namespace

void WorldStore::open(plan::Term term_known, const std::optional<plan::Position>& known) {
  ours_ = std::max(ours_, term_known);
  term_ = std::max(term_, ours_);
  known_ = known;
  opening_ = true;
}

bool WorldStore::deliver(ports::StateStoreListener& listener) {
  if (request_) {
    const Request request = *std::exchange(request_, std::nullopt);
    request();
    return true;
  }
  if (!answers_.empty()) {
    const Answer answer = std::move(answers_.front());
    answers_.pop_front();
    answer(listener);
    return true;
  }
  if (!opening_ || !up_ || taken_) return false;
  answerOpen(listener);
  return true;
}

void WorldStore::answerOpen(ports::StateStoreListener& listener) {
  opening_ = false;
  connected_ = true;
  const bool others_led = term_ > ours_;
  term_ = ours_ = plan::Term{static_cast<std::uint64_t>(term_) + 1};
  const bool unchanged = known_ && content_.position == known_;
  ports::StoredState state;
  state.term = term_;
  state.others_led = others_led;
  state.position = content_.position;
  if (content_.position) state.newest = content_.position->version;
  if (!unchanged) state.table = content_.table;
  listener.onStoreOpened(std::move(state), unchanged);
}

void WorldStore::publish(ports::Publication publication, const plan::Table& after) {
  if (!isOpen()) return;
  if (on_asked) on_asked({after, false, content_.position == publication.expected});
  request_ = [this, publication = std::move(publication), &after] {
    const std::optional<plan::Position>& position = content_.position;
    if (!position || *position != publication.expected) return moveOn();
    if (publication.version <= position->version) throw Breach("a version went back");
    plan::apply(*publication.changes, content_.table);
    if (content_.table != after) {
      throw Breach("`after` is not what the change set makes of the store");
    }
    succeed({position->lineage, publication.version, position->chain}, publication.changes);
  };
}

void WorldStore::rebase(const std::optional<plan::Position>& expected, plan::Position next,
                        const plan::Table& table) {
  if (!isOpen()) return;
  if (on_asked) on_asked({table, true, content_.position == expected});
  request_ = [this, expected, next = std::move(next), &table] {
    if (content_.position != expected) return moveOn();
    trace_.push_back("store: new lineage");
    content_.table = table;
    succeed(next, nullptr);
  };
}

void WorldStore::succeed(plan::Position position, std::shared_ptr<const plan::ChangeSet> changes) {
  position.chain =
      continued(position.chain, position, changes ? describe(*changes) : linesOf(content_.table));
  content_.position = position;
  content_.log.push_back({position.version, std::move(changes)});
  const bool rebased = content_.log.back().changes == nullptr;
  answers_.push_back([position](auto& listener) { listener.onPublished(position); });
  if (on_applied) on_applied(rebased);
}

void WorldStore::moveOn() {
  connected_ = false;
  answers_.push_back(
      [](auto& listener) { listener.onStoreLost("the store moved on: not applied"); });
}

void WorldStore::lose(std::string why) {
  if (!std::exchange(connected_, false)) return;
  request_.reset();
  answers_.clear();
  answers_.push_back([why = std::move(why)](auto& listener) { listener.onStoreLost(why); });
}

void WorldStore::goDown() {
  up_ = false;
  lose("connection reset by peer");
}

void WorldStore::loseReply() {
  if (request_) (*std::exchange(request_, std::nullopt))();
  lose("connection reset by peer");
}

void WorldStore::takeOver() {
  taken_ = true;
  term_ = plan::Term{static_cast<std::uint64_t>(term_) + 1};
  lose("fenced: the term of another is in force");
}

void WorldStore::giveUp() {
  taken_ = false;
}

bool WorldStore::dropAsAnother(const derive::Domain& domain) {
  const plan::Table& table = content_.table;
  const auto entry = table.domains.find(domain);
  if (entry == table.domains.end()) return false;
  plan::ChangeSet changes;
  changes.domains.push_back({domain, entry->second, std::nullopt});
  const identity::Did did = entry->second.did;
  const identity::VirtualDomain& before = table.virtual_domains.at(did);
  std::optional<identity::VirtualDomain> rest = before;
  std::erase(rest->domains, domain);
  if (rest->domains.empty()) {
    rest.reset();
  } else if (rest->canonical == domain) {
    rest->canonical = rest->domains.front();
  }
  changes.virtual_domains.push_back({did, before, rest});
  publishAsAnother(std::move(changes));
  return true;
}

bool WorldStore::addAsAnother(const derive::Domain& domain, const derive::Domain& other) {
  const plan::Table& table = content_.table;
  const auto like = table.domains.find(other);
  const auto did = identity::Did::fromText(domain.text());
  if (like == table.domains.end() || !did || table.domains.contains(domain) ||
      table.virtual_domains.contains(*did)) {
    return false;
  }
  plan::DomainEntry entry = like->second;
  identity::VirtualDomain alone = *table.virtual_domains.at(entry.did);
  entry.did = *did;
  alone.canonical = domain;
  alone.domains = {domain};
  plan::ChangeSet changes;
  changes.domains.push_back({domain, std::nullopt, entry});
  changes.virtual_domains.push_back({*did, std::nullopt, alone});
  publishAsAnother(std::move(changes));
  return true;
}

void WorldStore::publishAsAnother(plan::ChangeSet changes) {
  plan::apply(changes, content_.table);
  plan::Position& position = *content_.position;
  position.version = plan::Version{static_cast<std::uint64_t>(position.version) + 1};
  position.chain = continued(position.chain, position, describe(changes));
  content_.log.push_back(
      {position.version, std::make_shared<const plan::ChangeSet>(std::move(changes))});
}

// False while the report of a loss is under way: what is asked meanwhile is lost with the rest.
bool WorldStore::isOpen() const {
  if (request_) throw Breach("asked a store that is busy");
  if (!connected_ && answers_.empty()) throw Breach("asked a store that is not open");
  return connected_;
}

void WorldStore::forgetClient() {
  request_.reset();
  answers_.clear();
  connected_ = opening_ = false;
  ours_ = {};
}

void WorldStore::wipe() {
  content_ = {};
}

void WorldStore::restore(StoreContent content) {
  content_ = std::move(content);
}

}  // namespace zonecast::test
