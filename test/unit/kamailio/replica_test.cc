// A replica that is kept in Kamailio's tables, told a story by a log: what it comes to, whatever
// happens in between, is one version.
#include "adapters/mirror/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "test/unit/kamailio/tables.h"
#include "test/unit/table/folder.h"

namespace zonecast::kamailio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kDomains = "SELECT domain, did FROM domain ORDER BY domain";
constexpr const char* kAttributes =
    "SELECT did, name, value FROM domain_attrs ORDER BY did, name, id";
constexpr const char* kShownVersion = "SELECT lineage, version FROM zonecast_position";

// What is published: each domain is a virtual domain of its own, with one attribute.
using State = std::map<std::string, std::int64_t>;

v1::DomainEntry entryOf(const std::string& name) {
  v1::DomainEntry entry;
  entry.set_domain(name);
  entry.set_did(name);
  entry.set_state(v1::STATE_HOSTED);
  entry.set_role(v1::ROLE_PRIMARY);
  entry.add_transports(v1::TRANSPORT_UDP);
  return entry;
}

v1::VirtualDomain virtualDomainOf(const std::string& name, std::int64_t calls) {
  v1::VirtualDomain message;
  message.set_did(name);
  message.set_canonical(name);
  message.add_domains(name);
  v1::Attribute& attribute = *message.add_attributes();
  attribute.set_name("calls");
  attribute.add_values()->set_integer(calls);
  return message;
}

std::uint64_t sumOf(const State& state) {
  schema::ContentSum sum;
  for (const auto& [name, calls] : state) {
    const v1::VirtualDomain message = virtualDomainOf(name, calls);
    sum.add("domain", name, schema::encodeDomainValue(entryOf(name)));
    sum.add("vdomain", name, message.SerializeAsString());
    sum.add("attribute", name, schema::encodeAttributeValue(message));
  }
  return sum.sum();
}

mirror::LogVersion changeFrom(const State& before, const State& after) {
  mirror::LogVersion version;
  v1::ChangeSet& changes = version.changes.emplace_back();
  for (const auto& [name, calls] : after) {
    if (before.contains(name) && before.at(name) == calls) continue;
    *changes.add_put_domains() = entryOf(name);
    *changes.add_put_virtual_domains() = virtualDomainOf(name, calls);
  }
  for (const auto& [name, calls] : before) {
    if (after.contains(name)) continue;
    changes.add_removed_domains(name);
    changes.add_removed_dids(name);
  }
  return version;
}

class ExportedReplicaTest : public ::testing::Test {
 protected:
  table::Position at(const std::string& lineage, std::uint64_t version, const State& state) const {
    return {lineage, 1, version, sumOf(state), std::string(32, 'c')};
  }
  void load(const std::string& lineage, std::uint64_t version, const State& state) {
    ASSERT_TRUE(replica->beginLoad(state.size()));
    for (const auto& [name, calls] : state) {
      ASSERT_TRUE(
          replica->takeVirtualDomain(name, virtualDomainOf(name, calls).SerializeAsString()));
      ASSERT_TRUE(replica->takeDomain(name, schema::encodeDomainValue(entryOf(name))));
    }
    EXPECT_EQ(replica->content(), sumOf(state));
    ASSERT_TRUE(replica->commit(at(lineage, version, state)));
  }
  void follow(const std::string& lineage, std::uint64_t version, const State& before,
              const State& after) {
    ASSERT_TRUE(replica->apply(changeFrom(before, after)));
    EXPECT_EQ(replica->content(), sumOf(after));
    ASSERT_TRUE(replica->commit(at(lineage, version, after)));
  }
  // As after a kill: what was not committed is gone.
  void restart() {
    replica.reset();
    tables.reset();
    tables = mustOpen(path);
    replica.emplace(*tables);
  }
  void expectShown(const std::string& lineage, std::uint64_t version, const State& state) const {
    std::vector<std::string> domains, attributes;
    for (const auto& [name, calls] : state) {
      domains.push_back(name + " " + name);
      attributes.push_back(name + " calls " + std::to_string(calls));
    }
    EXPECT_EQ(rowsOf(path, kDomains), domains);
    EXPECT_EQ(rowsOf(path, kAttributes), attributes);
    EXPECT_THAT(rowsOf(path, kShownVersion), ElementsAre(lineage + " " + std::to_string(version)));
  }

  table::Folder folder;
  const std::string path = folder.file("domains.db");
  std::unique_ptr<DomainTables> tables = mustOpen(path);
  std::optional<mirror::Replica> replica{*tables};
  const State one{{"a.example", 1}, {"b.example", 1}};
  const State two{{"b.example", 2}, {"c.example", 1}};
  const State three{{"c.example", 3}};
};

TEST_F(ExportedReplicaTest, FollowsAndGoesOnAfterARestart) {
  EXPECT_FALSE(replica->isFilled());
  load("first", 1, one);
  expectShown("first", 1, one);
  follow("first", 2, one, two);
  expectShown("first", 2, two);
  restart();
  EXPECT_TRUE(replica->isAt({at("first", 2, two), "1", 2, 2}));
  follow("first", 5, two, three);
  expectShown("first", 5, three);
}

TEST_F(ExportedReplicaTest, APutThatComesTwiceDoesNoHarm) {
  load("first", 1, one);
  follow("first", 2, one, two);
  follow("first", 3, one, two);
  expectShown("first", 3, two);
}

TEST_F(ExportedReplicaTest, ADeathWithinAVersionShowsNothingOfIt) {
  load("first", 1, one);
  ASSERT_TRUE(replica->apply(changeFrom(one, two)));
  restart();
  expectShown("first", 1, one);
  EXPECT_EQ(replica->content(), sumOf(one));
  follow("first", 2, one, two);
  expectShown("first", 2, two);
}

TEST_F(ExportedReplicaTest, AfterAGapARebaseOrALineageEverythingIsReplacedAtOnce) {
  load("first", 1, one);
  ASSERT_TRUE(replica->beginLoad(2));
  ASSERT_TRUE(replica->takeDomain("z.example", schema::encodeDomainValue(entryOf("z.example"))));
  expectShown("first", 1, one);
  replica->abandon();
  EXPECT_EQ(replica->content(), sumOf(one));
  ASSERT_TRUE(replica->beginLoad(2));
  ASSERT_TRUE(replica->takeDomain("z.example", schema::encodeDomainValue(entryOf("z.example"))));
  restart();
  expectShown("first", 1, one);
  load("second", 1, three);
  expectShown("second", 1, three);
  EXPECT_TRUE(replica->isAt({at("second", 1, three), "1", 1, 1}));
}

TEST_F(ExportedReplicaTest, WhatIsNotUnderstoodIsInNoTable) {
  load("first", 1, one);
  ASSERT_TRUE(replica->beginLoad(2));
  ASSERT_TRUE(replica->takeDomain("new.example", "did=n;state=frozen;transports=udp;role=primary"));
  ASSERT_TRUE(replica->commit({"first", 1, 2, replica->content(), std::string(32, 'c')}));
  EXPECT_THAT(rowsOf(path, kDomains), IsEmpty());
  EXPECT_EQ(replica->refused(), 1U);
}

}  // namespace
}  // namespace zonecast::kamailio
