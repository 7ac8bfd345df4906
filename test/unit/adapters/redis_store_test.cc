#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/redis/convert.h"
#include "schema/digest.h"
#include "schema/functions.h"
#include "schema/redis_keys.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::redis {
namespace {

using test::RedisServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kDomain = "zonecast:{t}:domain";

// A port that nobody listens on, at this moment.
std::uint16_t freePort() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(probe);
  return ntohs(address.sin_port);
}

TEST(RedisStore, AnEmptyStoreIsOpenedWithTheFirstTermAndNoPosition) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  const ports::StoredState state = leader.open();
  EXPECT_EQ(state.term, plan::Term{1});
  EXPECT_FALSE(state.position);
  EXPECT_EQ(state.table, plan::Table());
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.newest, plan::Version{0});
}

TEST(RedisStore, OptionsThatLeadElsewhereLoseItAndItIsOpenedThere) {
  RedisServer first, second;
  Leader leader(optionsFor(first.socket()));
  leader.open();
  leader.rebase(tableOf(3), 17);
  leader.store().adopt(optionsFor(second.socket()));
  ASSERT_THAT(leader.seen().lost, ElementsAre(HasSubstr("elsewhere")));
  const ports::StoredState state = leader.open(plan::Term{1}, leader.position());
  EXPECT_FALSE(state.position);
  leader.rebase(tableOf(2), 18);
  EXPECT_EQ(second.text({"HLEN", std::string(kDomain)}), "2");
  EXPECT_EQ(first.text({"HLEN", std::string(kDomain)}), "3");
}

TEST(RedisStore, OptionsThatLeadElsewhereEndAPublicationUnderWay) {
  RedisServer first, second;
  Leader leader(optionsFor(first.socket()));
  leader.open();
  leader.rebase(tableOf(1), 17);
  const plan::Table table = tableOf(2);
  leader.store().rebase(leader.position(), {kLineage, plan::Version{18}, {}}, table);
  leader.store().adopt(optionsFor(second.socket()));
  ASSERT_THAT(leader.seen().lost, ElementsAre(HasSubstr("elsewhere")));
  leader.open(plan::Term{1}, leader.position());
  leader.rebase(table, 19);
  EXPECT_EQ(second.text({"HLEN", std::string(kDomain)}), "2");
  EXPECT_EQ(leader.seen().lost.size(), 1u);
}

TEST(RedisStore, OptionsThatLeadElsewhereEndWaitingForTheOldPlace) {
  RedisServer server;
  Leader leader(optionsFor("/nowhere.sock"));
  leader.store().open({}, {});
  ASSERT_TRUE(leader.runUntilTrouble("/nowhere.sock"));
  leader.store().adopt(optionsFor(server.socket()));
  EXPECT_TRUE(leader.runUntil([&] { return leader.seen().opened.has_value(); }));
  EXPECT_TRUE(leader.seen().lost.empty());
}

TEST(RedisStore, OtherOptionsOfTheSamePlaceLeaveItOpen) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(1), 17);
  RedisOptions options = optionsFor(server.socket());
  options.batch_max = 7;
  options.lease_ttl = std::chrono::seconds(3);
  leader.store().adopt(options);
  leader.publish(tableOf(2));
  EXPECT_TRUE(leader.seen().lost.empty());
  EXPECT_TRUE(leader.seen().published);
}

TEST(RedisStore, TheTermIsBeyondEveryTermThatIsKnown) {
  RedisServer server;
  EXPECT_EQ(Leader(optionsFor(server.socket())).open(plan::Term{41}).term, plan::Term{42});
  EXPECT_EQ(Leader(optionsFor(server.socket())).open(plan::Term{7}).term, plan::Term{43});
}

TEST(RedisStore, RecordsOfDidsComeAndGoWithChangesAndOutliveASwap) {
  RedisServer server;
  plan::Table table = tableOf(3);
  const WallSecond freed{WallSecond::duration(1'700'000'000)};
  table.records.emplace(didOf("gone"), plan::DidRecord{"acme", "", freed});
  table.records.emplace(didOf("d1.example"), plan::DidRecord{"globex", "acme", {}});
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(table, 17);
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:did", "gone"}), "customer=acme;freed=1700000000");
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:did", "d1.example"}), "customer=globex;from=acme");

  table.records.erase(didOf("d1.example"));
  table.records.emplace(didOf("fresh"), plan::DidRecord{"acme", "", {}});
  leader.publish(table);
  Leader next(optionsFor(server.socket()));
  EXPECT_EQ(next.open().table, table);
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "dids"}), "2");
}

