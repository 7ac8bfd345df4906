// A world for the secondary in the tests: primaries that do what a test tells them, a receiver that
// keeps what it is given, and a clock that stands still until it is advanced.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "reconciler/dns/message.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/xfr/secondary.h"
#include "reconciler/xfr/zone_table.h"

namespace zonecast::xfr::test {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline dns::Name name(std::string_view text) {
  return *dns::Name::fromText(text);
}

inline std::shared_ptr<const dns::TsigKey> key(std::string_view secret) {
  return std::make_shared<dns::TsigKey>(name("k.example"), dns::TsigAlgorithm::hmacSha256,
                                        std::vector<std::uint8_t>(secret.begin(), secret.end()));
}

struct Request {
  ConnectionId connection{};
  std::uint16_t id = 0;
  dns::Name zone;
  dns::RrType type{};
  bool rd = false;
  dns::Mac mac;  // of its signature
};

// Everything a primary knows of one zone, and how it misbehaves.
struct PrimaryZone {
  std::uint32_t serial = 1;
  dns::Rcode soa = dns::Rcode::noError, ixfr = dns::Rcode::noError, axfr = dns::Rcode::noError;
  bool history = true;  // false: IXFR is answered in full
  bool lame = false;
  std::size_t padding = 0;      // A records beside the SOA
  std::size_t per_message = 0;  // records in one message of a transfer; 0: all
};

class Primary {
 public:
  enum class Mode {
    serving,
    refusing,  // no connection
    deaf,      // no connection, and no word about it
    mute,      // connects, and says nothing
    holding,   // keeps the requests for the test to answer
  };
  Mode mode = Mode::serving;
  std::map<std::string, PrimaryZone> zones;
  std::shared_ptr<const dns::TsigKey> key;
  bool sign_last = true;          // false: the last of several messages is not signed
  std::vector<Request> requests;  // all that ever came

  std::size_t count(dns::RrType type) const {
    return static_cast<std::size_t>(std::count_if(
        requests.begin(), requests.end(), [&](const auto& each) { return each.type == type; }));
  }

  std::vector<std::vector<std::uint8_t>> answer(const Request& request, WallTime now) const {
    const auto found = zones.find(request.zone.toText());
    const PrimaryZone zone = found == zones.end() ? refused() : found->second;
    std::vector<std::vector<std::uint8_t>> messages;
    const auto rcode = request.type == dns::RrType::soa    ? zone.soa
                       : request.type == dns::RrType::ixfr ? zone.ixfr
                                                           : zone.axfr;
    if (rcode != dns::Rcode::noError) {
      messages.push_back(write(request, {}, rcode));
    } else {
      const auto records = recordsOf(request, zone);
      const std::size_t step = zone.per_message == 0 ? records.size() + 1 : zone.per_message;
      for (std::size_t at = 0; at == 0 || at < records.size(); at += step) {
        const auto end = std::min(at + step, records.size());
        messages.push_back(write(request, {records.begin() + static_cast<std::ptrdiff_t>(at),
                                           records.begin() + static_cast<std::ptrdiff_t>(end)}));
      }
    }
    sign(messages, request, now);
    return messages;
  }

 private:
  struct Record {
    dns::Name owner;
    dns::RrType type;
    std::vector<std::uint8_t> rdata;
  };

  static PrimaryZone refused() {
    PrimaryZone zone;
    zone.soa = zone.ixfr = zone.axfr = dns::Rcode::refused;
    return zone;
  }

  static Record soa(const dns::Name& zone, std::uint32_t serial) {
    std::vector<std::uint8_t> rdata(2, 0);
    for (const std::uint32_t field : {serial, 600u, 60u, 7200u, 300u}) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        rdata.push_back(static_cast<std::uint8_t>(field >> shift));
      }
    }
    return {zone, dns::RrType::soa, rdata};
  }

  static std::vector<Record> recordsOf(const Request& request, const PrimaryZone& zone) {
    const Record now = soa(request.zone, zone.serial);
    if (request.type == dns::RrType::soa) {
      return zone.lame ? std::vector<Record>{} : std::vector<Record>{now};
    }
    const Record address{request.zone, dns::RrType::a, {192, 0, 2, 1}};
    std::vector<Record> records{now};
    if (request.type == dns::RrType::ixfr && zone.history) {
      records.insert(records.end(), {soa(request.zone, zone.serial - 1), now});
    }
    for (std::size_t i = 0; i < zone.padding; ++i) {
      Record each = address;
      each.rdata[3] = static_cast<std::uint8_t>(i);
      records.push_back(each);
    }
    records.push_back(address);
    records.push_back(now);
    return records;
  }

  static std::vector<std::uint8_t> write(const Request& request, const std::vector<Record>& records,
                                         dns::Rcode rcode = dns::Rcode::noError) {
    dns::MessageWriter writer(
        dns::Header{.id = request.id, .qr = true, .aa = true, .rcode = rcode});
    writer.question(request.zone, request.type);
    for (const Record& record : records) {
      writer.record(dns::Section::answer,
                    {record.owner, record.type, dns::RrClass::in, dns::Ttl(300), record.rdata});
    }
    return std::move(writer).take();
  }

  void sign(std::vector<std::vector<std::uint8_t>>& messages, const Request& request,
            WallTime now) const {
    if (!key || request.mac.empty()) return;
    dns::signAnswer(messages.front(), *key, request.mac, now);
    EXPECT_TRUE(messages.size() == 1 || !sign_last) << "the tests sign one message only";
  }
};

