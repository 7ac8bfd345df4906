#include "reconciler/query/answers.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <string>
#include <string_view>

namespace zonecast::query {
namespace {

using namespace std::chrono_literals;

// A resolver keeps an answer for whole seconds, its last one included.
constexpr Duration kCacheMargin = 1s;
constexpr Duration kTick = 50ms;
constexpr Duration kJitterMax = 60s;
constexpr std::uint32_t kJitterShare = 50;  // of a TTL
constexpr Duration kBurst = 100ms;          // how much unused rate is kept
constexpr std::size_t kWokenAtOnce = 10'000;

// What an authoritative server says of names that are not its own is nobody's word: the answer ends
// where an alias leads out.
Answer confined(Answer answer, const Resolver& resolver) {
  const auto leads_out = std::ranges::find_if(
      answer.aliases, [&](const Alias& alias) { return !resolver.speaksFor(alias.leads_to); });
  if (leads_out == answer.aliases.end()) return answer;
  answer.name = leads_out->leads_to;
  answer.aliases.erase(leads_out + 1, answer.aliases.end());
  answer.kind = Answer::Kind::elsewhere;
  answer.rrset.clear();
  return answer;
}

// The TTL for which an answer with aliases holds: the least of all of its parts.
dns::Ttl ttlOf(const Answer& answer) {
  std::optional<dns::Ttl> least;
  if (answer.kind != Answer::Kind::elsewhere) least = answer.ttl;
  for (const Alias& alias : answer.aliases) least = least ? std::min(*least, alias.ttl) : alias.ttl;
  return least.value_or(dns::Ttl());
}

bool isAbsence(Answer::Kind kind) {
  return kind == Answer::Kind::nodata || kind == Answer::Kind::nxdomain;
}

// What SIP puts before a domain's name (RFC 3263 section 4.2, schema/TXT.md), in wire format.
constexpr std::array<std::string_view, 7> kPrefixes{"",
                                                    "\4_sip\4_udp",
                                                    "\4_sip\4_tcp",
                                                    "\5_sips\4_tcp",
                                                    "\4_sip\3_ws",
                                                    "\5_sips\3_ws",
                                                    "\11_sipvhost"};

struct Split {
  std::uint8_t prefix = 0;
  dns::NameView site;
};

Split split(dns::NameView name) {
  for (std::size_t i = 1; i < kPrefixes.size(); ++i) {
    if (!name.wire().starts_with(kPrefixes[i])) continue;
    return {static_cast<std::uint8_t>(i),
            dns::NameView::fromCanonicalWire(name.wire().substr(kPrefixes[i].size()))};
  }
  return {0, name};
}

}  // namespace

bool Resolver::speaksFor(dns::NameView name) const {
  while (!apexes.contains(name)) {
    if (name.isRoot()) return false;
    name = name.parent();
  }
  return true;
}

Answers::Answers(const AnswerSettings& settings, std::vector<Resolver> resolvers,
                 std::uint64_t seed)
    : settings_(settings),
      resolvers_(std::move(resolvers)),
      random_(static_cast<std::minstd_rand::result_type>(seed)),
      index_(kShards, Index(0, Hash{this}, Equal{this})),
      budgets_{Budget{settings.asks_max, 0, 0}, Budget{settings.wanted_asks_max, 0, 0}} {}

void Answers::adopt(const AnswerSettings& settings, std::vector<Resolver> resolvers) {
  settings_ = settings;
  resolvers_ = std::move(resolvers);
  budget(Pool::refreshes).slots = settings.asks_max;
  budget(Pool::wanted).slots = settings.wanted_asks_max;
}

std::optional<QuestionId> Answers::find(const Key& key) const {
  const Split asked = split(key.name);
  const Index& index = shard(asked.site);
  const auto site = index.find(asked.site);
  if (site == index.end()) return std::nullopt;
  for (const QuestionId question : at(*site).questions) {
    const Entry& entry = at(question);
    if (entry.type == key.type && entry.prefix == asked.prefix && entry.resolver == key.resolver) {
      return question;
    }
  }
  return std::nullopt;
}

dns::Name Answers::nameOf(const Entry& entry) const {
  std::string wire(kPrefixes[entry.prefix]);
  wire += at(entry.site).name.view().wire();
  return dns::Name(dns::NameView::fromCanonicalWire(wire));
}

Answers::SiteId Answers::siteOf(dns::NameView name) {
  Index& index = shard(name);
  const auto known = index.find(name);
  if (known != index.end()) return *known;
  SiteId site{static_cast<std::uint32_t>(sites_.size())};
  if (free_sites_.empty()) {
    sites_.emplace_back();
  } else {
    site = free_sites_.back();
    free_sites_.pop_back();
  }
  at(site).name = dns::Name(name);
  index.insert(site);
  return site;
}

void Answers::leaveSite(QuestionId question) {
  const SiteId site = at(question).site;
  std::vector<QuestionId>& questions = at(site).questions;
  std::erase(questions, question);
  if (!questions.empty()) return;
  shard(at(site).name).erase(site);
  at(site) = Site();
  free_sites_.push_back(site);
}

QuestionId Answers::hold(const Key& key, Urgency urgency) {
  const auto known = find(key);
  const QuestionId question = known ? *known : make(key);
  hold(question, urgency);
  return question;
}

QuestionId Answers::make(const Key& key) {
  QuestionId question{static_cast<std::uint32_t>(entries_.size())};
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    question = free_.back();
    free_.pop_back();
  }
  Entry& entry = at(question);
  const Split asked = split(key.name);
  entry.prefix = asked.prefix;
  entry.type = key.type;
  entry.resolver = key.resolver;
  entry.site = siteOf(asked.site);
  at(entry.site).questions.push_back(question);
  ++tally_.questions;
  ++tally_.unanswered;
  return question;
}