TEST(RedisStore, ARecordThatSomebodyWroteIsDamage) {
  for (const char* value : {"", "customer=", "customer=acme;freed=x", "freed=1;customer=acme"}) {
    RedisServer server;
    Leader leader(optionsFor(server.socket()));
    leader.open();
    leader.rebase(tableOf(1), 17);
    server.text({"HSET", "zonecast:{t}:did", "gone", value});
    Leader next(optionsFor(server.socket()));
    EXPECT_NE(next.open().damage, "") << value;
  }
}

TEST(RedisStore, WhatIsPublishedIsReadBack) {
  RedisServer server;
  const plan::Table table = tableOf(3);
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(table, 17);
  ASSERT_TRUE(leader.seen().published);

  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:domain", "d1.example"}),
            "did=d1.example;state=hosted;transports=udp;role=primary");
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:attribute", "d1.example"}),
            "calls.max=10;digest.qop=auth;digest.qop=auth-int;expires=3600s;peering=true");
  EXPECT_EQ(server.text({"HMGET", "zonecast:{t}:meta", "schema", "lineage", "term", "version",
                         "generation", "leader", "domains", "virtual_domains"}),
            "1 " + kLineage.uuid + " 1 17 1 one 3 3");
  EXPECT_EQ(server.text({"TTL", std::string(kDomain)}), "-1")
      << "staged keys expire, live ones not";

  Leader next(optionsFor(server.socket()));
  const ports::StoredState state = next.open();
  EXPECT_EQ(state.term, plan::Term{2});
  EXPECT_EQ(state.position, leader.position());
  EXPECT_EQ(state.table, table);
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.newest, plan::Version{17});
}

TEST(RedisStore, AnAddressIsADomainThatIsReadBackToo) {
  RedisServer server;
  plan::Table table = tableOf(1);
  const auto address = [](std::string_view text) { return derive::Domain::fromHost(text).value(); };
  identity::VirtualDomain office{address("192.0.2.1"), "acme", {}, {}};
  for (const char* text : {"192.0.2.1", "[2001:DB8::1]"}) {
    office.domains.push_back(address(text));
    table.domains.emplace(
        address(text),
        plan::DomainEntry{.did = didOf("office"), .transports = derive::TransportSet::fromBits(1)});
  }
  table.virtual_domains.emplace(didOf("office"), std::move(office));
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(table, 17);
  EXPECT_EQ(server.text({"HGET", std::string(kDomain), "2001:db8::1"}),
            "did=office;state=hosted;transports=udp;role=primary");
  Leader next(optionsFor(server.socket()));
  const ports::StoredState state = next.open();
  EXPECT_EQ(state.table, table);
  EXPECT_EQ(state.damage, "");
}

TEST(RedisStore, AChangeSetPutsChangesAndRemoves) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(4), 1);
  plan::Table desired = tableOf(3);
  addDomain("new.example", desired);
  addDomain("d0.example", desired, 99);
  desired.domains.at(domainOf("d1.example")).role = derive::Role::backup;
  leader.publish(desired);
  ASSERT_TRUE(leader.seen().published);
  EXPECT_EQ(leader.position()->version, plan::Version{2});
  EXPECT_EQ(server.text({"HGET", std::string(kDomain), "d3.example"}), "(nil)");
  EXPECT_EQ(server.text({"HMGET", "zonecast:{t}:meta", "version", "generation", "domains"}),
            "2 1 4");

  Leader next(optionsFor(server.socket()));
  const ports::StoredState state = next.open();
  EXPECT_EQ(state.table, desired);
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.position, leader.position());
}

TEST(RedisStore, IsReachedOverTcpToo) {
  const std::uint16_t port = freePort();
  RedisOptions options = optionsFor("");
  options.server = xfr::Endpoint{*xfr::parseAddress("127.0.0.1"), port};
  Leader leader(options);
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("connection refused"));
  RedisServer server({"--port", std::to_string(port), "--bind", "127.0.0.1"});
  EXPECT_TRUE(leader.runUntilReport());
  leader.rebase(tableOf(3000), 1);
  EXPECT_TRUE(leader.seen().published);
  EXPECT_EQ(leader.open().damage, "");
}

