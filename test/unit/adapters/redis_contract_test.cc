// What others see of the store: readers of the log and the events, operators who set permissions,
// and a publisher that finds what it did not write.
#include <atomic>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "schema/redis_keys.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"

namespace zonecast::redis {
namespace {

using test::RedisServer;
using testing::ElementsAre;
using testing::HasSubstr;

// -- readers

// A reader as REDIS.md describes it, that starts from nothing and has only the log.
class LogReader {
 public:
  void apply(const std::string& octets) {
    v1::ChangeSet changes;
    ASSERT_TRUE(changes.ParseFromString(octets));
    chunks_.push_back(octets);
    for (const auto& entry : changes.put_domains()) {
      put(schema::kDomainHash, entry.domain(), schema::encodeDomainValue(entry));
    }
    for (const auto& entry : changes.put_virtual_domains()) {
      put(schema::kVirtualDomainHash, entry.did(), entry.SerializeAsString());
      put(schema::kAttributeHash, entry.did(), schema::encodeAttributeValue(entry));
    }
    for (const auto& domain : changes.removed_domains()) remove(schema::kDomainHash, domain);
    for (const auto& did : changes.removed_dids()) {
      remove(schema::kVirtualDomainHash, did);
      remove(schema::kAttributeHash, did);
    }
    if (changes.chunk() != changes.chunks()) return;
    chain_ = schema::nextChain(chain_, chunks_);
    chunks_.clear();
    EXPECT_EQ(content_.sum(), changes.content()) << "version " << changes.version();
  }
  std::string chain() const { return toText(chain_); }

  std::map<std::pair<std::string_view, std::string>, std::string> entries;

 private:
  static std::string toText(const schema::Sha256& digest) {
    std::string text;
    for (const auto octet : digest) text += fmt::format("{:02x}", octet);
    return text;
  }
  void put(std::string_view hash, const std::string& field, std::string value) {
    remove(hash, field);
    content_.add(hash, field, value);
    entries[{hash, field}] = std::move(value);
  }
  void remove(std::string_view hash, const std::string& field) {
    const auto found = entries.find({hash, field});
    if (found == entries.end()) return;
    content_.remove(hash, field, found->second);
    entries.erase(found);
  }

  schema::ContentSum content_;
  schema::Sha256 chain_{};
  std::vector<std::string> chunks_;
};

TEST(RedisLog, ReplaysToTheSameContentAndChain) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase({}, 1);
  leader.publish(tableOf(490));  // several chunks
  plan::Table next = tableOf(450);
  addDomain("d3.example", next, 77);
  leader.publish(next);

  LogReader reader;
  const auto log = server.command({"XRANGE", "zonecast:{t}:log", "-", "+"});
  ASSERT_GT(log->elements, 3u);
  for (std::size_t i = 0; i < log->elements; ++i) {
    const redisReply* value = log->element[i]->element[1]->element[1];
    reader.apply({value->str, value->len});
  }
  EXPECT_EQ(log->element[0]->element[0]->str, std::string("1-1"));
  EXPECT_EQ(log->element[0]->element[1]->element[0]->str, std::string("rebase"));
  EXPECT_EQ(log->element[2]->element[0]->str, std::string("2-2"));
  EXPECT_EQ(log->element[2]->element[1]->element[0]->str, std::string("changes"));
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "chain"}), reader.chain());

  ASSERT_EQ(reader.entries.size(), 3u * 450);
  for (const auto& [place, value] : reader.entries) {
    const auto stored =
        server.command({"HGET", "zonecast:{t}:" + std::string(place.first), place.second});
    ASSERT_EQ(std::string(stored->str, stored->len), value) << place.first << " " << place.second;
  }
}

