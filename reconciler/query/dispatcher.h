// Who is asked what, when, and how often: the life of an ask, sans-IO.
//
// An ask waits in the quick line of its server. Its first try is a glance: a server that knows
// replies within it. Who does not is tried again patiently in the slow line, which has a small
// share of the slots, so that a thousand names that nobody answers for delay one that somebody does
// by a glance and not by their patience. An error, or a server that is lame, sends an ask to its
// upstream's next server, and ends it after the last; the server that answered is asked first next
// time. A truncated reply is asked for again over
// TCP, with all tries anew, one at a time before an authoritative server.
//
// A brief ask has its glance alone.
//
// What has failed is quarantined (quarantine.h): until its time is over, asks for it fail at once
// as it last failed; after that they begin in the slow line, until one succeeds.
//
// Events and the time go in; act() gives what is to be done now. Each Send is followed by onReply()
// or onFailed() with its TryId, however late: before that its slot is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "reconciler/query/answer.h"
#include "reconciler/query/lines.h"
#include "reconciler/query/quarantine.h"
#include "reconciler/query/question.h"
#include "reconciler/time.h"

namespace zonecast::query {

enum class TryId : std::uint64_t {};
enum class Transport : std::uint8_t { udp, tcp };

struct Patience {
  Duration each{};
  unsigned tries = 1;
};

struct DispatcherSettings {
  std::size_t quick_slots = 160, slow_slots = 40, tcp_slots = 16;
  std::size_t quick_share = 50, slow_share = 8;  // of these, for an authoritative server
  Duration glance = std::chrono::seconds{1};
  Patience authoritative{std::chrono::seconds{2}, 3};
  Patience resolver{std::chrono::seconds{5}, 2};
  Quarantine::Settings quarantine;
};

struct Send {
  TryId id{};
  xfr::Endpoint server;
  Transport transport{};
  Question question;
  bool recursion = false;          // RD
  bool checking_disabled = false;  // CD
  Duration patience{};
};
struct Report {
  AskId ask{};
  Outcome outcome;
};
using Action = std::variant<Send, Report>;

class Dispatcher {
 public:
  explicit Dispatcher(const DispatcherSettings& settings);

  void ask(AskId id, Request request);
  void forget(AskId id) { asks_.erase(id); }
  // Of a try that is over already: ignored.
  void onReply(TryId id, std::span<const std::uint8_t> reply, Instant now);
  void onFailed(TryId id, Failure failure, Instant now);  // timeout, unreachable or malformed

  // A piece of it, while moreToDo() is true afterwards.
  std::vector<Action> act(Instant now);
  bool moreToDo() const { return more_to_do_; }

 private:
  enum class Line : std::uint8_t { quick, slow, tcp };
  struct Ask {
    Request request;
    Line line = Line::quick;
    std::size_t server = 0;       // of the upstream's
    std::size_t turned_down = 0;  // servers that replied, and not with an answer
    unsigned tries_left = 0;      // patient ones, after the present one
    bool tried = false;
  };
  struct Try {
    AskId ask{};
    Line line{};
    xfr::Endpoint server;
  };
  using Asks = absl::flat_hash_map<AskId, Ask>;

  Lines& lines(Line line);
  Patience patienceWith(const Ask& ask) const;
  void enqueue(AskId id, Ask& ask);
  void moveTo(Line line, AskId id, Ask& ask);
  std::size_t preferredServer(const Ask& ask) const;
  void prefer(const Ask& ask);
  void useNextServer(Ask& ask);
  Asks::iterator endTry(TryId id);
  void takeOutcome(Asks::iterator asked, Outcome outcome, Instant now);
  void takeFailure(Asks::iterator asked, Failure failure, Instant now);
  void conclude(Asks::iterator asked, Outcome outcome);
  void fillSlots(Line line, Instant now);
  bool isHeldBack(Asks::iterator asked, Instant now);
  void send(AskId id, Ask& ask);

  const DispatcherSettings settings_;
  Quarantine quarantine_;
  Asks asks_;
  absl::flat_hash_map<TryId, Try> tries_;
  std::uint64_t last_try_ = 0;
  Lines quick_, slow_, tcp_;
  // Of upstreams, by their first server: the one that answered last, where it is not the first.
  std::map<xfr::Endpoint, std::size_t> preferred_;
  std::vector<Action> actions_;
  bool more_to_do_ = false;
};

}  // namespace zonecast::query