// What is more urgent than it was stands in its former line still, and is passed over there.
void Answers::hold(QuestionId question, Urgency urgency) {
  Entry& entry = at(question);
  const bool is_new = !isHeld(entry);
  const bool gains = is_new || urgency < urgencyOf(entry);
  addHolder(question, urgency);
  if (is_new || (gains && entry.phase == Phase::ready)) makeReady(question);
}

void Answers::release(QuestionId question, Urgency urgency) {
  const Entry& entry = at(question);
  const Urgency before = urgencyOf(entry);
  removeHolder(question, urgency);
  if (!isHeld(entry)) return forget(question);
  if (urgencyOf(entry) != before && entry.phase == Phase::ready) makeReady(question);
}

void Answers::addHolder(QuestionId question, Urgency urgency) {
  std::uint8_t& count = at(question).holders[static_cast<std::size_t>(urgency)];
  if (count < std::numeric_limits<std::uint8_t>::max()) {
    ++count;
  } else {
    ++more_holders_[{question, urgency}];
  }
}

void Answers::removeHolder(QuestionId question, Urgency urgency) {
  std::uint8_t& count = at(question).holders[static_cast<std::size_t>(urgency)];
  assert(count > 0);
  const auto more = more_holders_.find({question, urgency});
  if (more == more_holders_.end()) {
    --count;
  } else if (--more->second == 0) {
    more_holders_.erase(more);
  }
}

bool Answers::isHeld(const Entry& entry) {
  return std::ranges::any_of(entry.holders, [](std::uint8_t count) { return count > 0; });
}

Urgency Answers::urgencyOf(const Entry& entry) {
  const auto first =
      std::ranges::find_if(entry.holders, [](std::uint8_t count) { return count > 0; });
  return static_cast<Urgency>(
      std::min<std::ptrdiff_t>(first - entry.holders.begin(), kUrgencies - 1));
}

