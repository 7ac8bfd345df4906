#include "test/support/world.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reconciler/dns/message.h"

namespace zonecast::test {
namespace {

constexpr int kStepsMax = 1'000'000;  // a world that never settles is a bug

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

OwnedRecord soaRecord(const dns::Name& zone, dns::Serial serial) {
  return recordFromText(
      fmt::format("{}. 3600 IN SOA ns1.{}. hostmaster.{}. {} 3600 600 1209600 300", zone.toText(),
                  zone.toText(), zone.toText(), serial.value()));
}

// What `a` has and `b` has not.
std::vector<OwnedRecord> without(const std::vector<OwnedRecord>& a,
                                 const std::vector<OwnedRecord>& b) {
  std::vector<OwnedRecord> rest;
  for (const OwnedRecord& record : a) {
    const bool kept = std::ranges::any_of(b, [&](const OwnedRecord& other) {
      return other.owner == record.owner && other.type == record.type &&
             other.rdata == record.rdata;
    });
    if (!kept) rest.push_back(record);
  }
  return rest;
}

std::vector<std::uint8_t> framed(const std::vector<std::uint8_t>& message) {
  std::vector<std::uint8_t> octets{static_cast<std::uint8_t>(message.size() >> 8),
                                   static_cast<std::uint8_t>(message.size() & 0xff)};
  octets.insert(octets.end(), message.begin(), message.end());
  return octets;
}

std::string describe(const plan::DomainEntry& entry) {
  return fmt::format("{} {} {} did={}", plan::toText(entry.state), derive::toText(entry.transports),
                     derive::toText(entry.role), entry.did.text());
}

std::string describe(const identity::VirtualDomain& virtual_domain) {
  std::vector<std::string> domains, attributes;
  for (const derive::Domain& domain : virtual_domain.domains) domains.emplace_back(domain.text());
  for (const auto& [name, values] : virtual_domain.attributes) {
    for (const auto& value : values) attributes.push_back(name + "=" + identity::toText(value));
  }
  return fmt::format("canonical={} domains={} customer={} {}", virtual_domain.canonical.text(),
                     fmt::join(domains, ","), virtual_domain.customer, fmt::join(attributes, " "));
}

template <typename Changes>
void describeInto(std::vector<std::string>& lines, std::string_view what, const Changes& changes) {
  for (const auto& change : changes) {
    std::string line;
    if (!change.before) {
      line = fmt::format("+ {} {} {}", what, change.key.text(), describe(*change.after));
    } else if (!change.after) {
      line = fmt::format("- {} {}", what, change.key.text());
    } else {
      line = fmt::format("~ {} {} {}", what, change.key.text(), describe(*change.after));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<std::string> describe(const plan::ChangeSet& changes) {
  std::vector<std::string> lines;
  describeInto(lines, "domain", changes.domains);
  describeInto(lines, "did", changes.virtual_domains);
  return lines;
}

namespace {

constexpr std::size_t kChangesShownMax = 50;

std::vector<std::string> summarized(const plan::ChangeSet& changes) {
  if (changes.domains.size() + changes.virtual_domains.size() <= kChangesShownMax) {
    return test::describe(changes);
  }
  return {fmt::format("{} domains and {} virtual domains", changes.domains.size(),
                      changes.virtual_domains.size())};
}

}  // namespace

// -- WorldPrimary

void WorldPrimary::forgetHistory(const dns::Name& zone) {
  auto& versions = zones_.at(zone);
  versions.erase(versions.begin(), versions.end() - 1);
}

std::vector<OwnedRecord> WorldPrimary::transfer(const dns::Name& zone, dns::RrType type,
                                                std::optional<dns::Serial> from) const {
  const std::vector<ZoneVersion>& versions = zones_.at(zone);
  const OwnedRecord newest = soaRecord(zone, versions.back().serial);
  std::vector<OwnedRecord> records{newest};
  const auto append = [&](std::vector<OwnedRecord> more) {
    std::ranges::move(more, std::back_inserter(records));
  };
  if (type == dns::RrType::soa || from == versions.back().serial) return records;
  auto version =
      std::ranges::find_if(versions, [&](const ZoneVersion& v) { return from == v.serial; });
  if (version == versions.end()) {
    append(versions.back().records);
  }
  for (; version != versions.end() && version + 1 != versions.end(); ++version) {
    records.push_back(soaRecord(zone, version->serial));
    append(without(version->records, (version + 1)->records));
    records.push_back(soaRecord(zone, (version + 1)->serial));
    append(without((version + 1)->records, version->records));
  }
  records.push_back(newest);
  return records;
}

std::vector<std::vector<std::uint8_t>> WorldPrimary::answer(std::span<const std::uint8_t> request,
                                                            Trace& trace,
                                                            const std::string& name) const {
  auto reader = dns::MessageReader::open(request);
  if (!reader) throw std::logic_error("the core sent what is no DNS message");
  const auto question = reader->nextQuestion();
  if (!question || !*question) throw std::logic_error("the core sent a message without a question");
  const dns::Name zone((*question)->name);
  const dns::RrType type = (*question)->type;
  std::optional<dns::Serial> from;
  while (true) {
    const auto entry = reader->nextRecord();
    if (!entry || !*entry) break;
    if ((*entry)->record.type == dns::RrType::soa)
      from = dns::parseSoa((*entry)->record.rdata)->serial;
  }
  trace.push_back(fmt::format("{} asked {} {}{}", name, zone.toText(), dns::toText(type),
                              from ? fmt::format(" from {}", from->value()) : ""));
  dns::Header header{.id = reader->header().id, .qr = true, .aa = true};
  const bool is_transfer = type != dns::RrType::soa;
  if (!zones_.contains(zone) || (is_transfer && mood == Mood::refusingTransfers)) {
    header.rcode = dns::Rcode::refused;
    dns::MessageWriter writer(header);
    writer.question(zone, type);
    return {std::move(writer).take()};
  }
  std::vector<std::vector<std::uint8_t>> messages;
  std::vector<OwnedRecord> records = transfer(zone, type, from);
  if (is_transfer && mood == Mood::garbage) {
    records.insert(records.end() - 1, recordFromText("elsewhere.invalid. 60 IN A 192.0.2.66"));
  }
  if (is_transfer && mood == Mood::stopsHalfWay) records.resize(records.size() - 1);
  for (const OwnedRecord& record : records) {
    dns::MessageWriter writer(header);
    writer.question(zone, type);
    writer.record(dns::Section::answer, record.view());
    messages.push_back(std::move(writer).take());
  }
  return messages;
}

// -- WorldTransport

void WorldTransport::connect(xfr::ConnectionId connection, const xfr::Endpoint& peer) {
  const auto primary = primaries_.find(peer);
  if (primary == primaries_.end() ||
      primary->second.second.mood == WorldPrimary::Mood::refusingConnections) {
    under_way_.push_back([connection](auto& listener) {
      listener.onConnectionClosed(connection, "connection refused");
    });
    return;
  }
  open_.emplace(connection, peer);
  under_way_.push_back([this, connection](auto& listener) {
    if (open_.contains(connection)) listener.onConnected(connection);
  });
}

void WorldTransport::send(xfr::ConnectionId connection, std::vector<std::uint8_t> octets) {
  const auto open = open_.find(connection);
  if (open == open_.end()) return;
  auto& [name, primary] = primaries_.at(open->second);
  if (primary.mood == WorldPrimary::Mood::hung) return;
  for (std::span<const std::uint8_t> rest(octets); rest.size() >= 2;) {
    const std::size_t length = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
    for (const auto& message : primary.answer(rest.subspan(2, length), trace_, name)) {
      under_way_.push_back([this, connection, octets = framed(message)](auto& listener) {
        if (open_.contains(connection)) listener.onReceived(connection, octets);
      });
    }
    rest = rest.subspan(2 + length);
  }
}

void WorldTransport::answerNotify(ports::NotifySource, std::vector<std::uint8_t> message) {
  const auto reader = dns::MessageReader::open(message);
  if (!reader) throw std::logic_error("the core answered a NOTIFY with what is no DNS message");
  trace_.push_back("notify answered " + dns::toText(reader->header().rcode));
}

bool WorldTransport::deliver(ports::ZoneTransportListener& listener) {
  if (under_way_.empty()) return false;
  const Delivery delivery = std::move(under_way_.front());
  under_way_.pop_front();
  delivery(listener);
  return true;
}

void WorldTransport::closeAll(const xfr::Endpoint& peer, std::string why) {
  for (const auto& [connection, endpoint] : std::map(open_)) {
    if (endpoint != peer) continue;
    open_.erase(connection);
    under_way_.push_back(
        [id = connection, why](auto& listener) { listener.onConnectionClosed(id, why); });
  }
}

// -- WorldStore

void WorldStore::open(plan::Term term_known, const std::optional<plan::Position>& known) {
  term_ = std::max(term_, term_known);
  known_ = known;
  opening_ = true;
}

bool WorldStore::deliver(ports::StateStoreListener& listener) {
  if (!under_way_.empty()) {
    const Delivery delivery = std::move(under_way_.front());
    under_way_.pop_front();
    delivery(listener);
    return true;
  }
  if (!opening_ || !up_) return false;
  opening_ = false;
  connected_ = true;
  term_ = plan::Term{static_cast<std::uint64_t>(term_) + 1};
  const bool unchanged = known_ && position_ == known_;
  ports::StoredState state;
  state.term = term_;
  state.position = position_;
  if (position_) state.newest = position_->version;
  if (!unchanged) state.table = table_;
  listener.onStoreOpened(std::move(state), unchanged);
  return true;
}

void WorldStore::succeed(plan::Position position) {
  position.chain[0] = static_cast<std::uint8_t>(position.chain[0] + 1);
  position_ = position;
  under_way_.push_back([position](auto& listener) { listener.onPublished(position); });
}

void WorldStore::publish(ports::Publication publication, const plan::Table& after) {
  if (!isOpen()) return;
  if (!position_ || *position_ != publication.expected) {
    return moveOn();
  }
  if (publication.version <= position_->version) throw std::logic_error("a version went back");
  plan::apply(*publication.changes, table_);
  if (table_ != after)
    throw std::logic_error("`after` is not what the change set makes of the store");
  succeed({position_->lineage, publication.version, position_->chain});
}

void WorldStore::moveOn() {
  connected_ = false;
  under_way_.push_back(
      [](auto& listener) { listener.onStoreLost("the store moved on: not applied"); });
}

void WorldStore::rebase(const std::optional<plan::Position>& expected, plan::Position next,
                        const plan::Table& table) {
  if (!isOpen()) return;
  if (position_ != expected) return moveOn();
  trace_.push_back("store: new lineage");
  table_ = table;
  succeed(std::move(next));
}

void WorldStore::goDown() {
  up_ = false;
  if (!std::exchange(connected_, false)) return;
  under_way_.clear();
  under_way_.push_back([](auto& listener) { listener.onStoreLost("connection reset by peer"); });
}

// False while the report of a loss is under way: what is asked meanwhile is lost with the rest.
bool WorldStore::isOpen() const {
  if (!connected_ && under_way_.empty()) throw std::logic_error("asked a store that is not open");
  return connected_;
}

void WorldStore::forgetClient() {
  under_way_.clear();
  connected_ = opening_ = false;
}

void WorldStore::wipe() {
  table_ = {};
  position_.reset();
}

void WorldStore::restore(Snapshot snapshot) {
  position_ = std::move(snapshot.position);
  table_ = std::move(snapshot.table);
}

// -- WorldDisk

void WorldDisk::saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                              const std::optional<xfr::HeldCopy>& last) {
  auto& pieces = incomplete_[zone];
  if (first) pieces.clear();
  pieces.push_back(std::move(piece));
  if (!last) return;
  zones_.insert_or_assign(zone, ports::SavedZone{zone, *last, std::move(pieces), {}});
  incomplete_.erase(zone);
}

void WorldDisk::saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                              const xfr::HeldCopy& copy) {
  const auto saved = zones_.find(zone);
  if (saved == zones_.end()) return;
  saved->second.journal.push_back(std::move(chain));
  saved->second.copy = copy;
}

void WorldDisk::saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) {
  const auto saved = zones_.find(zone);
  if (saved != zones_.end() && saved->second.copy.serial == copy.serial) saved->second.copy = copy;
}

// -- WorldJournal

void WorldJournal::record(const ports::Fact& fact) {
  const auto zone = [this](xfr::ZoneId id) {
    return settings_.secondary.zones[static_cast<std::size_t>(id)].name.toText();
  };
  std::visit(
      Overloaded{
          [&](const xfr::ZoneCurrent& f) {
            trace_.push_back(
                fmt::format("zone {} is current at {}", zone(f.zone), f.serial.value()));
          },
          [&](const xfr::ZoneTransferred& f) {
            trace_.push_back(fmt::format("zone {} transferred by {} to {}", zone(f.zone),
                                         f.shape == xfr::TransferShape::ixfr ? "ixfr" : "axfr",
                                         f.to.value()));
          },
          [&](const xfr::ZoneFailure& f) {
            trace_.push_back(fmt::format("failure {}: {}", f.reason, f.text));
          },
          [&](const xfr::ZoneExpired& f) {
            trace_.push_back(fmt::format("zone {} expired", zone(f.zone)));
          },
          [&](const xfr::ConnectionsScarce& f) {
            trace_.push_back(fmt::format("{} servers wait for a connection", f.servers_waiting));
          },
          [&](const ports::NotifyReceived& f) {
            trace_.push_back(
                fmt::format("notify {} for {} from {}", xfr::toText(f.result), f.zone, f.sender));
          },
          [&](const ports::Published& f) {
            trace_.push_back(
                fmt::format("published version {}", static_cast<std::uint64_t>(f.version)));
            for (std::string& line : summarized(*f.changes)) trace_.push_back("  " + line);
          },
          [&](const ports::StoreOpened& f) { trace_.push_back("store open: " + f.resumption); },
          [&](const ports::StoreLost& f) { trace_.push_back("store lost: " + f.why); },
          [&](const ports::StoreTrouble& f) { trace_.push_back("store trouble: " + f.why); },
          [&](const ports::DiskTrouble& f) { trace_.push_back("disk trouble: " + f.why); },
          [&](const ports::ClaimWarning& f) {
            trace_.push_back(fmt::format("claim of {}: {}", f.domain, f.text));
          },
      },
      fact);
}

// -- World

void World::start() {
  transport_ = std::make_unique<WorldTransport>(primaries, trace);
  journal_ = std::make_unique<WorldJournal>(settings, trace);
  reconciler_ = std::make_unique<loop::Reconciler>(
      settings, loop::Ports{clock, *transport_, store, disk, *journal_}, ++starts_);
  for (const auto& [name, saved] : std::map(disk.zones())) reconciler_->restore(saved);
  reconciler_->start(disk.publisher().value_or(ports::SavedPublisher{}));
}

void World::stop() {
  reconciler_.reset();
  transport_.reset();
  store.forgetClient();
}

void World::settle() {
  for (int step = 0; step < kStepsMax; ++step) {
    if (transport_->deliver(*reconciler_)) continue;
    if (reconciler_->hasWork()) {
      reconciler_->work();
      continue;
    }
    if (store.deliver(*reconciler_)) continue;
    const auto deadline = reconciler_->nextDeadline();
    if (!deadline || *deadline > clock.now().mono) return;
    reconciler_->onTimer();
  }
  throw std::logic_error("the world does not settle");
}

void World::advance(Duration by) {
  if (!isRunning()) return clock.advance(by);
  const Instant end = clock.now().mono + by;
  for (int step = 0; step < kStepsMax; ++step) {
    settle();
    const auto deadline = reconciler_->nextDeadline();
    if (!deadline || *deadline > end) {
      clock.advance(end - clock.now().mono);
      settle();
      return;
    }
    clock.advance(*deadline - clock.now().mono);
    reconciler_->onTimer();
  }
  throw std::logic_error("the world's clock does not get on");
}

void World::showStore() {
  for (const auto& [domain, entry] : store.table().domains) {
    trace.push_back(fmt::format("store has {} {}", domain.text(), describe(entry)));
  }
}

void World::notify(const dns::Name& zone, const xfr::Address& sender) {
  dns::MessageWriter writer({.id = 4711, .aa = true, .opcode = dns::Opcode::notify});
  writer.question(zone, dns::RrType::soa);
  reconciler_->onNotifyMessage(ports::NotifySource{1}, sender, std::move(writer).take());
}

}  // namespace zonecast::test