TEST(RedisStore, AnEmptyTableIsPublishedAndReadBackToo) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(2), 1);
  leader.publish({});
  leader.rebase({}, 5);
  ASSERT_TRUE(leader.seen().published);
  const ports::StoredState state = Leader(optionsFor(server.socket())).open();
  EXPECT_EQ(state.table, plan::Table());
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.position, leader.position());
}

TEST(RedisStore, AnOlderTermIsFencedOff) {
  RedisServer server;
  Leader old(optionsFor(server.socket()));
  old.open();
  old.rebase(tableOf(1), 1);
  Leader young(optionsFor(server.socket()));  // the same instance: it need not wait
  young.open();
  old.publish(tableOf(2));
  EXPECT_THAT(old.seen().lost, ElementsAre("term 2 of one is in force"));
  EXPECT_EQ(server.text({"HLEN", std::string(kDomain)}), "1");
}

TEST(RedisStore, AStagedPublicationOfAnOlderTermIsFencedOff) {
  RedisServer server;
  Leader old(optionsFor(server.socket()));
  old.open();
  Leader young(optionsFor(server.socket()));
  young.open();
  old.rebase(tableOf(1000), 1);
  EXPECT_THAT(old.seen().lost, ElementsAre("term 2 of one is in force"));
  EXPECT_EQ(server.text({"KEYS", "*stage*"}), "");
}

TEST(RedisStore, AnIdleLeaderHearsThatItWasFencedOff) {
  RedisServer server;
  RedisOptions options = optionsFor(server.socket());
  options.lease_ttl = std::chrono::milliseconds(90);
  Leader old(options);
  old.open();
  Leader(optionsFor(server.socket())).open();
  EXPECT_TRUE(old.runUntilReport());
  EXPECT_THAT(old.seen().lost, ElementsAre("term 2 of one is in force"));
}

TEST(RedisStore, AnotherVersionThanExpectedIsLeftAlone) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(1), 1);
  server.command({"HSET", "zonecast:{t}:meta", "version", "99"});
  leader.publish(tableOf(2));
  ASSERT_EQ(leader.seen().lost.size(), 1u);
  EXPECT_THAT(leader.seen().lost[0], StartsWith("Redis is at version 99 of lineage"));
  EXPECT_EQ(server.text({"HLEN", std::string(kDomain)}), "1");
}

TEST(RedisStore, ARebaseReplacesOnlyWhatItsCallerFound) {
  RedisServer server;
  const plan::Table table = tableOf(1);
  for (const bool was_empty : {true, false}) {
    Leader leader(optionsFor(server.socket()));
    leader.open();
    leader.rebase(tableOf(2), 10);
    const std::optional<plan::Position> found =
        was_empty ? std::nullopt : std::optional(*leader.position());
    leader.publish(tableOf(3));
    leader.seen().published.reset();
    leader.store().rebase(found, {kLineage, plan::Version{20}, {}}, table);
    EXPECT_TRUE(leader.runUntilReport());
    EXPECT_FALSE(leader.seen().published);
    EXPECT_THAT(leader.seen().lost, ElementsAre(StartsWith("Redis is at version 11 of lineage")));
    EXPECT_EQ(server.text({"HLEN", std::string(kDomain)}), "3");
    server.command({"FLUSHALL"});
  }
}

TEST(RedisStore, AForeignWriteIsNoticedAndAllIsReadAgain) {
  RedisServer server;
  Leader leader(attentive(optionsFor(server.socket())));
  leader.open();
  leader.rebase(tableOf(2), 1);
  leader.publish(tableOf(3));  // our own writes are none of somebody else's
  server.command({"HSET", std::string(kDomain), "d1.example",
                  "did=d0.example;state=hosted;transports=udp;role=primary"});
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_THAT(leader.seen().lost,
              ElementsAre(HasSubstr("somebody else wrote under zonecast:{t}:")));
  EXPECT_THAT(leader.open({}, leader.position()).damage, HasSubstr("the content digest differs"));
}

TEST(RedisStore, AFlushIsToldAsWhatItIs) {
  RedisServer server;
  Leader leader(attentive(optionsFor(server.socket())));
  leader.open();
  leader.rebase(tableOf(2), 1);
  server.command({"FLUSHALL"});
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_THAT(leader.seen().lost, ElementsAre(StartsWith("Redis has lost what was in it")));
}

