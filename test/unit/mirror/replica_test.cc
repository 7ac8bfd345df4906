// A replica on a real table: the account that it keeps of what it takes in.
#include "adapters/mirror/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/table/mapping.h"
#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "test/unit/table/folder.h"

namespace zonecast::mirror {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLineage = "3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11";

std::string valueOf(const std::string& did) {
  return "did=" + did + ";state=hosted;transports=udp;role=primary";
}

v1::DomainEntry entryOf(const std::string& name, const std::string& did) {
  v1::DomainEntry entry = *schema::decodeDomainValue(valueOf(did));
  entry.set_domain(name);
  return entry;
}

v1::VirtualDomain virtualDomainOf(const std::string& did, const std::string& name) {
  v1::VirtualDomain message;
  message.set_did(did);
  message.set_customer("acme");
  message.set_canonical(name);
  message.add_domains(name);
  return message;
}

struct Entries {
  std::map<std::string, std::string> domains;
  std::map<std::string, v1::VirtualDomain> virtual_domains;

  std::uint64_t sum() const {
    schema::ContentSum sum;
    for (const auto& [name, value] : domains) sum.add("domain", name, value);
    for (const auto& [did, message] : virtual_domains) {
      sum.add("vdomain", did, message.SerializeAsString());
      sum.add("attribute", did, schema::encodeAttributeValue(message));
    }
    return sum.sum();
  }
};

class ReplicaTest : public ::testing::Test {
 protected:
  table::Position positionAt(std::uint64_t version) const {
    return {kLineage, 1, version, replica.content(), std::string(32, 'c')};
  }
  void load(const Entries& entries) {
    ASSERT_TRUE(replica.beginLoad(10));
    for (const auto& [did, message] : entries.virtual_domains)
      ASSERT_TRUE(replica.takeVirtualDomain(did, message.SerializeAsString()));
    for (const auto& [name, value] : entries.domains) ASSERT_TRUE(replica.takeDomain(name, value));
  }
  bool shows(std::string_view name) const {
    const table::View view = writer->newest();
    const table::Node* node = view.find(name);
    const table::DomainRecord* record = node ? view.domainOf(*node) : nullptr;
    return record && record->kind == table::DomainKind::hosted;
  }
  bool isForeign(std::string_view name) const {
    const table::View view = writer->newest();
    const table::Node* node = view.find(name);
    const table::DomainRecord* record = node ? view.domainOf(*node) : nullptr;
    return record && record->kind == table::DomainKind::foreign;
  }

