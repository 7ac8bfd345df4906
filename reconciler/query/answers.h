// What was answered, for as long as somebody rests on it, and when each question is asked again:
// sans-IO.
//
//   held by somebody -> ready -> asked -> waiting until its TTL is over -> ready -> ...
//                                  |
//                                  '-- failed: what was answered stays; waiting for the next try
//
// Identical questions are one. Hosted domains are asked for first, and what workers wanted has
// slots of its own, and little patience, so that a flood of it costs these and delays no refresh.
// When these are scarce, one of a wanted domain's questions goes ahead, and the others follow when
// it is back: a domain that nobody answers for takes one slot from the others, not one for each
// question. More that is due than the budget serves waits: answers then live longer than their TTL,
// those of hosted domains last.
//
// Invariants: a question that nobody holds is forgotten, and its answer with it. No question is
// asked again before its TTL, clamped, is over, nor sooner than `retry_min` after a failure, unless
// refresh() says so. A failure changes no answer (RFC 8767 section 4). Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "reconciler/query/answer.h"
#include "reconciler/query/packed_answer.h"
#include "reconciler/query/question.h"
#include "reconciler/time.h"

namespace zonecast::query {

// Whom to ask, and how: its index among the resolvers.
enum class ResolverId : std::uint32_t {};

struct Resolver {
  Shared<Upstream> upstream;
  DnssecPolicy dnssec{};
  // Of an authoritative upstream: the names that it may speak for, and all below them.
  absl::flat_hash_set<dns::Name, dns::NameHash, dns::NameEqual> apexes;

  bool speaksFor(dns::NameView name) const;

  friend bool operator==(const Resolver&, const Resolver&) = default;
};

struct AnswerSettings {
  Duration ttl_min = std::chrono::seconds{30}, ttl_max = std::chrono::hours{24};
  Duration negative_ttl_max =
      std::chrono::hours{3};  // RFC 2308 section 5 advises one to three hours
  Duration retry_min = std::chrono::seconds{5}, retry_max = std::chrono::minutes{5};
  Duration expire = std::chrono::hours{7 * 24};     // since it was answered, while asking fails
  Duration idle_interval = std::chrono::hours{24};  // at least, between refreshes of what is idle
  std::uint32_t asks_max = 256;                     // under way, for all but what is wanted
  std::uint32_t wanted_asks_max = 64;               // and for that
  std::uint32_t asks_slow_max = 10'000;             // beyond asks_max: older than kSlowAfter
  std::uint32_t asks_per_second = 5000;             // of each of the two
};

// An ask that is not over by then is one of those that the port has put behind the others
// (query/dispatcher.h), and keeps none of them waiting here either.
inline constexpr Duration kSlowAfter = std::chrono::seconds{2};

enum class QuestionId : std::uint32_t {};

// What a question is held for.
enum class Urgency : std::uint8_t { hosted, watched, wanted, idle };
inline constexpr std::size_t kUrgencies = 4;

class Answers {
 public:
  Answers(const AnswerSettings& settings, std::vector<Resolver> resolvers, std::uint64_t seed);

  // Resolvers stay as they are under their ids; more may stand behind them.
  void adopt(const AnswerSettings& settings, std::vector<Resolver> resolvers);

  struct Key {
    ResolverId resolver{};
    dns::NameView name;
    dns::RrType type{};
  };
  std::optional<QuestionId> find(const Key& key) const;

  // Each hold() is ended by a release() with the same urgency.
  QuestionId hold(const Key& key, Urgency urgency);
  void hold(QuestionId question, Urgency urgency);  // one that is held
  void release(QuestionId question, Urgency urgency);

