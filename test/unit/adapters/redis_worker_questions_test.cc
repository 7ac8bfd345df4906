#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/redis/worker_questions.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::redis {
namespace {

using test::RedisServer;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

const std::string kWanted = "zonecast:{t}:wanted";

struct Heard : ports::WorkerQuestionsListener {
  void onWanted(std::string_view domain, std::string_view worker) override {
    wanted.emplace_back(domain, worker);
  }
  void onWantedTrouble(std::string why) override { troubles.push_back(std::move(why)); }

  bool hasDomain(std::string_view domain) const {
    return std::ranges::any_of(wanted, [&](const auto& pair) { return pair.first == domain; });
  }
  bool hasTrouble(std::string_view words) const {
    return std::ranges::any_of(troubles, [&](const std::string& trouble) {
      return trouble.find(words) != std::string::npos;
    });
  }

  std::vector<std::pair<std::string, std::string>> wanted;
  std::vector<std::string> troubles;
};

class Reader : public TestLoop {
 public:
  explicit Reader(const RedisOptions& options) : questions_(loop_, options) {
    questions_.reportTo(heard_);
    questions_.start();
  }

  const Heard& heard() const { return heard_; }
  RedisWorkerQuestions& questions() { return questions_; }

  [[nodiscard]] bool runUntilHeard(std::string_view domain) {
    return runUntil([&] { return heard_.hasDomain(domain); });
  }
  [[nodiscard]] bool runUntilTrouble(std::string_view words) {
    return runUntil([&] { return heard_.hasTrouble(words); });
  }
  // Reads on until what is asked now has come: whatever should have come before has, then.
  [[nodiscard]] bool runUntilNow(RedisServer& server) {
    const std::string domain = "now" + std::to_string(++nows_) + ".example";
    server.command({"XADD", kWanted, "*", "domain", domain});
    return runUntilHeard(domain);
  }
  // Until an answer gets through.
  [[nodiscard]] bool runUntilAnswering() {
    return runUntil([&] {
      questions_.answerNotHosted(domainOf("probe.example"), std::chrono::minutes(1), "foreign");
      return questions_.counts().answered > 0;
    });
  }

 private:
  Heard heard_;
  int nows_ = 0;
  RedisWorkerQuestions questions_;
};

std::int64_t redisNow_ms(RedisServer& server) {
  const auto reply = server.command({"TIME"});
  return std::stoll(reply->element[0]->str) * 1000 + std::stoll(reply->element[1]->str) / 1000;
}

TEST(RedisWorkerQuestions, TellsWhatIsAskedByWhom) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  EXPECT_TRUE(reader.runUntilNow(server)) << "and the stream did not exist";
  server.command({"XADD", kWanted, "*", "domain", "a.example", "worker", "w1"});
  server.command({"XADD", kWanted, "*", "worker", "w2", "more", "x", "domain", "b.example"});
  server.command({"XADD", kWanted, "*", "domain", "c.example"});
  ASSERT_TRUE(reader.runUntilHeard("c.example"));
  EXPECT_THAT(reader.heard().wanted, ElementsAre(Pair("now1.example", ""), Pair("a.example", "w1"),
                                                 Pair("b.example", "w2"), Pair("c.example", "")));
  EXPECT_THAT(reader.heard().troubles, IsEmpty());
}

