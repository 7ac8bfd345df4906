#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/redis/shadow_store.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::redis {
namespace {

using test::RedisServer;
using testing::HasSubstr;
using testing::SizeIs;

class Shadow : public TestLoop {
 public:
  explicit Shadow(const RedisOptions& options) : store_(loop_, options) { store_.reportTo(seen_); }

  Remembered& seen() { return seen_; }
  ShadowStore& store() { return store_; }

  ports::StoredState open() {
    store_.open({}, {});
    EXPECT_FALSE(seen_.opened);  // not from inside the call
    EXPECT_TRUE(runUntil([this] { return seen_.opened.has_value(); }));
    return seen_.opened.value_or(ports::StoredState());
  }

 private:
  Remembered seen_;
  ShadowStore store_;
};

TEST(ShadowStore, ReadsWhatALeaderPublishedAndTakesNoTerm) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 17);
  Shadow shadow(optionsFor(server.socket(), "two"));
  const ports::StoredState state = shadow.open();
  EXPECT_EQ(state.term, plan::Term{});
  EXPECT_EQ(state.position, leader.position());
  EXPECT_EQ(state.table, tableOf(3));
  EXPECT_EQ(state.damage, "");
  EXPECT_FALSE(shadow.seen().unchanged);
  leader.publish(tableOf(4));
  EXPECT_TRUE(leader.seen().published);
}

TEST(ShadowStore, AnEmptyRedisIsAnEmptyTable) {
  RedisServer server;
  Shadow shadow(optionsFor(server.socket()));
  const ports::StoredState state = shadow.open();
  EXPECT_FALSE(state.position);
  EXPECT_EQ(state.table, plan::Table());
  EXPECT_EQ(server.text({"DBSIZE"}), "0");
}

TEST(ShadowStore, TakesWhatIsPublishedAndWritesNothing) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(1), 17);
  Shadow shadow(optionsFor(server.socket(), "two"));
  const ports::StoredState state = shadow.open();

  shadow.store().publish({*state.position, plan::Version{18}, {}}, tableOf(2));
  EXPECT_FALSE(shadow.seen().published);  // not from inside the call
  ASSERT_TRUE(shadow.runUntil([&] { return shadow.seen().published.has_value(); }));
  EXPECT_EQ(shadow.seen().published->version, plan::Version{18});
  EXPECT_NE(shadow.seen().published->lineage, state.position->lineage);

  shadow.seen().published.reset();
  shadow.store().rebase(state.position, {kLineage, plan::Version{19}, {}}, tableOf(2));
  ASSERT_TRUE(shadow.runUntil([&] { return shadow.seen().published.has_value(); }));
  EXPECT_EQ(shadow.seen().published->version, plan::Version{19});
  EXPECT_NE(shadow.seen().published->lineage, kLineage);
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "version"}), "17");
  EXPECT_EQ(server.text({"HLEN", "zonecast:{t}:domain"}), "1");
}

TEST(ShadowStore, GoesOnWithoutRedisOnceItWasRead) {
  RedisServer server;
  Shadow shadow(optionsFor(server.socket()));
  shadow.open();
  server.kill();
  shadow.store().rebase({}, {kLineage, plan::Version{1}, {}}, tableOf(2));
  ASSERT_TRUE(shadow.runUntil([&] { return shadow.seen().published.has_value(); }));
  EXPECT_TRUE(shadow.seen().lost.empty());
}

TEST(ShadowStore, WaitsForARedisThatIsAwayAndTellsItOnce) {
  RedisServer server;
  server.kill();
  Shadow shadow(optionsFor(server.socket()));
  shadow.store().open({}, {});
  ASSERT_TRUE(shadow.runUntil([&] { return !shadow.seen().troubles.empty(); }));
  const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  ASSERT_TRUE(shadow.runUntil([&] { return std::chrono::steady_clock::now() > patience; }));
  EXPECT_THAT(shadow.seen().troubles, SizeIs(1));
  server.start();
  EXPECT_TRUE(shadow.runUntil([&] { return shadow.seen().opened.has_value(); }));
}

TEST(ShadowStore, OptionsThatLeadElsewhereEndWaitingForTheOldPlace) {
  RedisServer server;
  Shadow shadow(optionsFor("/nowhere.sock"));
  shadow.store().open({}, {});
  ASSERT_TRUE(shadow.runUntil([&] { return shadow.seen().hasTrouble("/nowhere.sock"); }));
  shadow.store().adopt(optionsFor(server.socket()));
  EXPECT_TRUE(shadow.runUntil([&] { return shadow.seen().opened.has_value(); }));
}

TEST(ShadowStore, WhatWasReadStaysWhereverRedisIsAfterwards) {
  RedisServer first, second;
  Shadow shadow(optionsFor(first.socket()));
  shadow.open();
  shadow.store().adopt(optionsFor(second.socket()));
  shadow.store().rebase({}, {kLineage, plan::Version{1}, {}}, tableOf(1));
  ASSERT_TRUE(shadow.runUntil([&] { return shadow.seen().published.has_value(); }));
  EXPECT_EQ(shadow.seen().reports, 2);
}

TEST(ShadowStore, DamageIsToldAsItIs) {
  RedisServer server;
  server.text({"HSET", "zonecast:{t}:domain", "a.example", "nonsense"});
  Shadow shadow(optionsFor(server.socket()));
  EXPECT_THAT(shadow.open().damage, HasSubstr("a.example"));
}

}  // namespace
}  // namespace zonecast::redis
