#include "adapters/getdns/getdns_resolver.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/unit/adapters/getdns_server.h"

namespace zonecast::getdns {
namespace {

using dns::RrType;
using query::AskId;
using query::DnssecPolicy;
using query::Outcome;
using query::questionFromText;
using query::ReplyText;
using query::Upstream;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Upstream::Kind;
using Replies = std::vector<ScriptedServer::Reply>;
using Why = query::Failure::Why;

struct Recorder final : ports::ResolverListener {
  void onAnswered(AskId ask, Outcome outcome) override {
    EXPECT_FALSE(inside_call);
    EXPECT_TRUE(outcomes.emplace(ask, std::move(outcome)).second) << "answered twice";
    if (on_answered) on_answered(ask);
  }
  bool inside_call = false;
  std::map<AskId, Outcome> outcomes;
  std::function<void(AskId)> on_answered;
};

// Impatient, so that tests of silence are short.
query::DispatcherSettings impatient() {
  return {.glance = milliseconds{40},
          .authoritative = {milliseconds{60}, 2},
          .resolver = {milliseconds{60}, 2},
          .quarantine = {.first = milliseconds{1}, .longest = milliseconds{1}}};
}

class GetdnsResolverTest : public testing::Test {
 protected:
  void SetUp() override { make({}); }
  void make(const query::DispatcherSettings& settings) {
    resolver = std::make_unique<GetdnsResolver>(loop, settings);
    resolver->reportTo(recorder);
  }
  AskId ask(const ScriptedServer& server, std::string_view name = "www.example.com",
            Kind kind = Kind::resolver, DnssecPolicy dnssec = DnssecPolicy::prefer) {
    return ask(server.endpoint(), name, kind, dnssec);
  }
  AskId ask(const xfr::Endpoint& server, std::string_view name = "www.example.com",
            Kind kind = Kind::resolver, DnssecPolicy dnssec = DnssecPolicy::prefer) {
    const AskId id{++last_ask};
    recorder.inside_call = true;
    resolver->ask(id, {questionFromText(name, RrType::a), Upstream{kind, {server}}, dnssec});
    recorder.inside_call = false;
    return id;
  }
  const Outcome& outcomeOf(AskId id) {
    EXPECT_TRUE(uv::runUntil(loop, [&] { return recorder.outcomes.contains(id); }));
    static const Outcome kNone = tl::unexpected(query::Failure{Why::malformed, "never told"});
    const auto found = recorder.outcomes.find(id);
    return found == recorder.outcomes.end() ? kNone : found->second;
  }

  uv::Loop loop;
  Recorder recorder;
  std::uint64_t last_ask = 0;
  std::unique_ptr<GetdnsResolver> resolver;
};

Replies good(const Query& asked) {
  return {{goodReply(asked)}};
}

TEST_F(GetdnsResolverTest, AsksAndAnswers) {
  ScriptedServer server(loop, good);
  const AskId id = ask(server);
  EXPECT_THAT(recorder.outcomes, IsEmpty());
  const Outcome& outcome = outcomeOf(id);
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_THAT(outcome->rrset, ElementsAre(query::Rdata{192, 0, 2, 9}));
  EXPECT_EQ(outcome->ttl, dns::Ttl(60));
  ASSERT_THAT(server.queries, SizeIs(1));
  const dns::Header& header = server.queries[0].header;
  EXPECT_TRUE(header.rd);
  EXPECT_TRUE(header.ad);
  EXPECT_FALSE(header.cd);
  EXPECT_EQ(header.arcount, 1) << "EDNS";
}

TEST_F(GetdnsResolverTest, AnAuthorityIsNotAskedToRecurseNorAResolverToValidateInVain) {
  ScriptedServer server(loop, good);
  outcomeOf(ask(server, "www.example.com", Kind::authoritative));
  outcomeOf(ask(server, "www.example.com", Kind::resolver, DnssecPolicy::ignore));
  ASSERT_THAT(server.queries, SizeIs(2));
  EXPECT_FALSE(server.queries[0].header.rd);
  EXPECT_FALSE(server.queries[0].header.cd);
  EXPECT_TRUE(server.queries[1].header.rd);
  EXPECT_TRUE(server.queries[1].header.cd);
}

TEST_F(GetdnsResolverTest, NamesAreAskedForAsTheyAre) {
  ScriptedServer server(loop, good);
  for (const char* name : {"com", "_sip._udp.example.com", "a\\.b.example.com", "\\000\\255.com"}) {
    EXPECT_TRUE(outcomeOf(ask(server, name))) << name;
    EXPECT_EQ(server.queries.back().question.name, test::nameFromText(name)) << name;
  }
}

TEST_F(GetdnsResolverTest, AbsencesAreToldWithTheirTime) {
  ScriptedServer server(loop, [](const Query& asked) -> Replies {
    ReplyText text{.question = asked.question,
                   .authority = "example.com. 90 IN SOA a.example.com. b.example.com. 7 1 1 1 80"};
    text.header.rcode = dns::Rcode::nxDomain;
    return {{replyOf(text)}};
  });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(outcome->kind, query::Answer::Kind::nxdomain);
  EXPECT_EQ(outcome->ttl, dns::Ttl(80));
}

TEST_F(GetdnsResolverTest, AnErrorIsAFailureThatSaysWho) {
  ScriptedServer server(loop, [](const Query& asked) -> Replies {
    ReplyText text{.question = asked.question};
    text.header.rcode = dns::Rcode::servFail;
    return {{replyOf(text)}};
  });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::servfail);
  EXPECT_EQ(outcome.error().text, "SERVFAIL from " + xfr::toText(server.endpoint()));
}

TEST_F(GetdnsResolverTest, SilenceIsAskedAgainAndFailsInTheEnd) {
  make(impatient());
  ScriptedServer server(loop, [](const Query&) { return Replies(); });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::timeout);
  EXPECT_THAT(outcome.error().text, HasSubstr("no reply from 127.0.0.1:"));
  EXPECT_THAT(server.queries, SizeIs(3));  // the glance, and twice with patience
}

