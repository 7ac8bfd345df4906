#include "reconciler/query/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/records.h"

namespace zonecast::query {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Instant kStart{1000s};

class AnswersTest : public ::testing::Test {
 protected:
  static Resolver resolver(Upstream::Kind kind) {
    return {Upstream{kind, {{dns::Ipv4{127, 0, 0, 1}, 53}}}, DnssecPolicy::prefer, {}};
  }
  Answers& answers() {
    if (!answers_) {
      Resolver authority = resolver(Upstream::Kind::authoritative);
      authority.apexes.insert(test::nameFromText("example.com"));
      answers_.emplace(settings_, std::vector{resolver(Upstream::Kind::resolver), authority}, 1);
    }
    return *answers_;
  }
  QuestionId hold(std::string_view name, Urgency urgency = Urgency::watched,
                  dns::RrType type = dns::RrType::a, ResolverId resolver = {}) {
    return answers().hold({resolver, test::nameFromText(name), type}, urgency);
  }
  static Answer data(std::string_view name, std::uint32_t ttl, std::uint8_t last = 1) {
    return {Answer::Kind::data, {},   test::nameFromText(name), {{192, 0, 2, last}},
            dns::Ttl(ttl),      false};
  }
  static Answer absence(Answer::Kind kind, std::string_view name, std::uint32_t ttl) {
    return {kind, {}, test::nameFromText(name), {}, dns::Ttl(ttl), false};
  }
  static tl::unexpected<Failure> failed() {
    return tl::unexpected(Failure{Failure::Why::servfail, "SERVFAIL from 127.0.0.1:53"});
  }
  // The names that are asked about at `now`, in order.
  std::vector<std::string> asked(Instant now) {
    std::vector<std::string> names;
    for (Answers::Ask& ask : answers().takeAsks(now)) {
      names.push_back(ask.request.question.name.toText());
      last_ = ask.id;
    }
    return names;
  }
  // Moves on to the next question, which is returned, at most to `end`.
  std::optional<Instant> nextAskBefore(Instant now, Instant end) {
    while (const auto next = answers().nextDeadline(now)) {
      now = std::max(*next, now);
      if (now > end) break;
      if (!asked(now).empty()) return now;
      now += 1us;
    }
    return std::nullopt;
  }

  AnswerSettings settings_;
  std::optional<Answers> answers_;
  AskId last_{};
};

TEST_F(AnswersTest, WhatNobodyHoldsIsNotThere) {
  const QuestionId question = hold("a.example");
  EXPECT_EQ(hold("a.example"), question);
  EXPECT_EQ(answers().tally().questions, 1u);
  answers().release(question, Urgency::watched);
  EXPECT_TRUE(answers().find({{}, test::nameFromText("a.example"), dns::RrType::a}));
  answers().release(question, Urgency::watched);
  EXPECT_FALSE(answers().find({{}, test::nameFromText("a.example"), dns::RrType::a}));
  EXPECT_THAT(asked(kStart), IsEmpty());
  EXPECT_EQ(answers().tally().waiting, 0u);
}

TEST_F(AnswersTest, NamesAreWhatTheyWereWhateverTheirPrefix) {
  std::vector<std::string> names{"example.com",
                                 "_sip._udp.example.com",
                                 "_sip._tcp.example.com",
                                 "_sips._tcp.example.com",
                                 "_sip._ws.example.com",
                                 "_sips._ws.example.com",
                                 "_sipvhost.example.com",
                                 "_sip.example.com",
                                 "_sipvhost._sip._udp.example.com"};
  std::vector<QuestionId> questions;
  for (const std::string& name : names) questions.push_back(hold(name));
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(answers().name(questions[i]).toText(), names[i]);
    EXPECT_EQ(answers().find({{}, test::nameFromText(names[i]), dns::RrType::a}), questions[i]);
  }
  EXPECT_THAT(asked(kStart), ::testing::UnorderedElementsAreArray(names));
  for (std::size_t i = 0; i < names.size(); ++i) answers().release(questions[i], Urgency::watched);
  EXPECT_EQ(answers().tally().questions, 0u);
  for (const std::string& name : names) {
    EXPECT_FALSE(answers().find({{}, test::nameFromText(name), dns::RrType::a})) << name;
  }
}

