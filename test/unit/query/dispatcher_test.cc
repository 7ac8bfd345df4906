#include "reconciler/query/dispatcher.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/query/replies.h"

namespace zonecast::query {
namespace {

using dns::RrType;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;
using Why = Failure::Why;

const xfr::Endpoint kFirst{dns::Ipv4{192, 0, 2, 1}, 53}, kSecond{dns::Ipv4{192, 0, 2, 2}, 53};
const xfr::Endpoint kLocal{dns::Ipv4{127, 0, 0, 1}, 53};
const Shared<Upstream> kResolver{Upstream{Upstream::Kind::resolver, {kLocal}}};
const Shared<Upstream> kAuthority{Upstream{Upstream::Kind::authoritative, {kFirst, kSecond}}};
const Shared<Upstream> kLoneAuthority{Upstream{Upstream::Kind::authoritative, {kSecond}}};

class DispatcherTest : public testing::Test {
 protected:
  void make(const DispatcherSettings& settings) {
    dispatcher = std::make_unique<Dispatcher>(settings);
  }
  AskId ask(std::string_view name, const Shared<Upstream>& upstream = kResolver,
            DnssecPolicy dnssec = DnssecPolicy::prefer, bool brief = false) {
    const AskId id{++last_ask};
    dispatcher->ask(id, {questionFromText(name, RrType::a), upstream, dnssec, brief});
    return id;
  }
  AskId askBriefly(std::string_view name) {
    return ask(name, kResolver, DnssecPolicy::prefer, true);
  }
  // What is sent now; reports go to `outcomes`.
  std::vector<Send> act() {
    std::vector<Send> sent;
    do {
      for (Action& action : dispatcher->act(now)) {
        if (auto* send = std::get_if<Send>(&action)) sent.push_back(*send);
        if (auto* report = std::get_if<Report>(&action)) {
          EXPECT_TRUE(outcomes.emplace(report->ask, report->outcome).second) << "told twice";
        }
      }
    } while (dispatcher->moreToDo());
    return sent;
  }
  Send actOnce() {
    const auto sent = act();
    EXPECT_THAT(sent, SizeIs(1));
    return sent.empty() ? Send{} : sent[0];
  }

  void reply(const Send& send, dns::Rcode rcode = dns::Rcode::noError, bool tc = false) {
    ReplyText text{.question = send.question};
    text.header.rcode = rcode;
    text.header.tc = tc;
    const std::string record = send.question.name.toText() + ". 60 IN A 192.0.2.9";
    if (rcode == dns::Rcode::noError && !tc) text.answer = record;
    dispatcher->onReply(send.id, replyOf(text), now);
  }
  void fail(const Send& send, Why why = Why::timeout) {
    now += why == Why::timeout ? send.patience : Duration{};
    dispatcher->onFailed(send.id, {why, "no reply"}, now);
  }
  // Until it is reported.
  void failToTheEnd(AskId id, Why why = Why::timeout) {
    while (!outcomes.contains(id)) {
      for (const Send& send : act()) fail(send, why);
    }
  }
  std::optional<Why> whyOf(AskId id) {
    const auto found = outcomes.find(id);
    if (found == outcomes.end() || found->second) return std::nullopt;
    return found->second.error().why;
  }
  bool answered(AskId id) { return outcomes.contains(id) && outcomes.at(id).has_value(); }

