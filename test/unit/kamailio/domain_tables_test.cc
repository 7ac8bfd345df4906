#include "adapters/kamailio/domain_tables.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/kamailio/layout.h"
#include "test/unit/kamailio/tables.h"
#include "test/unit/table/folder.h"

namespace zonecast::kamailio {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr const char* kDomains = "SELECT domain, did FROM domain ORDER BY domain";
constexpr const char* kAttributes = "SELECT did, name, type, value FROM domain_attrs ORDER BY id";
constexpr const char* kUidDomains = "SELECT did, domain, flags FROM uid_domain ORDER BY domain";
constexpr const char* kUidAttributes =
    "SELECT did, name, type, value, flags FROM uid_domain_attrs ORDER BY id";

const std::string kLong(70'000, 'x');

class DomainTablesTest : public ::testing::Test {
 private:
  table::Folder folder_;

 protected:
  const std::string path = folder_.file("domains.db");
  std::unique_ptr<DomainTables> tables = mustOpen(path);

  void reopen() {
    tables.reset();
    tables = mustOpen(path);
  }
  void putSample() {
    const std::vector<table::Attribute> attributes{
        {"max_calls", std::int64_t{7}}, {"qop", "auth"sv}, {"qop", "auth-int"sv}};
    ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("iptel", "a.example", attributes, 5)));
    ASSERT_TRUE(tables->putDomain(domainRow("a.example", "iptel", 1)));
    ASSERT_TRUE(tables->putDomain(domainRow("b.example", "iptel", 2)));
  }
  void commitSample() {
    putSample();
    ASSERT_TRUE(tables->commit(positionAt(1)));
  }
};

TEST_F(DomainTablesTest, HoldARowForEachDomainAndEachValue) {
  commitSample();
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("a.example iptel", "b.example iptel"));
  EXPECT_THAT(rowsOf(path, kAttributes),
              ElementsAre("iptel max_calls 0 7", "iptel qop 2 auth", "iptel qop 2 auth-int"));
  EXPECT_THAT(rowsOf(path, kUidDomains), ElementsAre("iptel a.example 5", "iptel b.example 1"));
  EXPECT_THAT(rowsOf(path, kUidAttributes),
              ElementsAre("iptel max_calls 0 7 1", "iptel qop 2 auth 1", "iptel qop 2 auth-int 1"));
  EXPECT_THAT(
      rowsOf(path, "SELECT table_name, table_version FROM version ORDER BY table_name"),
      ElementsAre("domain 2", "domain_attrs 1", "uid_domain 2", "uid_domain_attrs 1", "version 1"));
}

TEST_F(DomainTablesTest, HoldAnIpv6AddressAsKamailioFindsItInAUri) {
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("office", "2001:db8::1")));
  ASSERT_TRUE(tables->putDomain(domainRow("2001:db8::1", "office", 1)));
  ASSERT_TRUE(tables->putDomain(domainRow("192.0.2.1", "office", 2)));
  ASSERT_TRUE(tables->commit(positionAt(1)));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("192.0.2.1 office", "[2001:db8::1] office"));
  EXPECT_THAT(rowsOf(path, kUidDomains),
              ElementsAre("office 192.0.2.1 1", "office [2001:db8::1] 5"));
  EXPECT_THAT(*tables->removeDomain("2001:db8::1"), Optional(1U));
  ASSERT_TRUE(tables->commit(positionAt(2)));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("192.0.2.1 office"));
}

TEST_F(DomainTablesTest, TellTheSumOfWhatIsReplacedOrRemoved) {
  commitSample();
  EXPECT_THAT(*tables->putDomain(domainRow("a.example", "other", 9)), Optional(1U));
  EXPECT_THAT(*tables->removeDomain("a.example"), Optional(9U));
  EXPECT_EQ(*tables->removeDomain("a.example"), std::nullopt);
  EXPECT_EQ(*tables->putDomain(domainRow("c.example", "iptel", ~std::uint64_t{0})), std::nullopt);
  EXPECT_THAT(*tables->removeDomain("c.example"), Optional(~std::uint64_t{0}));
  EXPECT_THAT(*tables->putVirtualDomain(virtualDomainRow("iptel", "b.example")), Optional(5U));
  EXPECT_THAT(*tables->removeVirtualDomain("iptel"), Optional(1U));
  EXPECT_EQ(*tables->removeVirtualDomain("never"), std::nullopt);
  EXPECT_EQ(tables->counts(), (table::Counts{1, 0, 0}));
}

