// A small world for the real core: a clock that is advanced by hand, primaries whose zones are
// edited, a store and a disk in memory. Nothing happens by itself: settle() delivers what is under
// way until all is quiet, advance() moves the clock from one deadline to the next.
//
// Every part can be made to fail. What can be seen from outside (requests at primaries,
// publications, facts) is written to trace(), in order; the same calls give the same trace.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/loop/reconciler.h"
#include "test/support/manual_clock.h"
#include "test/support/records.h"

namespace zonecast::test {

using Trace = std::vector<std::string>;

// One version of a zone: its records without the SOA, in the order given.
struct ZoneVersion {
  dns::Serial serial;
  std::vector<OwnedRecord> records;
};

// A primary with the history of its zones; it answers SOA, AXFR and IXFR queries, unsigned.
class WorldPrimary {
 public:
  enum class Mood { serving, refusingConnections, hung, garbage, refusingTransfers, stopsHalfWay };
  Mood mood = Mood::serving;

  void serve(const dns::Name& zone, ZoneVersion version) { zones_[zone] = {std::move(version)}; }
  ZoneVersion& newest(const dns::Name& zone) { return zones_.at(zone).back(); }
  void add(const dns::Name& zone, ZoneVersion version) {
    zones_.at(zone).push_back(std::move(version));
  }
  void forgetHistory(const dns::Name& zone);

  // The messages that answer one request.
  std::vector<std::vector<std::uint8_t>> answer(std::span<const std::uint8_t> request, Trace& trace,
                                                const std::string& name) const;

 private:
  std::vector<OwnedRecord> transfer(const dns::Name& zone, dns::RrType type,
                                    std::optional<dns::Serial> from) const;

  std::map<dns::Name, std::vector<ZoneVersion>, dns::CanonicalLess> zones_;
};

class WorldTransport final : public ports::ZoneTransport {
 public:
  WorldTransport(std::map<xfr::Endpoint, std::pair<std::string, WorldPrimary>>& primaries,
                 Trace& trace)
      : primaries_(primaries), trace_(trace) {}

  void connect(xfr::ConnectionId connection, const xfr::Endpoint& peer) override;
  void send(xfr::ConnectionId connection, std::vector<std::uint8_t> octets) override;
  void close(xfr::ConnectionId connection) override { open_.erase(connection); }
  void answerNotify(ports::NotifySource source, std::vector<std::uint8_t> message) override;

  // Delivers one thing that is under way; false when nothing is.
  bool deliver(ports::ZoneTransportListener& listener);
  void closeAll(const xfr::Endpoint& peer, std::string why);

 private:
  using Delivery = std::function<void(ports::ZoneTransportListener&)>;

  std::map<xfr::Endpoint, std::pair<std::string, WorldPrimary>>& primaries_;
  Trace& trace_;
  std::map<xfr::ConnectionId, xfr::Endpoint> open_;
  std::deque<Delivery> under_way_;
};

// Redis, as the port promises it: positions are compared, everything is applied whole.
class WorldStore final : public ports::StateStore {
 public:
  explicit WorldStore(Trace& trace) : trace_(trace) {}

  void open(plan::Term term_known, const std::optional<plan::Position>& known) override;
  void publish(ports::Publication publication, const plan::Table& after) override;
  void rebase(const std::optional<plan::Position>& expected, plan::Position next,
              const plan::Table& table) override;

  bool deliver(ports::StateStoreListener& listener);

  // -- what happens to it
  void goDown();  // whoever is connected loses it; open() waits
  void comeBack() { up_ = true; }
  void forgetClient();  // who was connected is gone; nothing is told to anybody
  void wipe();          // everything in it is gone
  struct Snapshot {
    std::optional<plan::Position> position;
    plan::Table table;
  };
  Snapshot snapshot() const { return {position_, table_}; }
  void restore(Snapshot snapshot);  // an older dump

  const plan::Table& table() const { return table_; }
  const std::optional<plan::Position>& position() const { return position_; }

 private:
  using Delivery = std::function<void(ports::StateStoreListener&)>;

  bool isOpen() const;
  void moveOn();
  void succeed(plan::Position position);

  Trace& trace_;
  bool up_ = true, connected_ = false, opening_ = false;
  plan::Term term_{};
  std::optional<plan::Position> known_, position_;
  plan::Table table_;
  std::deque<Delivery> under_way_;
};

class WorldDisk final : public ports::Disk {
 public:
  void saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                     const std::optional<xfr::HeldCopy>& last) override;
  void saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                     const xfr::HeldCopy& copy) override;
  void saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) override;
  void removeZone(const dns::Name& zone) override { zones_.erase(zone); }
  void savePublisher(const ports::SavedPublisher& publisher) override { publisher_ = publisher; }

  const std::map<dns::Name, ports::SavedZone, dns::CanonicalLess>& zones() const { return zones_; }
  const std::optional<ports::SavedPublisher>& publisher() const { return publisher_; }
  void wipe() { *this = {}; }

 private:
  std::map<dns::Name, ports::SavedZone, dns::CanonicalLess> zones_;
  std::map<dns::Name, std::vector<ports::PackedRecords>, dns::CanonicalLess> incomplete_;
  std::optional<ports::SavedPublisher> publisher_;
};

class WorldJournal final : public ports::Journal {
 public:
  WorldJournal(const loop::Settings& settings, Trace& trace) : settings_(settings), trace_(trace) {}
  void record(const ports::Fact& fact) override;

 private:
  const loop::Settings& settings_;
  Trace& trace_;
};

class World {
 public:
  loop::Settings settings;
  std::map<xfr::Endpoint, std::pair<std::string, WorldPrimary>> primaries;
  Trace trace;
  ManualClock clock;
  WorldStore store{trace};
  WorldDisk disk;

  World() = default;
  World(const World&) = delete;

  void start();  // a new process: restores from the disk, then starts
  void stop();   // as if killed: nothing is told to anybody
  bool isRunning() const { return reconciler_ != nullptr; }
  void settle();  // until nothing is under way and nothing is to be worked off
  void advance(Duration by);
  void notify(const dns::Name& zone, const xfr::Address& sender);
  void showStore();  // writes what it holds to the trace
  WorldTransport& transport() { return *transport_; }
  loop::Reconciler& reconciler() { return *reconciler_; }

 private:
  std::unique_ptr<WorldTransport> transport_;
  std::unique_ptr<WorldJournal> journal_;
  std::unique_ptr<loop::Reconciler> reconciler_;
  std::uint64_t starts_ = 0;
};

// "+ domain example.com hosted udp,tcp primary did=example.com", one line a change.
std::vector<std::string> describe(const plan::ChangeSet& changes);

}  // namespace zonecast::test