  struct State {
    std::optional<Answer::Kind> kind;      // nothing: it was not answered yet
    const PackedAnswer* answer = nullptr;  // with it
    dns::Ttl ttl;                          // the least of all its parts, as it came
    bool authenticated = false;
    Instant answered{};
    const Failure* failure = nullptr;  // of the last ask; an answer is from before
    bool is_stale = false;             // its TTL is over
  };
  State state(QuestionId question, Instant now) const;
  dns::Name name(QuestionId question) const { return nameOf(at(question)); }
  dns::RrType type(QuestionId question) const { return at(question).type; }
  const Resolver& resolverOf(QuestionId question) const { return of(at(question)); }
  bool isPending(QuestionId question) const {  // it has neither been answered nor failed
    return !at(question).kind && !hasFailed(at(question));
  }
  bool isAnswered(QuestionId question) const { return at(question).kind.has_value(); }
  // Its answer was not renewed for `expire`; the last try failed.
  bool isExpired(QuestionId question) const { return at(question).is_expired; }
  bool isUnderWay(QuestionId question) const { return at(question).phase != Phase::waiting; }
  // When it was answered last; long ago when it never was.
  Instant answered(QuestionId question) const { return at(question).answered; }
  Instant due(QuestionId question) const { return at(question).due; }

  // To be asked as soon as there is a slot, whatever its TTL.
  void refresh(QuestionId question, Instant now);

  struct Ask {
    AskId id{};
    Request request;
  };
  // What is to be asked now, and which asks are of no interest any more.
  std::vector<Ask> takeAsks(Instant now);
  std::vector<AskId> takeForgotten() { return std::exchange(forgotten_, {}); }
  std::optional<Instant> nextDeadline(Instant now) const;

  struct Change {
    dns::Name name;
    dns::RrType type{};
    bool changed = false;   // another answer than before, or expired; TTLs do not count
    bool is_first = false;  // it has neither been answered nor failed before
    Duration lateness{};    // how long after it was due it was asked
  };
  // Nothing: of an ask that was forgotten.
  std::optional<Change> onAnswered(AskId ask, Outcome outcome, Instant now);

  struct Tally {
    std::size_t questions = 0, unanswered = 0, failing = 0;  // failing: of those with an answer
    std::size_t expired = 0;                                 // of the failing ones
    std::size_t under_way = 0, waiting = 0;                  // asked; due and not asked yet
    std::size_t slow = 0;  // of those under way: they count for asks_slow_max
  };
  Tally tally() const;

 private:
  enum class Phase : std::uint8_t { waiting, ready, asked };
  enum class Pool : std::uint8_t { refreshes, wanted };  // each with slots and a rate of its own
  static constexpr std::size_t kPools = 2;

  // Questions about names that differ only in a prefix that SIP gives them stand together, and
  // share the rest of the name.
  enum class SiteId : std::uint32_t {};
  struct Site {
    dns::Name name;
    std::vector<QuestionId> questions;
  };
  // A watched domain has eight, and there may be a million of these: what few have stands beside.
  struct Entry {
    SiteId site{};
    ResolverId resolver{};
    dns::RrType type{};
    std::uint8_t prefix = 0;  // which of kPrefixes
    Phase phase = Phase::waiting;
    std::uint8_t failures = 0;  // in a row; the last stands in failures_
    bool authenticated = false;
    bool is_expired = false;
    std::optional<Answer::Kind> kind;
    dns::Ttl ttl;
    std::array<std::uint8_t, kUrgencies> holders{};  // what is beyond stands in more_holders_
    Instant answered{}, due{};
    PackedAnswer answer;
  };
  // For a flat_hash_set of sites that is searched by names.
  struct Hash {
    using is_transparent = void;
    const Answers* answers;
    std::size_t operator()(dns::NameView name) const { return absl::HashOf(name); }
    std::size_t operator()(SiteId site) const { return (*this)(answers->at(site).name.view()); }
  };
  struct Equal {
    using is_transparent = void;
    const Answers* answers;
    bool operator()(SiteId a, SiteId b) const { return a == b; }
    bool operator()(SiteId site, dns::NameView name) const {
      return answers->at(site).name == name;
    }
    bool operator()(dns::NameView name, SiteId site) const { return (*this)(site, name); }
  };
  using Index = absl::flat_hash_set<SiteId, Hash, Equal>;
  struct UnderWay {
    QuestionId question{};
    Pool pool{};
    Duration lateness{};
    bool is_slow = false;   // it has given its slot back
    bool is_scout = false;  // others about its site follow when it is back
  };
  struct Budget {
    std::size_t slots = 0, taken = 0;
    double allowance = 0;  // asks that the rate permits now
  };