TEST_F(AnswersTest, WhatWasAnsweredIsThereToRead) {
  const QuestionId question = hold("a.example");
  asked(kStart);
  Answer answer = data("c.example", 60, 1);
  answer.rrset.push_back({192, 0, 2, 2});
  answer.rrset.push_back(Rdata(1000, 7));
  answer.aliases = {{dns::RrType::cname, test::nameFromText("a.example"),
                     test::nameFromText("a.b.example"), dns::Ttl(60)},
                    {dns::RrType::dname, test::nameFromText("b.example"),
                     test::nameFromText("c.example"), dns::Ttl(50)}};
  answers().onAnswered(last_, answer, kStart);
  const Answers::State state = answers().state(question, kStart);
  const auto aliases = state.answer->aliases();
  ASSERT_THAT(aliases, SizeIs(2));
  EXPECT_EQ(aliases[0].owner.toText(), "a.example");
  EXPECT_EQ(aliases[1].type, dns::RrType::dname);
  EXPECT_EQ(aliases[1].leads_to.toText(), "c.example");
  const auto rrset = state.answer->rrset();
  ASSERT_THAT(rrset, SizeIs(3));
  EXPECT_THAT(rrset[1], ElementsAre(192, 0, 2, 2));
  EXPECT_THAT(rrset[2], SizeIs(1000));
  EXPECT_EQ(state.ttl, dns::Ttl(50));
}

TEST_F(AnswersTest, IdenticalQuestionsAreAskedOnce) {
  hold("a.example");
  hold("a.example", Urgency::hosted);
  hold("a.example", Urgency::watched, dns::RrType::aaaa);
  EXPECT_THAT(asked(kStart), ElementsAre("a.example", "a.example"));
  EXPECT_THAT(asked(kStart + 1h), IsEmpty());  // while they are under way
}

TEST_F(AnswersTest, AnAskThatNobodyWaitsForIsForgotten) {
  const QuestionId question = hold("a.example");
  asked(kStart);
  answers().release(question, Urgency::watched);
  EXPECT_THAT(answers().takeForgotten(), ElementsAre(last_));
  EXPECT_FALSE(answers().onAnswered(last_, data("a.example", 60), kStart));
}

TEST_F(AnswersTest, AnAnswerHoldsForItsTtlAndIsAskedAgainJustAfter) {
  const QuestionId question = hold("a.example");
  asked(kStart);
  const auto change = answers().onAnswered(last_, data("a.example", 300), kStart);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->changed);
  EXPECT_TRUE(change->is_first);
  EXPECT_FALSE(answers().state(question, kStart + 300s).is_stale);
  const auto again = nextAskBefore(kStart, kStart + 1h);
  ASSERT_TRUE(again);
  EXPECT_GT(*again, kStart + 301s);  // a resolver's cache has let go of it
  EXPECT_LT(*again, kStart + 308s);
  const auto same = answers().onAnswered(last_, data("a.example", 300), *again);
  ASSERT_TRUE(same);
  EXPECT_FALSE(same->changed);
  EXPECT_FALSE(same->is_first);
}