TEST_F(GetdnsResolverTest, WhatWasLostOnceIsAnsweredTheSecondTime) {
  make(impatient());
  ScriptedServer server(loop, [asked = 0](const Query& query) mutable {
    return ++asked == 1 ? Replies() : good(query);
  });
  EXPECT_TRUE(outcomeOf(ask(server)));
}

TEST_F(GetdnsResolverTest, APortWhereNobodyListensFailsAtOnce) {
  uv::TestSocket unused(SOCK_DGRAM);
  const xfr::Endpoint nobody = unused.bind();
  unused.close();
  const Instant began = loop.now().mono;
  const Outcome& outcome = outcomeOf(ask(nobody));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::unreachable);
  EXPECT_LT(loop.now().mono - began, milliseconds{500});
}

// The kernel refuses a broadcast address inside connect().
TEST_F(GetdnsResolverTest, AServerThatCannotBeConnectedToFailsAtOnce) {
  const Outcome& outcome = outcomeOf(ask({dns::Ipv4{255, 255, 255, 255}, 53}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::unreachable);
  EXPECT_THAT(outcome.error().text, HasSubstr("255.255.255.255:53: Permission denied"));
}

// -- what others send

TEST_F(GetdnsResolverTest, AReplyFromAnotherSourceIsNotSeen) {
  uv::TestSocket stranger(SOCK_DGRAM);
  stranger.bind();
  ScriptedServer* known = nullptr;
  ScriptedServer server(loop, [&](const Query& asked) -> Replies {
    Octets forged = query::replyOf(
        {.question = asked.question, .answer = "www.example.com. 60 IN A 192.0.2.66"});
    forged[0] = static_cast<std::uint8_t>(asked.header.id >> 8);
    forged[1] = static_cast<std::uint8_t>(asked.header.id);
    stranger.connect(uv::toEndpoint(known->last_sender));
    stranger.write({reinterpret_cast<const char*>(forged.data()), forged.size()});
    return good(asked);
  });
  known = &server;
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_THAT(outcome->rrset, ElementsAre(query::Rdata{192, 0, 2, 9}));
}

TEST_F(GetdnsResolverTest, AReplyWithAnotherIdIsNotTaken) {
  ScriptedServer server(loop, [&](const Query& asked) -> Replies {
    Octets forged = query::replyOf(
        {.question = asked.question, .answer = "www.example.com. 60 IN A 192.0.2.66"});
    forged[0] = static_cast<std::uint8_t>(~asked.header.id >> 8);
    return {{forged, true}, {goodReply(asked)}};
  });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_THAT(outcome->rrset, ElementsAre(query::Rdata{192, 0, 2, 9}));
}

TEST_F(GetdnsResolverTest, AnAnswerToAnotherQuestionIsAskedAgain) {
  ScriptedServer server(loop, [asked = 0](const Query& query) mutable -> Replies {
    if (++asked > 1) return good(query);
    return {{query::replyOf({.question = questionFromText("evil.example.net", RrType::a),
                             .answer = "www.example.com. 60 IN A 192.0.2.66"})}};
  });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_THAT(outcome->rrset, ElementsAre(query::Rdata{192, 0, 2, 9}));
  EXPECT_THAT(server.queries, SizeIs(2));
}

TEST_F(GetdnsResolverTest, GarbageIsAskedAgainAndFailsInTheEnd) {
  make(impatient());
  const std::vector<Octets> garbage{
      Octets(12, 0xff), Octets(3, 0), Octets(1400, 0xc0),
      test::octetsFromHex("0000 8180 0001 0001 0000 0000 0161 00 0001 0001 c013 0021 0001 0000003c "
                          "0002 0000")};
  ScriptedServer server(loop, [&, asked = 0u](const Query&) mutable -> Replies {
    return {{garbage[asked++ % garbage.size()]}};
  });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(server.queries, SizeIs(3));
}

// getdns takes every reply apart before we see it, and so has to survive it.
TEST_F(GetdnsResolverTest, HostileRepliesEndTheirQueriesAndNothingElse) {
  make(impatient());
  const std::vector<ReplyText> seeds{
      {.answer = "www.example.com. IN CNAME b.example.com.\nb.example.com. IN CNAME "
                 "www.example.com."},
      {.answer = "www.example.com. IN CNAME www.example.com."},
      {.answer = "example.com. IN DNAME a.example.com."},
      {.answer = "www.example.com. IN SRV 1 2 3 a.example.com.\nwww.example.com. IN SRV 1 2 3 .",
       .additional = "a.example.com. IN A 192.0.2.1\na.example.com. IN AAAA ::1"},
      {.answer = "www.example.com. IN NAPTR 1 2 \"s\" \"SIP+D2U\" \"\" a.example.com."},
      {.answer = "www.example.com. IN TXT \"one\" \"two\"\nwww.example.com. IN A 192.0.2.1"},
      {.authority = "example.com. IN SOA a.example.com. b.example.com. 7 1 1 1 80"},
      {.answer = "www.example.com. IN TYPE46 \\# 25 "
                 "0001080200000e10000000000000000000070365786100aabb"},
      {.additional = ". IN TYPE41 \\# 5 0a0001ffff"}};
  std::minstd_rand random(4711);
  ScriptedServer server(loop, [&](const Query& asked) -> Replies {
    ReplyText text = seeds[random() % seeds.size()];
    text.question = asked.question;
    Octets reply = replyOf(text);
    for (unsigned changes = random() % 5; changes > 0; --changes) {
      reply[3 + random() % (reply.size() - 3)] = static_cast<std::uint8_t>(random());
    }
    if (random() % 4 == 0) reply.resize(12 + random() % (reply.size() - 12), 0);
    return {{reply}};
  });
  const RrType types[] = {RrType::a,   RrType::aaaa,  RrType::srv,
                          RrType::txt, RrType::naptr, RrType::cname};
  for (std::uint64_t i = 0; i < 3000; ++i) {
    resolver->ask(AskId{++last_ask},
                  {questionFromText("www.example.com", types[i % 6]),
                   Upstream{Kind::authoritative, {server.endpoint()}}, DnssecPolicy::prefer});
  }
  EXPECT_TRUE(uv::runUntil(
      loop, [&] { return recorder.outcomes.size() == 3000; }, seconds{60}));
}

// -- TCP

Replies truncatedOverUdp(const Query& asked) {
  if (asked.tcp) return good(asked);
  ReplyText text{.question = asked.question};
  text.header.tc = true;
  return {{replyOf(text)}};
}

TEST_F(GetdnsResolverTest, WhatIsTruncatedIsAskedForOverTcp) {
  ScriptedServer server(loop, truncatedOverUdp);
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  ASSERT_THAT(server.queries, SizeIs(2));
  EXPECT_TRUE(server.queries[1].tcp);
  EXPECT_TRUE(server.queries[1].header.rd);
}

TEST_F(GetdnsResolverTest, AnAuthorityHasOneConnectionAtATimeAndAResolverSeveral) {
  ScriptedServer authority(loop, truncatedOverUdp), forwarder(loop, truncatedOverUdp);
  for (int i = 0; i < 40; ++i) {
    ask(authority, "n" + std::to_string(i) + ".example.com", Kind::authoritative);
    ask(forwarder, "n" + std::to_string(i) + ".example.com", Kind::resolver);
  }
  ASSERT_TRUE(uv::runUntil(loop, [&] { return recorder.outcomes.size() == 80; }));
  for (const auto& [id, outcome] : recorder.outcomes) EXPECT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(authority.connected, 40);
  EXPECT_LE(authority.open_at_once_max, 2u);  // one that it has not seen closed yet
  EXPECT_GT(forwarder.open_at_once_max, 2u);
}

TEST_F(GetdnsResolverTest, SilenceOverTcpFailsInTheEnd) {
  make(impatient());
  ScriptedServer server(
      loop, [](const Query& asked) { return asked.tcp ? Replies() : truncatedOverUdp(asked); });
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::timeout);
  uv::runFor(loop, milliseconds{5});
  EXPECT_FALSE(outcomeOf(ask(server))) << "and so does the next";
}