TEST(RedisWorkerQuestions, BeginsAtWhatIsYoungerThanTenSeconds) {
  RedisServer server;
  const std::int64_t now_ms = redisNow_ms(server);
  server.command({"XADD", kWanted, std::to_string(now_ms - 11'000), "domain", "old.example"});
  server.command({"XADD", kWanted, std::to_string(now_ms - 1), "domain", "young.example"});
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_THAT(reader.heard().wanted,
              ElementsAre(Pair("young.example", ""), Pair("now1.example", "")));
}

TEST(RedisWorkerQuestions, HostileEntriesAreSkippedAndOctetsPassedOnAsTheyAre) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  const std::string octets("a\0\r\n\xff$-1", 9);
  server.command({"XADD", kWanted, "*", "Domain", "no.example"});
  server.command({"XADD", kWanted, "*", "domain", std::string(1'000'000, 'a')});
  server.command({"XADD", kWanted, "*", "domain", "no.example", "worker", std::string(256, 'w')});
  std::vector<std::string> many{"XADD", kWanted, "*"};
  for (int i = 0; i < 10'000; ++i) many.insert(many.end(), {"f" + std::to_string(i), "v"});
  many.insert(many.end(), {"domain", "no.example"});
  server.command(many);
  server.command({"XADD", kWanted, "*", "domain", octets, "worker", octets});
  server.command({"XADD", kWanted, "*", "domain", "", "domain", "second.example"});
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_THAT(reader.heard().wanted,
              ElementsAre(Pair(octets, octets), Pair("", ""), Pair("now1.example", "")));
  EXPECT_EQ(reader.questions().counts().skipped, 4u);
  ASSERT_TRUE(reader.runUntilTrouble("skipped entries of zonecast:{t}:wanted: 4"));
  for (int i = 0; i < 100; ++i) server.command({"XADD", kWanted, "*", "a", "b"});
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_EQ(reader.questions().counts().skipped, 104u);
  EXPECT_EQ(reader.heard().troubles.size(), 1u) << "told once a minute";
}

TEST(RedisWorkerQuestions, ABurstOfSeveralWritersComesWholeAndInOrder) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilNow(server));
  // Several writers by turns, whose entries are there at once.
  server.text({"EVAL",
               "for i = 1, 3000 do redis.call('XADD', KEYS[1], '*', 'domain', 'd' .. i .. "
               "'.example', 'worker', 'w' .. (i % 3)) end",
               "1", kWanted});
  ASSERT_TRUE(reader.runUntilNow(server));
  ASSERT_EQ(reader.heard().wanted.size(), 3002u);
  for (std::size_t i = 1; i <= 3000; ++i) {
    EXPECT_EQ(reader.heard().wanted[i],
              std::pair("d" + std::to_string(i) + ".example", "w" + std::to_string(i % 3)));
  }
}

TEST(RedisWorkerQuestions, AStreamThatIsTrimmedGoesOn) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilNow(server));
  server.command({"XTRIM", kWanted, "MAXLEN", "0"});
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_EQ(reader.heard().wanted.size(), 2u);
}

TEST(RedisWorkerQuestions, AStreamWithLowerIdsInItsPlaceIsReadToo) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  const std::int64_t future_ms = redisNow_ms(server) + 1'000'000'000;
  server.command({"XADD", kWanted, std::to_string(future_ms), "domain", "future.example"});
  ASSERT_TRUE(reader.runUntilHeard("future.example"));
  server.command({"DEL", kWanted});
  EXPECT_TRUE(reader.runUntilNow(server));
  EXPECT_THAT(reader.heard().troubles, IsEmpty());
}

TEST(RedisWorkerQuestions, AnotherTypeInItsPlaceIsToldOnceAndGotOver) {
  RedisServer server;
  server.command({"SET", kWanted, "x"});
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilTrouble("zonecast:{t}:wanted is no stream, and not ours then"));
  server.command({"DEL", kWanted});
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_EQ(reader.heard().troubles.size(), 1u);
}

TEST(RedisWorkerQuestions, ARedisThatRestartsIsReadOn) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilNow(server));
  ASSERT_TRUE(reader.runUntilAnswering());
  server.kill();
  ASSERT_TRUE(reader.runUntilTrouble("Redis at "));
  server.start();
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_TRUE(reader.runUntil([&] {
    reader.questions().answerNotHosted(domainOf("b.example"), std::chrono::minutes(1), "foreign");
    return server.text({"GET", "zonecast:{t}:answer:b.example"}) == "foreign";
  }));
}

TEST(RedisWorkerQuestions, WhatWasReadIsNotToldAgainAfterALostConnection) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilNow(server));
  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  ASSERT_TRUE(reader.runUntilTrouble("Redis closed the connection"));
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_THAT(reader.heard().wanted,
              ElementsAre(Pair("now1.example", ""), Pair("now2.example", "")));
}

TEST(RedisWorkerQuestions, ARedisThatComesLateIsFound) {
  RedisServer server;
  server.kill();
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilTrouble("no such file or directory"));
  server.start();
  EXPECT_TRUE(reader.runUntilNow(server));
  EXPECT_EQ(reader.heard().troubles.size(), 1u) << "told once, however often it is tried";
}