TEST_F(DomainTablesTest, ChangesAreShownAllAtOnceOrNever) {
  commitSample();
  ASSERT_TRUE(tables->removeDomain("a.example"));
  ASSERT_TRUE(tables->putDomain(domainRow("c.example", "iptel")));
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("iptel", "c.example")));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("a.example iptel", "b.example iptel"));
  EXPECT_EQ(rowsOf(path, kAttributes).size(), 3U);
  tables->abandon();
  EXPECT_EQ(tables->counts(), (table::Counts{2, 1, 0}));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("a.example iptel", "b.example iptel"));
  ASSERT_TRUE(tables->removeDomain("a.example"));
  ASSERT_TRUE(tables->commit(positionAt(2)));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("b.example iptel"));
  EXPECT_EQ(tables->position(), positionAt(2));
}

TEST_F(DomainTablesTest, GoOnFromWhereTheyWere) {
  EXPECT_EQ(tables->position(), table::Position());
  commitSample();
  ASSERT_TRUE(tables->putDomain(domainRow("lost.example", "iptel")));
  reopen();
  EXPECT_EQ(tables->position(), positionAt(1));
  EXPECT_EQ(tables->counts(), (table::Counts{2, 1, 0}));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("a.example iptel", "b.example iptel"));
  EXPECT_THAT(*tables->removeDomain("a.example"), Optional(1U));
}

TEST_F(DomainTablesTest, WhatBeginsAnewIsShownWhenItIsWhole) {
  commitSample();
  ASSERT_TRUE(tables->putDomain(domainRow("lost.example", "iptel")));
  ASSERT_TRUE(tables->beginAnew(10));
  EXPECT_EQ(tables->counts(), table::Counts());
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("z", "z.example")));
  ASSERT_TRUE(tables->putDomain(domainRow("z.example", "z")));
  EXPECT_EQ(rowsOf(path, kDomains).size(), 2U);
  ASSERT_TRUE(tables->commit(positionAt(9)));
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("z.example z"));
  EXPECT_THAT(rowsOf(path, kAttributes), IsEmpty());
  EXPECT_THAT(rowsOf(path, kUidDomains), ElementsAre("z z.example 5"));
}

TEST_F(DomainTablesTest, TheCanonicalDomainIsMarkedInWhateverOrderItIsTold) {
  ASSERT_TRUE(tables->putDomain(domainRow("a.example", "iptel")));
  ASSERT_TRUE(tables->putDomain(domainRow("b.example", "iptel")));
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("iptel", "a.example")));
  EXPECT_THAT(rows(tables->database(), kUidDomains),
              ElementsAre("iptel a.example 5", "iptel b.example 1"));
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("iptel", "b.example")));
  ASSERT_TRUE(tables->removeDomain("a.example"));
  ASSERT_TRUE(tables->putDomain(domainRow("c.example", "iptel")));
  EXPECT_THAT(rows(tables->database(), kUidDomains),
              ElementsAre("iptel b.example 5", "iptel c.example 1"));
  ASSERT_TRUE(tables->putDomain(domainRow("b.example", "other")));
  EXPECT_THAT(rows(tables->database(), kUidDomains),
              ElementsAre("other b.example 1", "iptel c.example 1"));
}

TEST_F(DomainTablesTest, ARetiringDomainIsServedAndDisabledOnlyForUidDomain) {
  commitSample();
  table::DomainRow row = domainRow("a.example", "iptel");
  row.state = table::State::retiring;
  ASSERT_TRUE(tables->putDomain(row));
  EXPECT_THAT(rows(tables->database(), kDomains),
              ElementsAre("a.example iptel", "b.example iptel"));
  EXPECT_THAT(rows(tables->database(), kUidDomains),
              ElementsAre("iptel a.example 7", "iptel b.example 1"));
  row.state = table::State::hosted;
  ASSERT_TRUE(tables->putDomain(row));
  EXPECT_EQ(rows(tables->database(), kUidDomains).front(), "iptel a.example 5");
}

TEST_F(DomainTablesTest, HostileValuesAreValues) {
  const std::vector<table::Attribute> attributes{{"quote", "'); DROP TABLE domain; --"sv},
                                                 {"back", "\\' \" ; \xe2\x80\xae \r\n"sv},
                                                 {"empty", ""sv},
                                                 {"nul", "open\0evil"sv},
                                                 {"long", std::string_view(kLong)},
                                                 {"twice", "x"sv},
                                                 {"twice", "x"sv}};
  std::vector<std::string> left_out;
  tables->whenLeftOut([&](const std::string& what) { left_out.push_back(what); });
  ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("a", "a.example", attributes)));
  ASSERT_TRUE(tables->commit(positionAt(1)));
  EXPECT_THAT(rowsOf(path, "SELECT name, value FROM domain_attrs ORDER BY id"),
              ElementsAre("quote '); DROP TABLE domain; --", "back \\' \" ; \xe2\x80\xae \r\n",
                          "empty ", "long " + kLong, "twice x", "twice x"));
  EXPECT_THAT(left_out, ElementsAre("a value of nul of a holds a NUL"));
  EXPECT_THAT(rowsOf(path, "SELECT count(*) FROM uid_domain_attrs WHERE name = 'twice'"),
              ElementsAre("1"))
      << "a key of that table";
}

