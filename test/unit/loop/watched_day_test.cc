// A simulated day with 100,000 watched names whose records have TTL 3600: what is asked, how often,
// and how evenly.

#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/container/flat_hash_map.h"
#include "reconciler/loop/reconciler.h"
#include "test/support/manual_clock.h"
#include "test/support/records.h"
#include "test/support/world_disk.h"
#include "test/support/world_transport.h"
#include "test/support/world_workers.h"

namespace zonecast::loop {
namespace {

using namespace std::chrono_literals;
using test::nameFromText;

constexpr std::size_t kNames = 100'000;
constexpr std::uint32_t kTtl_s = 3600;

// Every second name is hosted; the others are with another provider, all at one host.
class Answering final : public ports::Resolver {
 public:
  explicit Answering(const ports::Clock& clock) : clock_(clock) {}

  void ask(query::AskId ask, query::Request request) override {
    ++times_[{request.question.name, request.question.type}];
    ++in_second_[clock_.now().mono.time_since_epoch() / Duration(1s)];
    under_way_.emplace_back(ask, std::move(request.question));
  }
  void forget(query::AskId) override {}

  bool answerNext(ports::ResolverListener& listener) {
    if (under_way_.empty()) return false;
    const auto [ask, question] = std::move(under_way_.front());
    under_way_.pop_front();
    listener.onAnswered(ask, answerTo(question));
    return true;
  }

  // How many questions were asked so many times.
  std::map<std::size_t, std::size_t> questionsByTimes() const {
    std::map<std::size_t, std::size_t> questions;
    for (const auto& [question, times] : times_) ++questions[times];
    return questions;
  }
  std::size_t questions() const { return times_.size(); }
  std::size_t askedOnce() const {
    const auto questions = questionsByTimes();
    const auto once = questions.find(1);
    return once == questions.end() ? 0 : once->second;
  }
  std::size_t mostInOneSecond() const {
    std::size_t most = 0;
    for (const auto& [second, asks] : in_second_) most = std::max(most, asks);
    return most;
  }

 private:
  query::Answer answerTo(const query::Question& question) const {
    query::Answer answer{.kind = query::Answer::Kind::nodata,
                         .aliases = {},
                         .name = question.name,
                         .rrset = {},
                         .ttl = dns::Ttl(kTtl_s)};
    if (question.type == dns::RrType::srv) {
      const bool is_ours = question.name.toText().ends_with("0.example");
      answer.rrset = {is_ours ? ours_ : others_};
    } else if (question.type == dns::RrType::a) {
      answer.rrset = {{198, 51, 100, 1}};
    }
    if (!answer.rrset.empty()) answer.kind = query::Answer::Kind::data;
    return answer;
  }

  const ports::Clock& clock_;
  const query::Rdata ours_ =
      test::recordFromText("x.example. IN SRV 1 1 5060 sip.provider.example.").rdata;
  const query::Rdata others_ =
      test::recordFromText("x.example. IN SRV 1 1 5060 sip.carrier.example.").rdata;
  std::deque<std::pair<query::AskId, query::Question>> under_way_;
  absl::flat_hash_map<std::pair<dns::Name, dns::RrType>, std::size_t> times_;
  std::map<std::int64_t, std::size_t> in_second_;
};

// Takes whatever it is asked to hold.
class Taking final : public ports::StateStore {
 public:
  explicit Taking(const ports::Clock& clock) : clock_(clock) {}

  void open(plan::Term, const std::optional<plan::Position>&) override {
    next_ = [](ports::StateStoreListener& listener) {
      ports::StoredState state;
      state.term = plan::Term{1};
      listener.onStoreOpened(std::move(state), false);
    };
  }
  void publish(ports::Publication publication, const plan::Table& after) override {
    take({publication.expected.lineage, publication.version, {}}, after);
  }
  void rebase(const std::optional<plan::Position>&, plan::Position next,
              const plan::Table& table) override {
    take(std::move(next), table);
  }