  Entry& at(QuestionId question) { return entries_[static_cast<std::size_t>(question)]; }
  const Entry& at(QuestionId question) const {
    return entries_[static_cast<std::size_t>(question)];
  }
  Site& at(SiteId site) { return sites_[static_cast<std::size_t>(site)]; }
  const Site& at(SiteId site) const { return sites_[static_cast<std::size_t>(site)]; }
  const Resolver& of(const Entry& entry) const {
    return resolvers_[static_cast<std::size_t>(entry.resolver)];
  }
  dns::Name nameOf(const Entry& entry) const;
  Index& shard(dns::NameView site) { return index_[Hash{this}(site) % kShards]; }
  const Index& shard(dns::NameView site) const { return index_[Hash{this}(site) % kShards]; }

  static Urgency urgencyOf(const Entry& entry);
  static bool isHeld(const Entry& entry);
  static bool hasFailed(const Entry& entry) { return entry.failures > 0; }
  void addHolder(QuestionId question, Urgency urgency);
  void removeHolder(QuestionId question, Urgency urgency);
  QuestionId make(const Key& key);
  SiteId siteOf(dns::NameView name);
  void leaveSite(QuestionId question);
  void forget(QuestionId question);
  void makeReady(QuestionId question);
  void wait(QuestionId question, Instant due);
  void wake(Instant now);
  void refill(Instant now);
  void sortOutSlow(Instant now);
  void giveBack(const UnderWay& under_way);
  void letFollow(SiteId site);
  struct Next {
    QuestionId question{};
    bool is_scout = false;
  };
  std::optional<QuestionId> takeFrom(std::deque<QuestionId>& line, Urgency urgency);
  std::optional<Next> nextReady(Urgency urgency);
  static Pool poolOf(Urgency urgency) {
    return urgency == Urgency::wanted ? Pool::wanted : Pool::refreshes;
  }
  Budget& budget(Pool pool) { return budgets_[static_cast<std::size_t>(pool)]; }
  const Budget& budget(Pool pool) const { return budgets_[static_cast<std::size_t>(pool)]; }
  bool hasReady(Urgency urgency) const;
  void askFrom(Urgency urgency, Instant now, std::vector<Ask>& asks);
  Duration clamped(const Entry& entry) const;
  Duration jitter(Duration most);
  Instant dueAfterAnswer(const Entry& entry);
  bool takeAnswer(QuestionId question, Answer answer, Instant now);
  bool takeFailure(QuestionId question, Failure failure, Instant now);
  bool setExpired(Entry& entry, bool is_expired);  // true when it was otherwise

  static constexpr std::size_t kShards = 256;  // so that one that grows moves few
  using Tick = std::int64_t;
  static Tick tickOf(Instant instant);

  AnswerSettings settings_;
  std::vector<Resolver> resolvers_;
  std::minstd_rand random_;
  std::deque<Entry> entries_;
  std::vector<QuestionId> free_;
  absl::flat_hash_map<QuestionId, std::unique_ptr<const Failure>> failures_;
  absl::flat_hash_map<std::pair<QuestionId, Urgency>, std::uint32_t> more_holders_;
  std::deque<Site> sites_;
  std::vector<SiteId> free_sites_;
  std::vector<Index> index_;
  // By when they are due. One that was forgotten, or is due at another time now, stands there
  // still.
  absl::btree_map<Tick, std::vector<QuestionId>> wheel_;
  std::array<std::deque<QuestionId>, kUrgencies> ready_;  // likewise
  std::deque<QuestionId> followers_;                      // wanted; likewise
  absl::flat_hash_set<SiteId> scouted_;                   // sites with a scout under way
  absl::flat_hash_map<AskId, UnderWay> under_way_;
  absl::flat_hash_map<QuestionId, AskId> ask_of_;
  std::deque<std::pair<Instant, AskId>> quick_;  // refreshes, asked when; also of what is over
  std::size_t slow_ = 0;
  std::vector<AskId> forgotten_;
  std::array<Budget, kPools> budgets_;
  Instant refilled_{};
  std::uint64_t last_ask_ = 0;
  Tally tally_;
};

}  // namespace zonecast::query