  table::Folder folder;
  std::unique_ptr<table::Writer> writer = *table::Writer::open({.path = folder.file("table")});
  Replica replica{*writer};
  Entries sample{
      {{"a.example", valueOf("a")}, {"b.example", valueOf("b")}},
      {{"a", virtualDomainOf("a", "a.example")}, {"b", virtualDomainOf("b", "b.example")}}};
};

TEST_F(ReplicaTest, TheContentIsTheSumOfWhatWasTakenInOnce) {
  load(sample);
  ASSERT_TRUE(replica.takeDomain("a.example", valueOf("a"))) << "scans may bring it twice";
  ASSERT_TRUE(replica.takeVirtualDomain("a", sample.virtual_domains["a"].SerializeAsString()));
  EXPECT_EQ(replica.content(), sample.sum());
  EXPECT_FALSE(replica.isFilled());
  ASSERT_TRUE(replica.commit(positionAt(1)));
  EXPECT_TRUE(replica.isFilled());
  EXPECT_TRUE(shows("a.example"));
}

TEST_F(ReplicaTest, AVersionMovesTheContentAsTheContractSays) {
  load(sample);
  ASSERT_TRUE(replica.commit(positionAt(1)));
  LogVersion version;
  v1::ChangeSet& changes = version.changes.emplace_back();
  *changes.add_put_domains() = entryOf("c.example", "a");
  *changes.add_put_domains() = entryOf("a.example", "b");
  changes.add_removed_domains("b.example");
  changes.add_removed_domains("never.example");
  v1::VirtualDomain& changed = *changes.add_put_virtual_domains();
  changed = virtualDomainOf("a", "c.example");
  v1::Attribute& attribute = *changed.add_attributes();
  attribute.set_name("peering");
  attribute.add_values()->set_boolean(true);
  ASSERT_TRUE(replica.apply(version));
  Entries after = sample;
  after.domains = {{"c.example", valueOf("a")}, {"a.example", valueOf("b")}};
  after.virtual_domains["a"] = changed;
  EXPECT_EQ(replica.content(), after.sum());
  replica.abandon();
  EXPECT_EQ(replica.content(), sample.sum());
  EXPECT_TRUE(shows("b.example"));
  ASSERT_TRUE(replica.apply(version));
  ASSERT_TRUE(replica.commit(positionAt(2)));
  EXPECT_EQ(replica.content(), after.sum());
  EXPECT_FALSE(shows("b.example"));
}

TEST_F(ReplicaTest, WhatMustNotBeServedCountsAndIsForgottenWhenItIsReplaced) {
  sample.domains["new.example"] = "did=n;state=frozen;transports=udp;role=primary";
  load(sample);
  EXPECT_EQ(replica.content(), sample.sum());
  ASSERT_TRUE(replica.commit(positionAt(1)));
  EXPECT_EQ(replica.refused(), 1U);
  EXPECT_THAT(replica.lastRefusal(), HasSubstr("new.example"));
  EXPECT_FALSE(shows("new.example"));

  LogVersion version;
  *version.changes.emplace_back().add_put_domains() = entryOf("new.example", "a");
  ASSERT_TRUE(replica.apply(version));
  sample.domains["new.example"] = valueOf("a");
  EXPECT_EQ(replica.content(), sample.sum());
  replica.abandon();
  EXPECT_EQ(replica.refused(), 1U);
  ASSERT_TRUE(replica.apply(version));
  ASSERT_TRUE(replica.commit(positionAt(2)));
  EXPECT_EQ(replica.refused(), 0U);
  EXPECT_TRUE(shows("new.example"));
}

TEST_F(ReplicaTest, AnEntryThatChangesBetweenTwoSightsOfAScanCountsAsItIsLast) {
  load(sample);
  const std::string strange = "did=a;state=frozen;transports=udp;role=primary";
  ASSERT_TRUE(replica.takeDomain("a.example", strange));
  EXPECT_FALSE(shows("a.example"));
  ASSERT_TRUE(replica.takeDomain("a.example", strange));
  ASSERT_TRUE(replica.takeDomain("a.example", valueOf("b")));
  sample.domains["a.example"] = valueOf("b");
  EXPECT_EQ(replica.content(), sample.sum());
  EXPECT_TRUE(shows("a.example"));
}

TEST_F(ReplicaTest, TheAttributesOfAVirtualDomainThatIsNotUnderstoodAreAskedFor) {
  load(sample);
  const std::uint64_t before = replica.content();
  const std::string value = "\x0a\x01n\x2a\x07\x0a\x01p\x12\x02\x78\x01";
  ASSERT_TRUE(replica.takeVirtualDomain("n", value));
  EXPECT_THAT(replica.unknownAttributes(), ::testing::ElementsAre("n"));
  replica.takeAttributes("n", "p=whatever");
  schema::ContentSum sum(before);
  sum.add("vdomain", "n", value);
  sum.add("attribute", "n", "p=whatever");
  EXPECT_EQ(replica.content(), sum.sum());
  ASSERT_TRUE(replica.commit(positionAt(1)));
  LogVersion version;
  version.changes.emplace_back().add_removed_dids("n");
  ASSERT_TRUE(replica.apply(version));
  EXPECT_EQ(replica.content(), before);
}

TEST_F(ReplicaTest, ManyEntriesThatMustNotBeServedEndALoad) {
  ASSERT_TRUE(replica.beginLoad(10));
  Replica::Outcome taken;
  for (int i = 0; taken && i < 20'000; ++i)
    taken = replica.takeDomain("n" + std::to_string(i) + ".example", "garbage");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error(), HasSubstr("more than 10000"));
  replica.abandon();
  EXPECT_EQ(replica.refused(), 0U);
}

TEST_F(ReplicaTest, ANegativeAnswerShowsNothingOfALoadThatIsUnderWay) {
  load(sample);
  ASSERT_TRUE(replica.commit(positionAt(1)));
  const std::int64_t until = table::bootSeconds() + 100;
  Entries other{{{"z.example", valueOf("z")}}, {{"z", virtualDomainOf("z", "z.example")}}};
  load(other);
  ASSERT_TRUE(replica.putForeign("foreign.example", until));
  EXPECT_EQ(replica.position().version, 1U);
  EXPECT_FALSE(isForeign("foreign.example"));
  ASSERT_TRUE(replica.commit(positionAt(2)));
  EXPECT_TRUE(isForeign("foreign.example"));
  ASSERT_TRUE(replica.putForeign("foreign2.example", until));
  EXPECT_TRUE(isForeign("foreign2.example"));
  EXPECT_EQ(replica.content(), other.sum());
  ASSERT_TRUE(replica.putForeign("z.example", until));
  EXPECT_TRUE(shows("z.example"));
}

TEST_F(ReplicaTest, ATableThatGoesOnIsAtWhatItHeld) {
  load(sample);
  ASSERT_TRUE(replica.commit(positionAt(7)));
  writer.reset();
  writer = *table::Writer::open({.path = folder.file("table")});
  Replica again(*writer);
  Published published{positionAt(7), "1", 2, 2};
  published.position.content = sample.sum();
  EXPECT_TRUE(again.isAt(published));
  published.domains = 3;
  EXPECT_FALSE(again.isAt(published)) << "an entry that must not be served is among them";
}

}  // namespace
}  // namespace zonecast::mirror