  Instant now{std::chrono::hours{1}};
  std::uint64_t last_ask = 0;
  std::map<AskId, Outcome> outcomes;
  std::unique_ptr<Dispatcher> dispatcher = std::make_unique<Dispatcher>(DispatcherSettings{});
};

TEST_F(DispatcherTest, AnAskIsSentOnceAndItsAnswerToldOnce) {
  const AskId id = ask("www.example.com");
  const Send send = actOnce();
  EXPECT_EQ(send.server, kLocal);
  EXPECT_EQ(send.transport, Transport::udp);
  EXPECT_TRUE(send.recursion);
  EXPECT_FALSE(send.checking_disabled);
  reply(send);
  EXPECT_THAT(act(), IsEmpty());
  EXPECT_TRUE(answered(id));
  reply(send);  // of a try that is over
  EXPECT_THAT(act(), IsEmpty());
}

TEST_F(DispatcherTest, AnAuthorityIsNotAskedToRecurse) {
  ask("www.example.com", kAuthority);
  EXPECT_FALSE(actOnce().recursion);
}

TEST_F(DispatcherTest, WhereDnssecIsIgnoredTheResolverDoesNotValidate) {
  ask("www.example.com", kResolver, DnssecPolicy::ignore);
  EXPECT_TRUE(actOnce().checking_disabled);
}

TEST_F(DispatcherTest, AdCountsFromLoopbackAlone) {
  const Shared<Upstream> distant{Upstream{Upstream::Kind::resolver, {kFirst}}};
  const AskId near = ask("www.example.com"), far = ask("www.example.com", distant);
  for (const Send& send : act()) {
    ReplyText text{.question = send.question, .answer = "www.example.com. IN A 192.0.2.9"};
    text.header.ad = true;
    dispatcher->onReply(send.id, replyOf(text), now);
  }
  act();
  EXPECT_TRUE(outcomes.at(near)->authenticated);
  EXPECT_FALSE(outcomes.at(far)->authenticated);
}

// -- tries

TEST_F(DispatcherTest, SilenceCostsAGlanceAndThenThePatienceOfTheUpstream) {
  const AskId id = ask("www.example.com");
  std::vector<Duration> patience;
  while (!outcomes.contains(id)) {
    for (const Send& send : act()) {
      patience.push_back(send.patience);
      fail(send);
    }
  }
  EXPECT_THAT(patience, ElementsAre(seconds{1}, seconds{5}, seconds{5}));
  EXPECT_EQ(whyOf(id), Why::timeout);
}

TEST_F(DispatcherTest, ABriefAskHasItsGlanceAlone) {
  const AskId id = askBriefly("www.example.com");
  fail(actOnce());
  EXPECT_THAT(act(), IsEmpty());
  EXPECT_EQ(whyOf(id), Why::timeout);

  now += seconds{1};  // out of quarantine, which ends with another glance
  const AskId again = askBriefly("www.example.com");
  const Send send = actOnce();
  EXPECT_EQ(send.patience, seconds{1});
  reply(send, dns::Rcode::noError, true);
  const Send over_tcp = actOnce();
  EXPECT_EQ(over_tcp.transport, Transport::tcp);
  EXPECT_EQ(over_tcp.patience, seconds{1});
  fail(over_tcp);
  act();
  EXPECT_EQ(whyOf(again), Why::timeout);
}

TEST_F(DispatcherTest, TheServersOfAnUpstreamTakeTurns) {
  const AskId id = ask("www.example.com", kAuthority);
  std::vector<xfr::Endpoint> servers;
  while (!outcomes.contains(id)) {
    for (const Send& send : act()) {
      servers.push_back(send.server);
      fail(send);
    }
  }
  EXPECT_THAT(servers, ElementsAre(kFirst, kSecond, kFirst, kSecond));
}

TEST_F(DispatcherTest, AServerThatTurnsItDownIsFollowedByTheNextAtOnce) {
  const AskId id = ask("www.example.com", kAuthority);
  reply(actOnce(), dns::Rcode::refused);
  const Send second = actOnce();
  EXPECT_EQ(second.server, kSecond);
  EXPECT_EQ(second.patience, seconds{1});
  reply(second);
  act();
  EXPECT_TRUE(answered(id));

  ask("mail.example.com", kAuthority);
  EXPECT_EQ(actOnce().server, kSecond) << "it was the one that answered";
}

TEST_F(DispatcherTest, WhatAllServersTurnDownHasFailed) {
  const AskId id = ask("www.example.com", kAuthority);
  reply(actOnce(), dns::Rcode::servFail);
  fail(actOnce(), Why::unreachable);
  EXPECT_THAT(act(), IsEmpty());
  EXPECT_EQ(whyOf(id), Why::unreachable);
}

TEST_F(DispatcherTest, ABadPacketIsAskedForAgain) {
  const AskId id = ask("www.example.com");
  const Send send = actOnce();
  dispatcher->onReply(send.id, Octets(12, 0xff), now);
  reply(actOnce());
  act();
  EXPECT_TRUE(answered(id));
}

TEST_F(DispatcherTest, AFailureSaysWho) {
  const AskId id = ask("www.example.com");
  reply(actOnce(), dns::Rcode::servFail);
  act();
  EXPECT_EQ(outcomes.at(id).error().text, "SERVFAIL from 127.0.0.1:53");
}

// -- TCP

TEST_F(DispatcherTest, WhatIsTruncatedIsAskedForOverTcpWithAllTriesAnew) {
  const AskId id = ask("www.example.com", kLoneAuthority);
  fail(actOnce());
  reply(actOnce(), dns::Rcode::noError, true);
  for (int tries = 0; tries < 3; ++tries) {
    const Send send = actOnce();
    EXPECT_EQ(send.transport, Transport::tcp);
    EXPECT_EQ(send.patience, seconds{2});
    fail(send);
  }
  act();
  EXPECT_EQ(whyOf(id), Why::timeout);

  ask("www.example.com", kLoneAuthority);
  EXPECT_EQ(actOnce().transport, Transport::udp) << "no reason to let the server alone";
}

TEST_F(DispatcherTest, ATruncatedReplyOverTcpIsNoReply) {
  const AskId id = ask("www.example.com");
  reply(actOnce(), dns::Rcode::noError, true);
  reply(actOnce(), dns::Rcode::noError, true);
  reply(actOnce(), dns::Rcode::noError, true);
  EXPECT_THAT(act(), IsEmpty());
  EXPECT_EQ(whyOf(id), Why::truncated);
}

TEST_F(DispatcherTest, AnAuthorityIsAskedOneAtATimeOverTcp) {
  for (int i = 0; i < 3; ++i) ask("www.example.com", kLoneAuthority);
  ask("www.example.com", kResolver);
  ask("www.example.com", kResolver);
  for (const Send& send : act()) reply(send, dns::Rcode::noError, true);
  const auto sent = act();
  EXPECT_THAT(sent, SizeIs(3));  // one of the authority's, two of the resolver's
  reply(sent[0]);
  reply(sent[1]);
  reply(sent[2]);
  EXPECT_THAT(act(), SizeIs(1));
}

// -- slots

TEST_F(DispatcherTest, NoMoreAreUnderWayThanThereAreSlots) {
  make({.quick_slots = 3, .slow_slots = 1});
  for (int i = 0; i < 5; ++i) ask("n" + std::to_string(i) + ".example.com");
  const auto first = act();
  EXPECT_THAT(first, SizeIs(3));
  for (const Send& send : first) fail(send);
  const auto second = act();
  EXPECT_THAT(second, SizeIs(2 + 1));  // the others' glances, and one that is slow
  EXPECT_THAT(act(), IsEmpty());
}

TEST_F(DispatcherTest, CustomersTakeTurnsForTheSlots) {
  make({.quick_slots = 2});
  for (int i = 0; i < 100; ++i) ask("www.example.com", kLoneAuthority);
  ask("www.example.net", kResolver);
  EXPECT_THAT(act(), ElementsAre(Field(&Send::server, kSecond), Field(&Send::server, kLocal)));
}

TEST_F(DispatcherTest, AForgottenAskIsNeitherSentNorToldButKeepsItsSlotUntilItsTryIsOver) {
  make({.quick_slots = 1});
  const AskId first = ask("www.example.com"), second = ask("mail.example.com");
  const AskId third = ask("sip.example.com");
  const Send send = actOnce();
  dispatcher->forget(first);
  dispatcher->forget(second);
  EXPECT_THAT(act(), IsEmpty());
  reply(send);
  reply(actOnce());
  act();
  EXPECT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(answered(third));
}

TEST_F(DispatcherTest, AThousandNamesThatNobodyAnswersForDelayAGoodOneByGlances) {
  for (int i = 0; i < 1000; ++i) ask("bad" + std::to_string(i) + ".example.net");
  const AskId good = ask("good.example.com");
  const Instant began = now;
  std::multimap<Instant, Send> under_way;
  while (!outcomes.contains(good)) {
    for (const Send& send : act()) {
      const bool is_good = send.question.name.toText() == "good.example.com";
      under_way.emplace(now + (is_good ? milliseconds{1} : send.patience), send);
    }
    if (outcomes.contains(good)) break;
    const auto next = under_way.begin();
    now = next->first;
    if (next->second.question.name.toText() == "good.example.com") {
      reply(next->second);
    } else {
      dispatcher->onFailed(next->second.id, {Why::timeout, "no reply"}, now);
    }
    under_way.erase(next);
  }
  EXPECT_TRUE(answered(good));
  EXPECT_LT(now - began, seconds{8});
}

// -- quarantine

TEST_F(DispatcherTest, WhatFailedFailsAtOnceUntilItsTimeIsOver) {
  failToTheEnd(ask("_sip._udp.example.com"));
  const AskId again = ask("example.com"), other = ask("example.net");
  EXPECT_THAT(act(), SizeIs(1)) << "the other's alone";
  EXPECT_EQ(whyOf(again), Why::timeout);
  EXPECT_FALSE(outcomes.contains(other));
  EXPECT_EQ(outcomes.at(again).error().text, "no reply lately");

  now += seconds{1};
  ask("example.com");
  EXPECT_EQ(actOnce().patience, seconds{5}) << "from the slow line";
}

TEST_F(DispatcherTest, EachFailureInARowDoublesTheTime) {
  for (const int time_s : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const AskId id = ask("example.com");
    failToTheEnd(id, Why::unreachable);
    now += seconds{time_s} - milliseconds{1};
    const AskId early = ask("example.com");
    EXPECT_THAT(act(), IsEmpty()) << time_s;
    EXPECT_EQ(whyOf(early), Why::unreachable);
    now += milliseconds{1};
  }
}

TEST_F(DispatcherTest, OneSuccessEndsIt) {
  failToTheEnd(ask("example.com"));
  now += seconds{1};
  ask("example.com");
  reply(actOnce());
  act();
  ask("example.com");
  EXPECT_EQ(actOnce().patience, seconds{1}) << "from the quick line";
}

TEST_F(DispatcherTest, AnAuthorityThatIsSilentIsLetAloneAsAWhole) {
  failToTheEnd(ask("example.com", kLoneAuthority));
  const AskId id = ask("example.net", kLoneAuthority);
  EXPECT_THAT(act(), IsEmpty());
  EXPECT_EQ(whyOf(id), Why::timeout);
}

TEST_F(DispatcherTest, AnAuthorityThatDoesNotServeOneNameIsAskedForOthers) {
  failToTheEnd(ask("example.com", kLoneAuthority), Why::refused);
  ask("example.net", kLoneAuthority);
  EXPECT_THAT(act(), SizeIs(1));
}

TEST_F(DispatcherTest, WhatIsNotProvenIsNotLetAlone) {
  ask("example.com", kResolver, DnssecPolicy::require);
  reply(actOnce());
  act();
  ask("example.com", kResolver, DnssecPolicy::require);
  EXPECT_THAT(act(), SizeIs(1));
}

TEST_F(DispatcherTest, OnlySoManyAreRemembered) {
  make({.quarantine = {.remembered_max = 2}});
  for (const char* name : {"a.example", "b.example", "c.example"}) failToTheEnd(ask(name));
  now -= seconds{30};  // within everybody's time
  ask("a.example");
  ask("c.example");
  EXPECT_THAT(act(), ElementsAre(Field(&Send::question, questionFromText("a.example", RrType::a))));
}

TEST_F(DispatcherTest, ManyThatFailAtOnceAreToldInPieces) {
  failToTheEnd(ask("example.com"));
  for (int i = 0; i < 2000; ++i) ask("example.com");
  EXPECT_LE(dispatcher->act(now).size(), 500u);
  EXPECT_TRUE(dispatcher->moreToDo());
  act();
  EXPECT_FALSE(dispatcher->moreToDo());
}

}  // namespace
}  // namespace zonecast::query