TEST_F(AnswersTest, TtlsAreClamped) {
  struct Case {
    Answer answer;
    Duration holds;
  };
  const std::vector<Case> cases{
      {data("a.example", 0), 30s},
      {data("a.example", 0x80000000), 30s},  // RFC 2181 section 8: it means 0
      {data("a.example", 0x7fffffff), 24h},
      {absence(Answer::Kind::nodata, "a.example", 900), 900s},
      {absence(Answer::Kind::nxdomain, "a.example", 86'400), 3h},  // RFC 2308 section 5
  };
  for (const Case& c : cases) {
    answers_.reset();
    hold("a.example");
    asked(kStart);
    answers().onAnswered(last_, c.answer, kStart);
    EXPECT_FALSE(nextAskBefore(kStart, kStart + c.holds)) << c.answer.ttl.seconds();
    EXPECT_TRUE(nextAskBefore(kStart, kStart + c.holds + 61s)) << c.answer.ttl.seconds();
  }
}

TEST_F(AnswersTest, AnAliasOfAShortTtlEndsTheAnswer) {
  hold("a.example");
  asked(kStart);
  Answer answer = data("b.example", 3600);
  answer.aliases.push_back({dns::RrType::cname, test::nameFromText("a.example"),
                            test::nameFromText("b.example"), dns::Ttl(60)});
  answers().onAnswered(last_, answer, kStart);
  EXPECT_TRUE(nextAskBefore(kStart, kStart + 65s));
}

TEST_F(AnswersTest, AFailureChangesNoAnswer) {
  const QuestionId question = hold("a.example");
  asked(kStart);
  answers().onAnswered(last_, data("a.example", 60), kStart);
  const auto due = nextAskBefore(kStart, kStart + 2min);
  ASSERT_TRUE(due);
  const auto change = answers().onAnswered(last_, failed(), *due);
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->changed);
  const Answers::State state = answers().state(question, *due);
  EXPECT_EQ(state.kind, Answer::Kind::data);
  EXPECT_TRUE(state.is_stale);
  ASSERT_NE(state.failure, nullptr);
  EXPECT_EQ(answers().tally().failing, 1u);
  const auto retry = nextAskBefore(*due, *due + 1h);
  ASSERT_TRUE(retry);
  answers().onAnswered(last_, data("a.example", 60), *retry);
  EXPECT_EQ(answers().tally().failing, 0u);
  EXPECT_EQ(answers().state(question, *retry).failure, nullptr);
}

TEST_F(AnswersTest, FailuresAreRetriedEverLater) {
  hold("a.example");
  Instant now = kStart;
  asked(now);
  Duration before{};
  for (const Duration pause : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    answers().onAnswered(last_, failed(), now);
    EXPECT_FALSE(nextAskBefore(now, now + pause - 1us));
    const auto again = nextAskBefore(now, now + pause + pause / 4 + 100ms);
    ASSERT_TRUE(again);
    EXPECT_GE(*again - now, before);
    before = pause;
    now = *again;
  }
}

TEST_F(AnswersTest, WhatChangedIsSaid) {
  const auto changes = [this](const Answer& first, const Answer& second) {
    answers_.reset();
    hold("a.example");
    asked(kStart);
    answers().onAnswered(last_, first, kStart);
    const auto again = nextAskBefore(kStart, kStart + 4h);
    return answers().onAnswered(last_, second, *again)->changed;
  };
  const Answer nodata = absence(Answer::Kind::nodata, "a.example", 60);
  EXPECT_TRUE(changes(data("a.example", 60, 1), data("a.example", 60, 2)));
  EXPECT_FALSE(changes(data("a.example", 60, 1), data("a.example", 90, 1)));
  EXPECT_TRUE(changes(data("a.example", 60), nodata));
  EXPECT_TRUE(changes(nodata, absence(Answer::Kind::nxdomain, "a.example", 60)));
  EXPECT_FALSE(changes(nodata, nodata));
  EXPECT_TRUE(changes(nodata, absence(Answer::Kind::nodata, "b.example", 60)) == false);
}

TEST_F(AnswersTest, HostedOnesAreAskedFirstAndWantedOnesHaveSlotsOfTheirOwn) {
  settings_.asks_max = 2;
  settings_.wanted_asks_max = 1;
  hold("idle.example", Urgency::idle);
  hold("watched.example", Urgency::watched);
  hold("wanted.example", Urgency::wanted);
  hold("wanted2.example", Urgency::wanted);
  hold("hosted.example", Urgency::hosted);
  EXPECT_THAT(asked(kStart), ElementsAre("hosted.example", "watched.example", "wanted.example"));
  EXPECT_EQ(answers().tally().waiting, 2u);
  answers().onAnswered(last_, data("wanted.example", 60), kStart);
  EXPECT_THAT(asked(kStart), ElementsAre("wanted2.example"));
}

TEST_F(AnswersTest, WantedDomainsThatNobodyAnswersForTakeOneSlotEach) {
  settings_.wanted_asks_max = 4;
  const auto want = [this](const std::string& domain) {
    for (const char* prefix : {"", "_sip._udp.", "_sip._tcp."})
      hold(prefix + domain, Urgency::wanted);
  };
  for (const char* domain : {"1.mute", "2.mute", "3.mute", "good"}) want(domain);
  // As long as there are slots, all about a domain at once.
  EXPECT_THAT(asked(kStart),
              ElementsAre("1.mute", "_sip._udp.1.mute", "_sip._tcp.1.mute", "2.mute"));
  answers().onAnswered(last_, failed(), kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("_sip._udp.2.mute"));
  answers().onAnswered(last_, failed(), kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("_sip._tcp.2.mute"));
  answers().onAnswered(last_, failed(), kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("3.mute"));
  answers().onAnswered(AskId{1}, failed(), kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("good"));
  answers().onAnswered(AskId{2}, failed(), kStart + 1s);
  answers().onAnswered(last_, data("good", 60), kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("_sip._udp.good", "_sip._tcp.good"));
  EXPECT_EQ(answers().tally().waiting, 2u);
}

TEST_F(AnswersTest, AnyNumberMayHoldAQuestion) {
  constexpr int kHolders = 1000;
  const QuestionId question = hold("a.example", Urgency::hosted);
  for (int i = 1; i < kHolders; ++i) answers().hold(question, Urgency::hosted);
  answers().hold(question, Urgency::watched);
  for (int i = 0; i < kHolders; ++i) {
    EXPECT_EQ(answers().tally().questions, 1u);
    answers().release(question, Urgency::hosted);
  }
  EXPECT_EQ(answers().tally().questions, 1u);
  answers().release(question, Urgency::watched);
  EXPECT_EQ(answers().tally().questions, 0u);
}

TEST_F(AnswersTest, OneThatWentAheadAndIsForgottenHoldsNoneBack) {
  settings_.wanted_asks_max = 1;
  const QuestionId first = hold("a.example", Urgency::wanted);
  hold("_sip._udp.a.example", Urgency::wanted);
  EXPECT_THAT(asked(kStart), ElementsAre("a.example"));
  answers().release(first, Urgency::wanted);
  EXPECT_THAT(asked(kStart), ElementsAre("_sip._udp.a.example"));
}

TEST_F(AnswersTest, WhatNobodyAnswersGivesItsSlotToOthers) {
  settings_.asks_max = 2;
  settings_.asks_slow_max = 3;
  for (const char* name : {"1.lame", "2.lame", "3.lame", "4.lame", "5.lame", "good"}) hold(name);
  EXPECT_THAT(asked(kStart), ElementsAre("1.lame", "2.lame"));
  EXPECT_EQ(answers().nextDeadline(kStart), kStart + kSlowAfter);
  EXPECT_THAT(asked(kStart + kSlowAfter), ElementsAre("3.lame", "4.lame"));
  EXPECT_THAT(asked(kStart + 2 * kSlowAfter), ElementsAre("5.lame"));  // 4.lame keeps its slot
  EXPECT_THAT(asked(kStart + 1h), IsEmpty());
  answers().onAnswered(last_, failed(), kStart + 1h);
  EXPECT_THAT(asked(kStart + 1h), ElementsAre("good"));
  EXPECT_EQ(answers().tally().under_way, 5u);
}

TEST_F(AnswersTest, AQuestionThatBecomesHostedOvertakes) {
  settings_.asks_max = 1;
  hold("a.example", Urgency::watched);
  hold("b.example", Urgency::watched);
  const QuestionId c = hold("c.example", Urgency::watched);
  answers().hold(c, Urgency::hosted);
  EXPECT_THAT(asked(kStart), ElementsAre("c.example"));
  answers().onAnswered(last_, data("c.example", 60), kStart);
  EXPECT_THAT(asked(kStart), ElementsAre("a.example"));
}

TEST_F(AnswersTest, NoMoreAreAskedThanTheRatePermits) {
  settings_.asks_per_second = 100;
  settings_.asks_max = 1000;
  for (int i = 0; i < 100; ++i) hold(std::to_string(i) + ".example");
  std::size_t count = asked(kStart).size();
  EXPECT_EQ(count, 10u);
  for (Instant now = kStart; now < kStart + 500ms;) {
    const auto next = answers().nextDeadline(now);
    ASSERT_TRUE(next);
    ASSERT_GT(*next, now);
    now = *next;
    count += asked(now).size();
  }
  EXPECT_GE(count, 59u);
  EXPECT_LE(count, 61u);
}

TEST_F(AnswersTest, ARefreshWaitsForNoTtl) {
  const QuestionId question = hold("a.example");
  asked(kStart);
  answers().onAnswered(last_, data("a.example", 3600), kStart);
  answers().refresh(question, kStart + 1s);
  answers().refresh(question, kStart + 1s);
  EXPECT_THAT(asked(kStart + 1s), ElementsAre("a.example"));
  answers().onAnswered(last_, data("a.example", 3600), kStart + 1s);
  EXPECT_FALSE(nextAskBefore(kStart + 1s, kStart + 1h));
}

TEST_F(AnswersTest, WhatIsIdleIsAskedAboutLessOften) {
  hold("a.example", Urgency::idle);
  asked(kStart);
  answers().onAnswered(last_, data("a.example", 60), kStart);
  EXPECT_FALSE(nextAskBefore(kStart, kStart + 24h));
  EXPECT_TRUE(nextAskBefore(kStart, kStart + 25h));
}

TEST_F(AnswersTest, AnAuthoritativeServerSpeaksForItsOwnNamesOnly) {
  const QuestionId question =
      hold("www.example.com", Urgency::watched, dns::RrType::a, ResolverId{1});
  asked(kStart);
  Answer answer = data("victim.example", 3600, 66);
  answer.aliases = {{dns::RrType::cname, test::nameFromText("www.example.com"),
                     test::nameFromText("host.example.com"), dns::Ttl(60)},
                    {dns::RrType::cname, test::nameFromText("host.example.com"),
                     test::nameFromText("out.example"), dns::Ttl(60)},
                    {dns::RrType::cname, test::nameFromText("out.example"),
                     test::nameFromText("victim.example"), dns::Ttl(60)}};
  answers().onAnswered(last_, answer, kStart);
  const Answers::State state = answers().state(question, kStart);
  EXPECT_EQ(state.kind, Answer::Kind::elsewhere);
  ASSERT_NE(state.answer, nullptr);
  ASSERT_THAT(state.answer->aliases(), SizeIs(2));
  EXPECT_EQ(state.answer->aliases().back().leads_to.toText(), "out.example");
  EXPECT_THAT(state.answer->rrset(), IsEmpty());
}

// Whatever comes in whatever order: no question is asked again before its TTL or its retry is due,
// the slots are kept, and the tally is what it is.
TEST_F(AnswersTest, KeepsItsPromisesInARandomLife) {
  settings_.asks_max = 5;
  settings_.wanted_asks_max = 2;
  settings_.asks_slow_max = 3;
  std::minstd_rand random(7);
  const auto pick = [&random](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  };
  std::vector<std::pair<QuestionId, Urgency>> held;
  std::map<AskId, std::string> under_way;
  std::map<std::string, Instant> not_before;
  Instant now = kStart;
  for (int step = 0; step < 20'000; ++step) {
    switch (pick(4)) {
      case 0: {
        const auto urgency = static_cast<Urgency>(pick(kUrgencies));
        const std::string prefix = pick(2) == 0 ? "" : "_sip._udp.";
        held.emplace_back(hold(prefix + std::to_string(pick(100)) + ".example", urgency), urgency);
        break;
      }
      case 1:
        if (held.empty()) break;
        std::swap(held[pick(static_cast<std::uint32_t>(held.size()))], held.back());
        {
          const std::string name = answers().name(held.back().first).toText();
          answers().release(held.back().first, held.back().second);
          if (!answers().find({{}, test::nameFromText(name), dns::RrType::a})) {
            not_before.erase(name);
          }
        }
        held.pop_back();
        for (const AskId ask : answers().takeForgotten()) ASSERT_EQ(under_way.erase(ask), 1u);
        break;
      case 2:
        now += Duration(pick(20'000'000));
        for (Answers::Ask& ask : answers().takeAsks(now)) {
          const std::string name = ask.request.question.name.toText();
          ASSERT_FALSE(not_before.contains(name) && now < not_before[name]) << name;
          ASSERT_TRUE(under_way.emplace(ask.id, name).second);
        }
        ASSERT_LE(under_way.size(), 10u);
        break;
      default: {
        if (under_way.empty()) break;
        const auto [ask, name] = *under_way.begin();
        under_way.erase(under_way.begin());
        const bool fails = pick(3) == 0;
        const auto ttl = pick(100);
        Outcome outcome = failed();
        if (!fails) outcome = data(name, ttl, static_cast<std::uint8_t>(pick(3)));
        ASSERT_TRUE(answers().onAnswered(ask, std::move(outcome), now));
        not_before[name] = now + (fails ? Duration(5s) : std::max<Duration>(30s, ttl * 1s));
      }
    }
    const Answers::Tally tally = answers().tally();
    ASSERT_EQ(tally.under_way, under_way.size());
    ASSERT_LE(tally.waiting + tally.under_way, tally.questions);
    // Now and then all that is due is worked off: nothing is left behind.
    while (step % 100 == 0 && answers().tally().waiting + answers().tally().under_way > 0) {
      now += 1ms;
      for (const Answers::Ask& ask : answers().takeAsks(now)) {
        under_way.emplace(ask.id, ask.request.question.name.toText());
      }
      ASSERT_FALSE(under_way.empty());
      for (const auto& [ask, name] : std::exchange(under_way, {})) {
        ASSERT_TRUE(answers().onAnswered(ask, failed(), now));
        not_before[name] = now + 5s;
      }
    }
  }
}

}  // namespace
}  // namespace zonecast::query