TEST_F(GetdnsResolverTest, TcpWhereNobodyListensFailsAtOnce) {
  ScriptedServer server(loop, truncatedOverUdp);
  server.closeTcp();
  const Instant began = loop.now().mono;
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Why::unreachable);
  EXPECT_LT(loop.now().mono - began, milliseconds{500});
}

TEST_F(GetdnsResolverTest, AConnectionThatIsClosedWithoutAReplyIsMadeAgain) {
  ScriptedServer* itself = nullptr;
  ScriptedServer server(loop, [&, asked = 0](const Query& query) mutable -> Replies {
    if (query.tcp && ++asked == 1) return itself->closeAfterReply(), Replies();
    return truncatedOverUdp(query);
  });
  itself = &server;
  const Outcome& outcome = outcomeOf(ask(server));
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(server.connected, 2);
}

// -- many

TEST_F(GetdnsResolverTest, AThousandAreAnswered) {
  ScriptedServer server(loop, good);
  for (int i = 0; i < 1000; ++i) ask(server, "n" + std::to_string(i) + ".example.com");
  ASSERT_TRUE(uv::runUntil(loop, [&] { return recorder.outcomes.size() == 1000; }));
  for (const auto& [id, outcome] : recorder.outcomes) EXPECT_TRUE(outcome) << outcome.error().text;
  EXPECT_THAT(server.queries, SizeIs(1000));
}