TEST(RedisStore, ALogThatIsAheadStopsAPublicationBeforeItsFirstWrite) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(1), 1);
  server.command({"XADD", "zonecast:{t}:log", "50-1", "a", "b"});
  leader.publish(tableOf(2));
  ASSERT_EQ(leader.seen().lost.size(), 1u);
  EXPECT_THAT(leader.seen().lost[0], HasSubstr("log entry 2-1"));
  EXPECT_EQ(server.text({"HLEN", std::string(kDomain)}), "1");

  const ports::StoredState state = leader.open();
  EXPECT_EQ(state.damage, "the log is ahead of meta");
  EXPECT_EQ(state.newest, plan::Version{50});
}

TEST(RedisStore, ASecondInstanceWaitsUntilTheLeaseRunsOut) {
  RedisServer server;
  RedisOptions options = optionsFor(server.socket(), "first");
  options.lease_ttl = std::chrono::milliseconds(1000);
  auto first = std::make_unique<Leader>(options);
  first->open();
  options.instance_id = "second";
  Leader second(options);
  second.store().open({}, {});
  EXPECT_TRUE(second.runUntilTrouble("first holds the lease"));
  EXPECT_FALSE(second.seen().opened);
  first.reset();
  EXPECT_TRUE(second.runUntil([&] { return second.seen().opened.has_value(); }));
  EXPECT_EQ(second.seen().opened->term, plan::Term{2});
}

TEST(RedisStore, AServerThatDiesIsLostOnceAndComesBackEmpty) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 8);
  server.kill();
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_EQ(leader.seen().lost.size(), 1u);

  leader.store().open(plan::Term{1}, leader.position());
  EXPECT_TRUE(leader.runUntilTrouble("no such file"));
  server.start();
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_FALSE(leader.seen().opened->position);
  EXPECT_FALSE(leader.seen().unchanged);
  EXPECT_EQ(leader.seen().opened->term, plan::Term{2});
}

TEST(RedisStore, AServerThatDiesDuringAPublicationIsLostOnce) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  const plan::Table table = tableOf(20'000);
  leader.store().rebase({}, {kLineage, plan::Version{1}, {}}, table);
  EXPECT_TRUE(leader.runUntil([&] { return server.text({"KEYS", "*stage*"}) != ""; }));
  server.kill();
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_EQ(leader.seen().lost.size(), 1u);
  EXPECT_FALSE(leader.seen().published);
}

TEST(RedisStore, AServerThatNoLongerAnswersIsLost) {
  RedisServer server;
  RedisOptions options = optionsFor(server.socket());
  options.lease_ttl = std::chrono::milliseconds(150);
  options.command_timeout = std::chrono::milliseconds(300);
  Leader leader(options);
  leader.open();
  server.command({"CLIENT", "PAUSE", "60000"});
  EXPECT_TRUE(leader.runUntilReport());
  ASSERT_EQ(leader.seen().lost.size(), 1u);
  EXPECT_THAT(leader.seen().lost[0], HasSubstr("does not answer"));
}

TEST(RedisStore, AServerThatAnnouncesTooMuchIsLostAndComesBack) {
  RedisServer server;
  RedisOptions options = attentive(optionsFor(server.socket()));
  options.reply_limits.elements_max = 1000;
  Leader leader(options);
  leader.open();
  leader.rebase(tableOf(2), 1);
  const std::string library(schema::kFunctionLibrary), renew = schema::functionName("renew");
  server.command({"FUNCTION", "LOAD", "REPLACE",
                  "#!lua name=" + library + "\nredis.register_function('" + renew +
                      "', function() local all = {} for i = 1, 1001 do all[i] = i end return all "
                      "end)"});
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_THAT(leader.seen().lost, ElementsAre(HasSubstr("the reply announces 1002 elements")))
      << "the one reply within EXEC's, and its own";

  server.command({"FUNCTION", "FLUSH"});
  EXPECT_EQ(leader.open().table, tableOf(2));
  EXPECT_EQ(leader.seen().lost.size(), 1u);
}

TEST(RedisStore, AStoreThatDidNotChangeIsNotReadAgain) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 1);
  const ports::StoredState state = leader.open(plan::Term{1}, leader.position());
  EXPECT_TRUE(leader.seen().unchanged);
  EXPECT_EQ(state.table, plan::Table());
  EXPECT_EQ(state.position, leader.seen().published);

  leader.publish(tableOf(4));  // and the content sum goes on from there
  EXPECT_EQ(Leader(optionsFor(server.socket())).open().damage, "");
}