TEST(RedisEvents, BringSmallChangesAndTellOfLargeOnes) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase({}, 1);
  redisContext* subscriber = redisConnectUnix(server.socket().c_str());
  redisSetTimeout(subscriber, {.tv_sec = 10, .tv_usec = 0});
  freeReplyObject(redisCommand(subscriber, "SUBSCRIBE zonecast:{t}:events"));
  leader.publish(tableOf(2));
  leader.publish(tableOf(492));

  const auto nextEvent = [&] {
    void* reply = nullptr;
    v1::Event event;
    EXPECT_EQ(redisGetReply(subscriber, &reply), REDIS_OK);
    if (reply == nullptr) return event;
    const auto* message = static_cast<redisReply*>(reply);
    EXPECT_TRUE(
        event.ParseFromArray(message->element[2]->str, static_cast<int>(message->element[2]->len)));
    freeReplyObject(reply);
    return event;
  };
  const v1::Event small = nextEvent();
  EXPECT_EQ(small.version(), 2u);
  EXPECT_EQ(small.lineage(), kLineage.uuid);
  EXPECT_EQ(small.changes().put_domains_size(), 2);
  EXPECT_THAT(small.changes().causes(), ElementsAre("a test"));
  const v1::Event large = nextEvent();
  EXPECT_EQ(large.version(), 3u);
  EXPECT_FALSE(large.has_changes());
  redisFree(subscriber);
}

// -- what somebody else wrote

std::string damageAfter(const std::vector<std::string>& meddling) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 1);
  server.command(meddling);
  return leader.open().damage;
}

TEST(RedisDamage, AForeignChangeOfAnyHashIsFound) {
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:domain", "evil.example",
                         "did=evil;state=hosted;transports=udp;role=primary"}),
            "the content digest differs");
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:domain", "d1.example", "did=x;state=hosting"}),
            "domain d1.example: no such state: hosting");
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:domain", "d1.example",
                         "state=hosted;did=d1.example;transports=udp;role=primary"}),
            "domain d1.example: not as this version writes it");
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:attribute", "d1.example", "peering=false"}),
            "attribute d1.example: not what the virtual domain says");
  EXPECT_EQ(damageAfter({"HDEL", "zonecast:{t}:attribute", "d1.example"}),
            "the hashes differ in their entries");
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:vdomain", "d1.example", "\xff\xff garbage"}),
            "vdomain d1.example: not a VirtualDomain");
  EXPECT_EQ(damageAfter({"HSET", "zonecast:{t}:meta", "chain", "zz"}),
            "meta: lineage, version or chain are malformed");
  EXPECT_EQ(damageAfter({"DEL", "zonecast:{t}:meta"}),
            "entries, but no meta that tells their version");
}

TEST(RedisDamage, IsMendedByANewLineage) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.rebase(tableOf(3), 1);
  server.command({"HSET", "zonecast:{t}:meta", "version", "1.5", "chain", "?"});
  server.command({"HSET", "zonecast:{t}:domain", "evil.example", "x"});
  EXPECT_NE(leader.open().damage, "");
  leader.rebase(tableOf(4), 2);
  ASSERT_TRUE(leader.seen().published);
  const ports::StoredState state = leader.open();
  EXPECT_EQ(state.damage, "");
  EXPECT_EQ(state.table, tableOf(4));
}