// Keeps count of what it is given.
struct Sink : TransferSink {
  void beginFull() override { ++fulls; }
  void beginDelta(dns::Serial, dns::Serial) override { ++deltas; }
  void add(const dns::RecordView&) override { ++added; }
  void remove(const dns::RecordView&) override { ++removed; }
  int fulls = 0, deltas = 0, added = 0, removed = 0;
};

struct Setup {
  std::size_t zones = 1, primaries = 1;
  std::shared_ptr<const dns::TsigKey> key;
  SecondaryLimits limits{};
  std::vector<Endpoint> endpoints{};  // of the primaries, in place of an address for each
};

class World : public ZoneReceiver {
 public:
  explicit World(const Setup& setup = {}) : settings(make(setup)), zones(settings.zones) {
    primaries.resize(setup.primaries);
    for (Primary& primary : primaries) {
      primary.key = setup.key;
      for (const ZoneSettings& zone : settings.zones) primary.zones[zone.name.toText()] = {};
    }
    secondary.emplace(settings, zones, *this, 7);
  }

  // In place of all; before start().
  void setPrimaries(std::size_t zone_index, PrimaryList ids) {
    settings.zones[zone_index].primaries = std::move(ids);
    zones.replace(zone(zone_index), settings.zones[zone_index]);
  }
  static ZoneId zone(std::size_t i) { return ZoneId{static_cast<std::uint32_t>(i)}; }
  PrimaryZone& at(std::size_t primary, std::size_t zone_index = 0) {
    return primaries[primary].zones.at(settings.zones[zone_index].name.toText());
  }
  void setSerial(std::uint32_t serial) {
    for (Primary& primary : primaries) {
      for (auto& [text, zone] : primary.zones) zone.serial = serial;
    }
  }
  void hold(std::uint32_t serial, std::size_t zone_index = 0) {
    secondary->restore(zone(zone_index),
                       {dns::Serial(serial), {seconds{600}, seconds{60}, seconds{7200}}, now.wall});
  }

  void start() {
    secondary->start(now);
    run();
  }
  void notify(std::size_t primary = 0, std::size_t zone_index = 0) {
    secondary->onNotify(zone(zone_index), settings.primaries[primary].endpoint.address, now);
    run();
  }
  void advance(Duration duration) {
    const Instant end = now.mono + duration;
    for (auto next = secondary->nextDeadline(); next && *next <= end;
         next = secondary->nextDeadline()) {
      ASSERT_LT(++turns, 1'000'000) << "the deadlines do not get anywhere";
      passTo(std::max(now.mono, *next));
      secondary->onTimer(now);
      run();
    }
    passTo(end);
  }

  // Carries actions and answers back and forth until nothing is left to do now.
  void run() {
    do {
      for (auto next = secondary->nextDeadline(); next && *next <= now.mono;
           next = secondary->nextDeadline()) {
        ASSERT_LT(++turns, 1'000'000);
        secondary->onTimer(now);
        noteActions();
      }
      noteActions();
    } while (step());
  }

  void answer(const Request& request) {
    for (const auto& message : primaries[peers.at(request.connection)].answer(request, now.wall)) {
      sendMessage(request.connection, message);
    }
    run();
  }
  void sendMessage(ConnectionId connection, std::vector<std::uint8_t> message) {
    message.insert(message.begin(), {static_cast<std::uint8_t>(message.size() >> 8),
                                     static_cast<std::uint8_t>(message.size())});
    sendOctets(connection, message);
  }
  void sendOctets(ConnectionId connection, std::span<const std::uint8_t> octets) {
    if (!peers.contains(connection)) return;
    const std::size_t step = chunk == 0 ? std::max<std::size_t>(octets.size(), 1) : chunk;
    for (std::size_t i = 0; i < octets.size(); i += step) {
      secondary->onReceived(connection, octets.subspan(i, std::min(step, octets.size() - i)), now);
      noteActions();
    }
  }
  void drop(ConnectionId connection, std::string_view why = "connection reset by peer") {
    peers.erase(connection);
    connected.erase(connection);
    secondary->onClosed(connection, why, now);
    run();
  }

  template <typename T>
  std::vector<T> take() {
    for (Fact& fact : secondary->takeFacts()) facts.push_back(std::move(fact));
    std::vector<T> taken;
    std::deque<Fact> rest;
    for (Fact& fact : facts) {
      if (auto* wanted = std::get_if<T>(&fact)) {
        taken.push_back(std::move(*wanted));
      } else {
        rest.push_back(std::move(fact));
      }
    }
    facts = std::move(rest);
    return taken;
  }
  ZoneStatus status(std::size_t zone_index = 0) const {
    return secondary->status(zone(zone_index), now);
  }
  std::size_t openTo(std::size_t primary) const {
    return static_cast<std::size_t>(std::count_if(
        peers.begin(), peers.end(), [&](const auto& each) { return each.second == primary; }));
  }