  bool answer(ports::StateStoreListener& listener) {
    if (!next_) return false;
    std::exchange(next_, nullptr)(listener);
    return true;
  }
  Instant lastPublication() const { return last_publication_; }
  std::size_t domains() const { return domains_; }

 private:
  void take(plan::Position position, const plan::Table& table) {
    last_publication_ = clock_.now().mono;
    domains_ = table.domains.size();
    next_ = [position = std::move(position)](ports::StateStoreListener& listener) {
      listener.onPublished(position);
    };
  }

  const ports::Clock& clock_;
  std::function<void(ports::StateStoreListener&)> next_;
  Instant last_publication_{};
  std::size_t domains_ = 0;
};

class Silent final : public ports::Journal {
 public:
  void record(const ports::Fact&) override {}
};

class WatchedDay : public testing::Test {
 protected:
  WatchedDay() {
    derive::EdgeRule rule{.name = "edge[0]"};
    rule.hosts.push_back(nameFromText("sip.provider.example"));
    rule.ports.push_back({derive::Transport::udp, 5060});
    settings_.edge.rules.push_back(std::move(rule));
    settings_.derive.transports = {};
    settings_.derive.transports.insert(derive::Transport::udp);
    settings_.resolvers.push_back(
        {query::Upstream{query::Upstream::Kind::resolver, {{dns::Ipv4{127, 0, 0, 1}, 53}}},
         {},
         {}});
    settings_.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    settings_.customers.back().resolver = query::ResolverId{0};
    for (std::size_t i = 0; i < kNames; ++i) {
      settings_.watched.push_back(
          {nameFromText(fmt::format("d{}{}.example", i / 2, i % 2)), view::CustomerId{0}});
    }
  }

  void pass(Duration by) {
    const Instant end = clock_.now().mono + by;
    for (;;) {
      while (resolver_.answerNext(*reconciler_) || work() || store_.answer(*reconciler_)) {
      }
      const Instant next = std::min(reconciler_->nextDeadline().value_or(end), end);
      clock_.advance(std::max(next - clock_.now().mono, Duration()));
      if (next == end) return;
      reconciler_->onTimer();
    }
  }
  bool work() {
    if (!reconciler_->hasWork()) return false;
    reconciler_->work();
    return true;
  }

  Settings settings_;
  test::ManualClock clock_;
  test::Trace trace_;
  test::WorldTransport::Primaries primaries_;
  test::WorldTransport transport_{primaries_, trace_};
  test::WorldWorkers workers_{trace_};
  test::WorldDisk disk_;
  Silent journal_;
  Answering resolver_{clock_};
  Taking store_{clock_};
  std::optional<Reconciler> reconciler_;
};

TEST_F(WatchedDay, EachQuestionIsAskedOnceAnHour) {
  reconciler_.emplace(settings_,
                      Ports{clock_, transport_, resolver_, workers_, store_, disk_, journal_}, 1);
  reconciler_->start({});
  const Instant begin = clock_.now().mono;
  pass(24h);

  // NAPTR and SRV of each, the claims of those that are hosted, and the addresses of the others'.
  // Some more claims were asked for ahead, before it was known that they are of no interest.
  const std::size_t regular = resolver_.questions() - resolver_.askedOnce();
  EXPECT_EQ(regular, 2 * kNames + kNames / 2 + 2);
  EXPECT_LE(resolver_.askedOnce(), kNames / 2);
  EXPECT_EQ(store_.domains(), kNames / 2);
  EXPECT_LT(store_.lastPublication() - begin, 1h);
  for (const auto& [times, questions] : resolver_.questionsByTimes()) {
    if (times == 1) continue;
    EXPECT_THAT(times, testing::AllOf(testing::Ge(23u), testing::Le(25u))) << questions;
  }
  // The rate that the settings allow, and what was saved up of it.
  EXPECT_LE(resolver_.mostInOneSecond(), settings_.answers.asks_per_second * 11 / 10);
}

}  // namespace
}  // namespace zonecast::loop