TEST(RedisDamage, ContentOfAnotherSchemaIsNotTouched) {
  RedisServer server;
  server.command({"HSET", "zonecast:{t}:meta", "schema", "2"});
  Leader leader(optionsFor(server.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("schema 2"));
  EXPECT_EQ(server.text({"HGET", "zonecast:{t}:meta", "term"}), "(nil)");
}

TEST(RedisDamage, AKeyOfAnotherTypeIsNamed) {
  RedisServer server;
  server.command({"SET", "zonecast:{t}:vdomain", "x"});
  Leader leader(optionsFor(server.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("zonecast:{t}:vdomain is a string"));
}

// -- what the server must be

TEST(RedisServerChecks, AnEvictingServerIsRefusedUntilItIsMended) {
  RedisServer server({"--maxmemory-policy", "allkeys-lru"});
  Leader leader(optionsFor(server.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("maxmemory-policy is allkeys-lru: set noeviction"));
  server.command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  EXPECT_TRUE(leader.runUntilReport());
  EXPECT_TRUE(leader.seen().opened);
}

TEST(RedisServerChecks, AReplicaIsRefused) {
  RedisServer server({"--replicaof", "127.0.0.1 1"});
  Leader leader(optionsFor(server.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("it is a replica"));
}

TEST(RedisServerChecks, MissingPersistenceIsToldOnceAndDoesNotStopUs) {
  RedisServer server;
  Leader leader(optionsFor(server.socket()));
  leader.open();
  leader.open();
  ASSERT_EQ(leader.seen().troubles.size(), 1u);
  EXPECT_THAT(leader.seen().troubles[0], HasSubstr("set appendonly yes"));

  server.command({"CONFIG", "SET", "save", "60 1"});
  Leader content(optionsFor(server.socket()));
  content.open();
  EXPECT_THAT(content.seen().troubles, ElementsAre());
}

// -- permissions

RedisOptions asUser(const RedisServer& server, const std::string& user,
                    const std::string& password) {
  RedisOptions options = optionsFor(server.socket());
  options.user = user;
  options.password_file = server.write("password", password + "\n");
  return options;
}

TEST(RedisPermissions, AWrongPasswordIsTold) {
  RedisServer server;
  server.command({"ACL", "SETUSER", "zonecast", "on", ">right", "~*", "&*", "+@all"});
  Leader leader(asUser(server, "zonecast", "wrong"));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("AUTH zonecast: WRONGPASS"));
  server.write("password", "right\n");  // it is read again
  EXPECT_TRUE(leader.runUntilReport());
}

TEST(RedisPermissions, APasswordFileThatIsNotThereIsTold) {
  RedisServer server;
  RedisOptions options = asUser(server, "zonecast", "x");
  options.password_file += ".not";
  Leader leader(options);
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("No such file or directory"));
}

TEST(RedisPermissions, WhatAFunctionWouldBeDeniedIsToldBeforeAnythingIsWritten) {
  RedisServer server;
  server.command({"ACL", "SETUSER", "zonecast", "on", ">x", "~zonecast:{t}:*", "&zonecast:{t}:*",
                  "+@all", "-hdel"});
  Leader leader(asUser(server, "zonecast", "x"));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("may not HDEL zonecast:{t}:domain"));
  EXPECT_EQ(server.text({"KEYS", "*"}), "");
  server.command({"ACL", "SETUSER", "zonecast", "+hdel", "resetchannels"});
  EXPECT_TRUE(leader.runUntilTrouble("may not PUBLISH zonecast:{t}:events"));
}

TEST(RedisPermissions, AUserWhoMayNotLoadFunctionsIsTold) {
  RedisServer server;
  server.command({"ACL", "SETUSER", "zonecast", "on", ">x", "~zonecast:{t}:*", "&zonecast:{t}:*",
                  "+@all", "-function|load"});
  Leader leader(asUser(server, "zonecast", "x"));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntilTrouble("FUNCTION LOAD: NOPERM"));
}