TEST_F(DomainTablesTest, SomebodyElseWhoWritesIsTroubleUntilTheyAreDone) {
  commitSample();
  const auto other = Database::open(path, std::chrono::milliseconds(0));
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->run("BEGIN IMMEDIATE"));
  const auto refused = tables->putDomain(domainRow("c.example", "iptel"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("domains.db: database is locked"));
  EXPECT_FALSE(tables->beginAnew(1));
  tables->abandon();
  EXPECT_EQ(tables->counts(), (table::Counts{2, 1, 0}));
  ASSERT_TRUE((*other)->run("ROLLBACK"));
  ASSERT_TRUE(tables->putDomain(domainRow("c.example", "iptel")));
  ASSERT_TRUE(tables->commit(positionAt(2)));
}

TEST_F(DomainTablesTest, AReaderHoldsNoCommitUpAndSeesOneVersion) {
  commitSample();
  const auto reader = Database::open(path, std::chrono::milliseconds(0));
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->run("BEGIN"));
  EXPECT_EQ(rows(**reader, kDomains).size(), 2U);
  ASSERT_TRUE(tables->removeDomain("a.example"));
  ASSERT_TRUE(tables->commit(positionAt(2)));
  EXPECT_EQ(rows(**reader, kDomains).size(), 2U);
  ASSERT_TRUE((*reader)->run("COMMIT"));
  EXPECT_EQ(rows(**reader, kDomains).size(), 1U);
}

TEST_F(DomainTablesTest, ASecondExportToTheSameDatabaseIsRefused) {
  const auto second = DomainTables::open({.path = path});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another export writes it"));
}

TEST_F(DomainTablesTest, RowsOfSomebodyElseAreLeftAlone) {
  tables.reset();
  {
    const auto other = Database::open(path, std::chrono::milliseconds(0));
    ASSERT_TRUE((*other)->run("INSERT INTO domain (domain) VALUES ('mine.example')"));
  }
  const auto refused = DomainTables::open({.path = path});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("table domain has 1 rows that zonecast did not write"));
  EXPECT_THAT(rowsOf(path, "SELECT domain FROM domain"), ElementsAre("mine.example"));
}

TEST_F(DomainTablesTest, TablesThatKamailioMadeAreUsed) {
  tables.reset();
  std::filesystem::remove(path);
  {
    const auto other = Database::open(path, std::chrono::milliseconds(0));
    ASSERT_TRUE((*other)->run(
        "CREATE TABLE domain (id INTEGER PRIMARY KEY NOT NULL, domain VARCHAR(64) NOT NULL UNIQUE,"
        " did VARCHAR(64), last_modified TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01', mine "
        "INT)"));
  }
  tables = mustOpen(path);
  commitSample();
  EXPECT_THAT(rowsOf(path, kDomains), ElementsAre("a.example iptel", "b.example iptel"));
}

TEST_F(DomainTablesTest, ADatabaseOfAnotherLayoutOrNoneIsRefused) {
  commitSample();
  tables.reset();
  {
    const auto other = Database::open(path, std::chrono::milliseconds(0));
    ASSERT_TRUE((*other)->run("UPDATE zonecast_position SET layout = 2"));
  }
  const auto newer = DomainTables::open({.path = path});
  ASSERT_FALSE(newer);
  EXPECT_THAT(newer.error(), HasSubstr("layout 2"));
  std::filesystem::resize_file(path, 0);
  std::filesystem::remove(path + "-wal");
  std::ofstream(path) << "this is no database, whatever it is called: " << std::string(4096, 'x');
  const auto garbage = DomainTables::open({.path = path});
  ASSERT_FALSE(garbage);
  EXPECT_THAT(garbage.error(), HasSubstr("file is not a database"));
  const auto nowhere = DomainTables::open({.path = "/nonexistent/domains.db"});
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error(), HasSubstr("/nonexistent/domains.db"));
}

}  // namespace
}  // namespace zonecast::kamailio