void Answers::forget(QuestionId question) {
  Entry& entry = at(question);
  if (entry.phase == Phase::ready) --tally_.waiting;
  if (entry.phase == Phase::asked) {
    const auto ask = ask_of_.find(question);
    const auto under_way = under_way_.find(ask->second);
    giveBack(under_way->second);
    forgotten_.push_back(ask->second);
    if (under_way->second.is_scout) letFollow(entry.site);
    under_way_.erase(under_way);
    ask_of_.erase(ask);
  }
  if (!entry.kind) --tally_.unanswered;
  if (entry.kind && hasFailed(entry)) --tally_.failing;
  setExpired(entry, false);
  --tally_.questions;
  failures_.erase(question);
  leaveSite(question);
  entry = Entry();
  free_.push_back(question);
}

void Answers::makeReady(QuestionId question) {
  Entry& entry = at(question);
  if (entry.phase == Phase::waiting) ++tally_.waiting;
  entry.phase = Phase::ready;
  ready_[static_cast<std::size_t>(urgencyOf(entry))].push_back(question);
}

void Answers::refresh(QuestionId question, Instant now) {
  Entry& entry = at(question);
  if (entry.phase == Phase::asked) return;
  if (entry.phase == Phase::waiting) ++tally_.waiting;
  entry.phase = Phase::ready;
  entry.due = now;
  ready_[static_cast<std::size_t>(urgencyOf(entry))].push_front(question);
}

Answers::Tick Answers::tickOf(Instant instant) {
  return instant.time_since_epoch() / kTick + 1;  // not before it
}

void Answers::wait(QuestionId question, Instant due) {
  Entry& entry = at(question);
  entry.phase = Phase::waiting;
  entry.due = due;
  wheel_[tickOf(due)].push_back(question);
}

void Answers::wake(Instant now) {
  std::size_t woken = 0;
  while (!wheel_.empty() && wheel_.begin()->first * kTick <= now.time_since_epoch() &&
         woken < kWokenAtOnce) {
    const auto [tick, questions] = std::move(*wheel_.begin());
    wheel_.erase(wheel_.begin());
    for (const QuestionId question : questions) {
      const Entry& entry = at(question);
      const bool is_due =
          entry.phase == Phase::waiting && isHeld(entry) && tickOf(entry.due) == tick;
      if (is_due) makeReady(question);
    }
    woken += questions.size();
  }
}

void Answers::refill(Instant now) {
  const auto most = settings_.asks_per_second * std::chrono::duration<double>(kBurst).count();
  const auto elapsed = std::chrono::duration<double>(now - std::exchange(refilled_, now)).count();
  for (Budget& budget : budgets_) {
    budget.allowance =
        std::min(std::max(most, 1.0), budget.allowance + elapsed * settings_.asks_per_second);
  }
}

// The slots of what nobody answers go to others, so that a thousand lame names delay them by
// moments.
void Answers::sortOutSlow(Instant now) {
  for (; !quick_.empty(); quick_.pop_front()) {
    const auto under_way = under_way_.find(quick_.front().second);
    if (under_way == under_way_.end()) continue;
    if (now - quick_.front().first < kSlowAfter) return;
    if (slow_ >= settings_.asks_slow_max) continue;  // it keeps its slot
    giveBack(under_way->second);
    under_way->second.is_slow = true;
    ++slow_;
  }
}

void Answers::giveBack(const UnderWay& under_way) {
  --(under_way.is_slow ? slow_ : budget(under_way.pool).taken);
}

void Answers::letFollow(SiteId site) {
  scouted_.erase(site);
  for (const QuestionId question : at(site).questions) {
    if (at(question).phase == Phase::ready) followers_.push_back(question);
  }
}

std::optional<QuestionId> Answers::takeFrom(std::deque<QuestionId>& line, Urgency urgency) {
  while (!line.empty()) {
    const QuestionId question = line.front();
    line.pop_front();
    const Entry& entry = at(question);
    if (entry.phase == Phase::ready && urgencyOf(entry) == urgency) return question;
  }
  return std::nullopt;
}