TEST(RedisPermissions, TheSampleFileIsEnoughForThePublisherAndForReaders) {
  const std::filesystem::path sources = ZONECAST_SOURCES;
  RedisServer server({"--aclfile", sources / "config/redis/users.acl"});
  RedisOptions options = asUser(server, "zonecast", "CHANGE-ME-PUBLISHER");
  options.deployment = "main";
  Leader leader(options);
  leader.open();
  leader.rebase(tableOf(3), 1);
  leader.publish(tableOf(4));
  ASSERT_TRUE(leader.seen().published) << leader.seen().lost[0];
  EXPECT_EQ(leader.open().damage, "");

  // A script: the default user.
  EXPECT_THAT(server.text({"HGET", "zonecast:{main}:domain", "d1.example"}), HasSubstr("did="));
  EXPECT_THAT(server.text({"HSET", "zonecast:{main}:domain", "a", "b"}), HasSubstr("NOPERM"));
  EXPECT_THAT(server.text({"HGET", "other", "a"}), HasSubstr("NOPERM"));
  // The mirror.
  EXPECT_EQ(server.text({"AUTH", "mirror", "CHANGE-ME-MIRROR"}), "OK");
  EXPECT_THAT(server.text({"XREAD", "STREAMS", "zonecast:{main}:log", "0"}), HasSubstr("rebase"));
  EXPECT_EQ(server.text({"XADD", "zonecast:{main}:wanted", "MAXLEN", "~", "100", "1-1", "d", "x"}),
            "1-1");
  EXPECT_EQ(server.text({"HSET", "zonecast:{main}:worker:a", "version", "2"}), "1");
  EXPECT_EQ(server.text({"PEXPIRE", "zonecast:{main}:worker:a", "1000"}), "1");
  EXPECT_THAT(server.text({"HSET", "zonecast:{main}:domain", "a", "b"}), HasSubstr("NOPERM"));
  EXPECT_THAT(server.text({"XADD", "zonecast:{main}:log", "*", "a", "b"}), HasSubstr("NOPERM"));
}

// -- servers that are none

// Answers whatever it is told with one and the same octets.
class Parrot {
 public:
  explicit Parrot(std::string says) : says_(std::move(says)) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "zonecast-parrot-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Parrot() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    std::filesystem::remove_all(folder_);
  }
  std::string socket() const { return folder_ + "/s"; }

 private:
  void serve() const {
    for (;;) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      char heard[65536];
      while (read(client, heard, sizeof(heard)) > 0) {
        if (send(client, says_.data(), says_.size(), MSG_NOSIGNAL) < 0) break;
      }
      close(client);
    }
  }

  const std::string says_;
  std::string folder_;
  int listener_ = -1;
  std::thread thread_;
};

class RedisHostile : public testing::TestWithParam<std::string> {};

TEST_P(RedisHostile, AnAnswerThatMakesNoSenseIsATroubleAndNoMore) {
  Parrot parrot(GetParam());
  Leader leader(optionsFor(parrot.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntil([&] { return !leader.seen().troubles.empty(); }));
  EXPECT_EQ(leader.seen().reports, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, RedisHostile,
    testing::Values("+OK\r\n", "-ERR no\r\n", "-\r\n", ":1\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
                    "$0\r\n\r\n", "*1\r\n*1\r\n*1\r\n:1\r\n", "+OK\r\n+OK\r\n",
                    "HTTP/1.1 400 Bad Request\r\n\r\n", std::string("\0\0\0\0", 4),
                    "*2\r\n$2\r\nok\r\n:5\r\n", "$-7\r\n", "*9999999999999\r\n",
                    "$99999999999999999999\r\n",
                    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"));

// A server that passes for Redis up to the Function call, and answers that with what the test says.
class RedisHostileFunction : public testing::TestWithParam<std::string> {};

TEST_P(RedisHostileFunction, IsATroubleAndNoMore) {
  const std::string info =
      "redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n";
  // INFO's answer, and on its heels that of the Function call which follows.
  Parrot parrot(fmt::format("${}\r\n{}\r\n", info.size(), info) + GetParam());
  Leader leader(optionsFor(parrot.socket()));
  leader.store().open({}, {});
  EXPECT_TRUE(leader.runUntil([&] { return !leader.seen().troubles.empty(); }));
  EXPECT_EQ(leader.seen().reports, 0);
}

INSTANTIATE_TEST_SUITE_P(Answers, RedisHostileFunction,
                         testing::Values("*0\r\n", "*1\r\n$2\r\nok\r\n",
                                         "*2\r\n$2\r\nok\r\n$1\r\nx\r\n", "*1\r\n$4\r\nheld\r\n",
                                         "*1\r\n$6\r\nfenced\r\n", ":7\r\n"));

}  // namespace
}  // namespace zonecast::redis