  // ZoneReceiver
  bool readyFor(ZoneId id) override { return !busy.contains(id); }
  std::unique_ptr<TransferSink> open(ZoneId) override { return std::make_unique<Sink>(); }
  tl::expected<void, TransferFailure> commit(ZoneId id, std::unique_ptr<TransferSink> sink,
                                             const Now&) override {
    const auto& taken = static_cast<const Sink&>(*sink);
    if (taken.deltas > 0 && !takes_deltas) {
      return tl::unexpected(
          TransferFailure{TransferFailure::Kind::malformed, "deletes what is not there"});
    }
    commits.emplace_back(id, taken);
    return {};
  }

  SecondarySettings settings;
  ZoneTable zones;
  Now now{Instant{hours{1}}, WallTime{hours{500'000}}};
  std::vector<Primary> primaries;
  std::optional<Secondary> secondary;
  std::set<ZoneId> busy;  // zones that the receiver is not ready for
  bool takes_deltas = true;
  std::size_t chunk = 0;  // octets in one arrival; 0: a whole message
  std::vector<std::pair<ZoneId, Sink>> commits;
  std::map<ConnectionId, std::size_t> peers;  // the secondary's connections
  std::set<ConnectionId> connected;
  std::size_t connects = 0, actions_at_once_max = 0;
  int turns = 0;

 private:
  static SecondarySettings make(const Setup& setup) {
    SecondarySettings settings;
    settings.limits = setup.limits;
    PrimaryList all;
    for (std::size_t i = 0; i < setup.primaries; ++i) {
      const auto octet = static_cast<std::uint8_t>(i + 1);
      const Endpoint own{dns::Ipv4{192, 0, 2, octet}, 53};
      settings.primaries.push_back({"ns" + std::to_string(i + 1),
                                    setup.endpoints.empty() ? own : setup.endpoints[i], setup.key});
      all.push_back(PrimaryId{static_cast<std::uint32_t>(i)});
    }
    for (std::size_t i = 0; i < setup.zones; ++i) {
      settings.zones.push_back({name("z" + std::to_string(i) + ".example"), all, {}});
    }
    return settings;
  }

  void passTo(Instant at) {
    now.wall += at - now.mono;
    now.mono = at;
  }

  void noteActions() {
    auto taken = secondary->takeActions();
    actions_at_once_max = std::max(actions_at_once_max, taken.size());
    for (Action& action : taken) actions_.push_back(std::move(action));
  }

  bool step() {
    if (actions_.empty()) return false;
    Action action = std::move(actions_.front());
    actions_.pop_front();
    std::visit([&](auto& each) { perform(each); }, action);
    return true;
  }
  void perform(Connect& connect) {
    ++connects;
    // Of several at one endpoint, the first answers for all.
    const auto at_peer = [&](const auto& each) { return each.endpoint == connect.peer; };
    const auto index = static_cast<std::size_t>(std::ranges::find_if(settings.primaries, at_peer) -
                                                settings.primaries.begin());
    const Primary& primary = primaries[index];
    peers[connect.connection] = index;
    if (primary.mode == Primary::Mode::deaf) return;
    if (primary.mode == Primary::Mode::refusing) {
      peers.erase(connect.connection);
      return secondary->onClosed(connect.connection, "connection refused", now);
    }
    connected.insert(connect.connection);
    secondary->onConnected(connect.connection, now);
  }
  void perform(Send& send) {
    ASSERT_TRUE(connected.contains(send.connection)) << "sent before connected, or after closed";
    Primary& primary = primaries[peers.at(send.connection)];
    const auto message = std::span<const std::uint8_t>(send.octets).subspan(2);
    ASSERT_EQ(message.size(), static_cast<std::size_t>(send.octets[0] << 8 | send.octets[1]));
    const Request request = read(send.connection, message, primary);
    primary.requests.push_back(request);
    if (primary.mode != Primary::Mode::serving) return;
    for (const auto& answer : primary.answer(request, now.wall)) {
      sendMessage(send.connection, answer);
    }
  }
  void perform(Close& close) {
    ASSERT_EQ(peers.erase(close.connection), 1u) << "closed twice, or what was never open";
    connected.erase(close.connection);
  }

  Request read(ConnectionId connection, std::span<const std::uint8_t> message,
               const Primary& primary) const {
    auto reader = dns::MessageReader::open(message);
    EXPECT_TRUE(reader.has_value());
    const auto question = reader->nextQuestion();
    EXPECT_TRUE(question.has_value() && question->has_value());
    Request request{connection,        reader->header().id, dns::Name((*question)->name),
                    (*question)->type, reader->header().rd, {}};
    if (primary.key) {
      const dns::TsigKey* const keys[] = {primary.key.get()};
      if (auto verified = dns::verifyRequest(message, keys, now.wall)) request.mac = verified->mac;
    }
    return request;
  }

  std::deque<Action> actions_;
  std::deque<Fact> facts;
};

}  // namespace zonecast::xfr::test