std::optional<Answers::Next> Answers::nextReady(Urgency urgency) {
  const bool wants = urgency == Urgency::wanted;
  if (wants) {
    if (const auto follower = takeFrom(followers_, urgency)) return Next{*follower};
  }
  const Budget& slots = budget(poolOf(urgency));
  const bool is_scarce = wants && slots.taken >= slots.slots / 2;
  while (const auto question = takeFrom(ready_[static_cast<std::size_t>(urgency)], urgency)) {
    if (!is_scarce) return Next{*question};
    if (scouted_.insert(at(*question).site).second) return Next{*question, true};
  }
  return std::nullopt;
}

void Answers::askFrom(Urgency urgency, Instant now, std::vector<Ask>& asks) {
  const Pool pool = poolOf(urgency);
  Budget& slots = budget(pool);
  while (slots.taken < slots.slots && slots.allowance >= 1) {
    const auto next = nextReady(urgency);
    if (!next) return;
    Entry& entry = at(next->question);
    entry.phase = Phase::asked;
    --tally_.waiting;
    ++slots.taken;
    slots.allowance -= 1;
    const AskId id{++last_ask_};
    const bool was_waited_for = entry.due != Instant();
    under_way_.emplace(id, UnderWay{.question = next->question,
                                    .pool = pool,
                                    .lateness = was_waited_for ? now - entry.due : Duration(),
                                    .is_scout = next->is_scout});
    ask_of_.emplace(next->question, id);
    if (pool == Pool::refreshes) quick_.emplace_back(now, id);
    asks.push_back({id,
                    {{nameOf(entry), entry.type},
                     of(entry).upstream,
                     of(entry).dnssec,
                     urgency == Urgency::wanted}});
  }
}

std::vector<Answers::Ask> Answers::takeAsks(Instant now) {
  wake(now);
  refill(now);
  sortOutSlow(now);
  std::vector<Ask> asks;
  for (std::size_t i = 0; i < kUrgencies; ++i) askFrom(static_cast<Urgency>(i), now, asks);
  return asks;
}

// Or something that was: it is found out when it is taken.
bool Answers::hasReady(Urgency urgency) const {
  return !ready_[static_cast<std::size_t>(urgency)].empty() ||
         (urgency == Urgency::wanted && !followers_.empty());
}

std::optional<Instant> Answers::nextDeadline(Instant now) const {
  std::optional<Instant> next;
  if (!wheel_.empty()) next = Instant(wheel_.begin()->first * kTick);
  for (std::size_t i = 0; i < kUrgencies; ++i) {
    const Pool pool = poolOf(static_cast<Urgency>(i));
    const Budget& slots = budget(pool);
    if (!hasReady(static_cast<Urgency>(i))) continue;
    if (slots.taken >= slots.slots) {
      if (pool == Pool::refreshes && !quick_.empty()) {
        const Instant slow = std::max(now, quick_.front().first + kSlowAfter);
        next = next ? std::min(*next, slow) : slow;
      }
      continue;
    }
    const double missing = std::max(0.0, 1 - slots.allowance);
    const Instant ready = now + std::chrono::ceil<Duration>(std::chrono::duration<double>(
                                    missing / settings_.asks_per_second));
    next = next ? std::min(*next, ready) : ready;
  }
  return next;
}

Duration Answers::clamped(const Entry& entry) const {
  const Duration ttl = std::chrono::seconds(entry.ttl.seconds());
  const Duration most = isAbsence(*entry.kind)
                            ? std::min(settings_.negative_ttl_max, settings_.ttl_max)
                            : settings_.ttl_max;
  return std::max(settings_.ttl_min, std::min(ttl, most));
}

Duration Answers::jitter(Duration most) {
  return Duration(std::uniform_int_distribution<Duration::rep>(0, most.count())(random_));
}