TEST(RedisStore, WhetherAnotherLedSinceIsToldOnce) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  EXPECT_FALSE(leader.open().others_led);
  leader.rebase(tableOf(3), 1);
  EXPECT_FALSE(leader.open(plan::Term{1}).others_led) << "our own term";

  server.command({"DEL", "zonecast:{t}:lease"});
  EXPECT_TRUE(Leader(optionsFor(server.socket(), "two")).open().others_led);
  server.command({"DEL", "zonecast:{t}:lease"});
  EXPECT_TRUE(leader.open(plan::Term{2}).others_led);
  EXPECT_FALSE(leader.open(plan::Term{4}).others_led);
}

// A term that was taken in vain is no other leader's.
TEST(RedisStore, AnOpeningThatFailedIsNoOtherLeader) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 1);
  server.command({"ACL", "SETUSER", "default", "-watch"});
  leader.store().open(plan::Term{1}, {});
  EXPECT_TRUE(leader.runUntilTrouble("watch"));
  server.command({"ACL", "SETUSER", "default", "+watch"});
  EXPECT_TRUE(leader.runUntilReport());
  ASSERT_TRUE(leader.seen().opened);
  EXPECT_GT(leader.seen().opened->term, plan::Term{2});
  EXPECT_FALSE(leader.seen().opened->others_led);
}

TEST(RedisStore, AStoreThatLostEntriesIsReadAgain) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 1);
  server.command({"HDEL", "zonecast:{t}:domain", "d1.example"});
  const ports::StoredState state = leader.open({}, leader.position());
  EXPECT_FALSE(leader.seen().unchanged);
  EXPECT_EQ(state.damage, "the content digest differs");
}

// Proxies look a domain up in lower case and without a final dot: they would not find it.
TEST(RedisStore, ADomainThatIsNotWrittenAsProxiesLookItUpIsDamage) {
  RedisServer server;
  const std::string meta = "zonecast:{t}:meta", domain(kDomain), name = "d1.example";
  for (const std::string other : {"D1.example", "d1.example.", "[2001:db8::1]"}) {
    Leader leader(optionsFor(server.socket()));
    leader.open();
    leader.rebase(tableOf(2), 1);
    const std::string value = server.text({"HGET", domain, name});
    schema::ContentSum sum(*contentFromText(server.text({"HGET", meta, "content"})));
    sum.remove(schema::kDomainHash, name, value);
    sum.add(schema::kDomainHash, other, value);
    server.command({"HDEL", domain, name});
    server.command({"HSET", domain, other, value});
    server.command({"HSET", meta, "content", contentText(sum.sum())});
    EXPECT_EQ(leader.open().damage, "domain " + other + ": not as this version writes it");
    server.command({"FLUSHALL"});
  }
}

TEST(RedisStore, StagingGivesTheSameContentAsOneCall) {
  RedisServer server;
  const plan::Table table = tableOf(5000);
  RedisOptions options = optionsFor(server.socket());
  Leader staging(options);
  staging.open();
  staging.rebase({}, 1);
  staging.publish(table);
  ASSERT_TRUE(staging.seen().published);
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "generation"}), "2");
  EXPECT_EQ(server.text({"KEYS", "*stage*"}) + server.text({"KEYS", "*aside*"}), "");
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "staging"}), "(nil)");

  options.deployment = "u";
  options.batch_max = 1'000'000;
  Leader calling(options);
  calling.open();
  calling.rebase({}, 1);
  calling.publish(table);
  ASSERT_TRUE(calling.seen().published);
  EXPECT_EQ(server.text({"HGET", "zonecast:{u}:meta", "generation"}), "1");

  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "content"}),
            server.text({"HGET", "zonecast:{u}:meta", "content"}));
  options.deployment = "t";
  const ports::StoredState state = Leader(options).open();
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.table, table);
  EXPECT_EQ(state.position, staging.position());
}

TEST(RedisStore, WhatAnEarlierLeaderLeftStagedIsUnlinked) {
  RedisServer server;
  Leader(optionsFor(server.socket())).open();
  server.command({"HSET", "zonecast:{t}:meta", "staging", "1:7"});
  server.command({"HSET", "zonecast:{t}:stage:1:7:domain", "a.example", "x"});
  Leader(optionsFor(server.socket())).open();
  EXPECT_EQ(server.text({"KEYS", "*stage*"}), "");
}

}  // namespace
}  // namespace zonecast::redis