TEST(RedisWorkerQuestions, AnAnswerStandsForItsTime) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  ASSERT_TRUE(reader.runUntilAnswering());
  reader.questions().answerNotHosted(domainOf("a.example"), std::chrono::minutes(5), "foreign");
  reader.questions().answerNotHosted(domainOf("b.example"), Duration(1), "foreign");
  const std::string key = "zonecast:{t}:answer:a.example";
  ASSERT_TRUE(reader.runUntil([&] { return server.text({"EXISTS", key}) == "1"; }));
  EXPECT_EQ(server.text({"GET", key}), "foreign");
  const auto lifetime_ms = std::stoll(server.text({"PTTL", key}));
  EXPECT_GT(lifetime_ms, 200'000);
  EXPECT_LE(lifetime_ms, 300'000);
  EXPECT_TRUE(reader.runUntil([&] {
    return server.text({"EXISTS", "zonecast:{t}:answer:b.example"}) == "0";
  }));
  EXPECT_FALSE(reader.heard().hasTrouble("SET"));
}

TEST(RedisWorkerQuestions, AnswersBeyondItsRoomAreDroppedAndCounted) {
  RedisServer server;
  Reader reader(optionsFor(server.socket()));
  reader.questions().answerNotHosted(domainOf("early.example"), std::chrono::minutes(1), "foreign");
  EXPECT_EQ(reader.questions().counts().dropped, 1u) << "nobody is connected";
  ASSERT_TRUE(reader.runUntilAnswering());
  const auto before = reader.questions().counts();
  for (int i = 0; i < 5000; ++i) {
    reader.questions().answerNotHosted(domainOf("d" + std::to_string(i) + ".example"),
                                       std::chrono::minutes(1), "foreign");
  }
  const auto after = reader.questions().counts();
  const std::uint64_t sent = after.answered - before.answered;
  EXPECT_LE(sent, 1000u);
  EXPECT_GE(sent, 999u);
  EXPECT_EQ(after.dropped - before.dropped, 5000 - sent);
  EXPECT_TRUE(reader.runUntilTrouble("dropped answers to workers"));
  EXPECT_TRUE(reader.runUntil([&] {
    return server.text(
               {"EXISTS", "zonecast:{t}:answer:d" + std::to_string(sent - 1) + ".example"}) == "1";
  }));
  const std::uint64_t answered = reader.questions().counts().answered;
  EXPECT_TRUE(reader.runUntil([&] {
    reader.questions().answerNotHosted(domainOf("late.example"), std::chrono::minutes(1),
                                       "foreign");
    return reader.questions().counts().answered > answered;
  })) << "there is room again";
}

TEST(RedisWorkerQuestions, ThePublishersPermissionsAreEnough) {
  const std::filesystem::path sources = ZONECAST_SOURCES;
  RedisServer server({"--aclfile", sources / "config/redis/users.acl"});
  RedisOptions options = optionsFor(server.socket());
  options.deployment = "main";
  options.user = "zonecast";
  options.password_file = server.write("password", "CHANGE-ME-PUBLISHER\n");
  Reader reader(options);
  ASSERT_TRUE(reader.runUntilAnswering());
  // The mirror asks, and finds the answer.
  EXPECT_EQ(server.text({"AUTH", "mirror", "CHANGE-ME-MIRROR"}), "OK");
  const std::string wanted = "zonecast:{main}:wanted";
  server.command(
      {"XADD", wanted, "MAXLEN", "~", "10000", "*", "domain", "a.example", "worker", "m"});
  ASSERT_TRUE(reader.runUntilHeard("a.example"));
  EXPECT_TRUE(reader.runUntil([&] {
    return server.text({"GET", "zonecast:{main}:answer:probe.example"}) == "foreign";
  }));
  EXPECT_THAT(server.text({"SET", "zonecast:{main}:answer:x.example", "foreign"}),
              HasSubstr("NOPERM"));
  EXPECT_THAT(reader.heard().troubles, Not(Contains(HasSubstr("NOPERM"))));
}

TEST(RedisWorkerQuestions, MissingPermissionsAreNamedOnce) {
  RedisServer server;
  server.command(
      {"ACL", "SETUSER", "zonecast", "on", ">x", "~zonecast:{t}:*", "+@all", "-xread", "-set"});
  RedisOptions options = optionsFor(server.socket());
  options.user = "zonecast";
  options.password_file = server.write("password", "x");
  Reader reader(options);
  ASSERT_TRUE(reader.runUntilTrouble("XREAD zonecast:{t}:wanted: NOPERM"));
  ASSERT_TRUE(reader.runUntil([&] {
    reader.questions().answerNotHosted(domainOf("a.example"), std::chrono::minutes(1), "foreign");
    return reader.heard().hasTrouble("SET answer: NOPERM");
  }));
  server.command({"ACL", "SETUSER", "zonecast", "+xread", "+set"});
  ASSERT_TRUE(reader.runUntilNow(server));
  EXPECT_EQ(std::ranges::count_if(reader.heard().troubles,
                                  [](const auto& why) { return why.starts_with("XREAD"); }),
            1);
}

TEST(StreamId, IsOrderedAsRedisOrdersIt) {
  EXPECT_LT(*StreamId::fromText("9-10"), *StreamId::fromText("10-9"));
  EXPECT_LT(*StreamId::fromText("10-9"), *StreamId::fromText("10-10"));
  EXPECT_EQ(StreamId::fromText("18446744073709551615-7")->text(), "18446744073709551615-7");
  for (const auto* text : {"", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-b", "1--2"})
    EXPECT_FALSE(StreamId::fromText(text)) << text;
}

}  // namespace
}  // namespace zonecast::redis