TEST_F(GetdnsResolverTest, NamesThatNobodyAnswersForDoNotStarveGoodOnes) {
  query::DispatcherSettings settings;
  settings.glance = milliseconds{100};
  make(settings);
  ScriptedServer server(loop, [](const Query& asked) {
    return asked.question.name.toText().starts_with("bad") ? Replies() : good(asked);
  });
  std::vector<AskId> wanted;
  for (int i = 0; i < 1000; ++i) {
    const bool bad = i % 3 != 0;
    const AskId id = ask(server, (bad ? "bad" : "n") + std::to_string(i) + ".example.com");
    if (!bad) wanted.push_back(id);
  }
  const Instant began = loop.now().mono;
  for (const AskId id : wanted) EXPECT_TRUE(outcomeOf(id));
  EXPECT_LT(loop.now().mono - began, seconds{2});
}

// -- ends

TEST_F(GetdnsResolverTest, NothingIsToldOfWhatIsForgotten) {
  ScriptedServer server(loop, good);
  const AskId first = ask(server), second = ask(server), third = ask(server);
  resolver->forget(first);
  recorder.on_answered = [&](AskId) { resolver->forget(third); };
  outcomeOf(second);
  uv::runFor(loop, milliseconds{50});
  EXPECT_THAT(recorder.outcomes, SizeIs(1));
}

TEST_F(GetdnsResolverTest, WhoIsToldMayAskAgain) {
  ScriptedServer server(loop, good);
  recorder.on_answered = [&](AskId) {
    if (last_ask < 20) ask(server);
  };
  ask(server);
  EXPECT_TRUE(outcomeOf(AskId{20}));
}

TEST_F(GetdnsResolverTest, ItCanGoWhileQueriesAreUnderWay) {
  ScriptedServer server(
      loop, [](const Query& asked) { return asked.tcp ? Replies() : truncatedOverUdp(asked); });
  ScriptedServer silent(loop, [](const Query&) { return Replies(); });
  for (int i = 0; i < 20; ++i) ask(i % 2 == 0 ? server : silent);
  uv::runFor(loop, milliseconds{20});
  ask(silent);
  resolver.reset();
  uv::runFor(loop, milliseconds{5});
  EXPECT_THAT(recorder.outcomes, IsEmpty());
}

TEST(Fitted, SlotsAreAQuarterOfTheDescriptorsAtMost) {
  const query::DispatcherSettings wanted{.quick_slots = 160, .slow_slots = 40, .tcp_slots = 16};
  EXPECT_EQ(fitted(wanted, 1024).quick_slots, 160u);
  const query::DispatcherSettings few = fitted(wanted, 256);
  EXPECT_LE(few.quick_slots + few.slow_slots + few.tcp_slots, 64u);
  EXPECT_GT(few.quick_slots, 40u);
  EXPECT_EQ(fitted(wanted, 0).slow_slots, 1u);
}

}  // namespace
}  // namespace zonecast::getdns