Instant Answers::dueAfterAnswer(const Entry& entry) {
  Duration ttl = clamped(entry);
  if (urgencyOf(entry) == Urgency::idle) ttl = std::max(ttl, settings_.idle_interval);
  const bool is_cached = of(entry).upstream->kind == Upstream::Kind::resolver;
  return entry.answered + ttl + (is_cached ? kCacheMargin : Duration()) +
         jitter(std::min(ttl / kJitterShare, kJitterMax));
}

bool Answers::takeAnswer(QuestionId question, Answer answer, Instant now) {
  Entry& entry = at(question);
  if (of(entry).upstream->kind == Upstream::Kind::authoritative) {
    answer = confined(std::move(answer), of(entry));
  }
  if (!entry.kind) --tally_.unanswered;
  if (entry.kind && hasFailed(entry)) --tally_.failing;
  if (std::exchange(entry.failures, 0) > 0) failures_.erase(question);
  const bool had_expired = setExpired(entry, false);
  entry.answered = now;
  entry.ttl = ttlOf(answer);
  PackedAnswer packed(answer);
  const bool same = entry.kind == answer.kind && entry.authenticated == answer.authenticated &&
                    entry.answer == packed;
  entry.kind = answer.kind;
  entry.authenticated = answer.authenticated;
  entry.answer = std::move(packed);
  return !same || had_expired;
}

bool Answers::setExpired(Entry& entry, bool is_expired) {
  if (entry.is_expired == is_expired) return false;
  is_expired ? ++tally_.expired : --tally_.expired;
  entry.is_expired = is_expired;
  return true;
}

// True when its answer has expired with it, or, by other settings, has not.
bool Answers::takeFailure(QuestionId question, Failure failure, Instant now) {
  Entry& entry = at(question);
  if (entry.kind && !hasFailed(entry)) ++tally_.failing;
  failures_[question] = std::make_unique<const Failure>(std::move(failure));
  if (entry.failures < 0xff) ++entry.failures;
  return setExpired(entry, entry.kind && now - entry.answered >= settings_.expire);
}

std::optional<Answers::Change> Answers::onAnswered(AskId ask, Outcome outcome, Instant now) {
  const auto found = under_way_.find(ask);
  if (found == under_way_.end()) return std::nullopt;
  const UnderWay under_way = found->second;
  under_way_.erase(found);
  ask_of_.erase(under_way.question);
  giveBack(under_way);

  Entry& entry = at(under_way.question);
  if (under_way.is_scout) letFollow(entry.site);
  Change change{nameOf(entry), entry.type, false, !entry.kind && !hasFailed(entry),
                under_way.lateness};
  if (outcome) {
    change.changed = takeAnswer(under_way.question, *std::move(outcome), now);
    wait(under_way.question, dueAfterAnswer(entry));
    return change;
  }
  change.changed = takeFailure(under_way.question, std::move(outcome.error()), now);
  const unsigned doublings = std::min<unsigned>(entry.failures - 1u, 16);
  const Duration pause = std::min(settings_.retry_min * (1 << doublings), settings_.retry_max);
  wait(under_way.question, now + pause + jitter(pause / 4));
  return change;
}

Answers::State Answers::state(QuestionId question, Instant now) const {
  const Entry& entry = at(question);
  State state;
  state.kind = entry.kind;
  if (entry.kind) state.answer = &entry.answer;
  state.ttl = entry.ttl;
  state.authenticated = entry.authenticated;
  state.answered = entry.answered;
  if (hasFailed(entry)) state.failure = failures_.at(question).get();
  state.is_stale = entry.kind && now > entry.answered + clamped(entry) + kCacheMargin;
  return state;
}

Answers::Tally Answers::tally() const {
  Tally tally = tally_;
  tally.under_way = under_way_.size();
  tally.slow = slow_;
  return tally;
}

}  // namespace zonecast::query
