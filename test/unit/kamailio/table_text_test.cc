#include "adapters/kamailio/table_text.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/kamailio/layout.h"
#include "test/unit/kamailio/tables.h"

namespace zonecast::kamailio {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;

// What somebody puts into a zone who means harm, and what merely looks so.
constexpr std::string_view kHostile[] = {
    "'",
    "''",
    "\\",
    "\\'",
    "\\\\'; DROP TABLE domain; --",
    "'); DELETE FROM domain; --",
    "a;b",
    "-- no comment",
    "/* nor this */",
    "\"quoted\"",
    "comma, comma",
    "line\nline",
    "line\r\nline",
    "\r",
    "\x01\x02\x1b[31m\x7f",
    "\xc3\xa9\xe2\x80\xae\xf0\x9f\x98\x80",
    "NULL",
    "",
    " blank ",
    "=cmd()",
    "X'00'",
    "?1",
    "COMMIT;",
};

class TableTextTest : public ::testing::Test {
 protected:
  void putHostile() {
    std::vector<table::Attribute> attributes{{"number", std::int64_t{-7}}};
    for (const std::string_view value : kHostile) attributes.push_back({"value", value});
    ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("it~1", "a.example", attributes)));
    ASSERT_TRUE(tables->putVirtualDomain(virtualDomainRow("It~1", "b.example")));
    ASSERT_TRUE(tables->putDomain(domainRow("b.example", "It~1")));
    ASSERT_TRUE(tables->putDomain(domainRow("a.example", "it~1")));
    ASSERT_TRUE(tables->commit(positionAt(3)));
  }
  std::string sql(std::span<const TableText* const> which) const {
    std::ostringstream out;
    EXPECT_TRUE(writeSql(tables->database(), which, tables->position(), out));
    return out.str();
  }
  std::string csv(const TableText& which) const {
    std::ostringstream out;
    EXPECT_TRUE(writeCsv(tables->database(), which, out));
    return out.str();
  }
  static std::vector<std::string> content(const Database& database, const TableText& table) {
    return rows(database, std::string("SELECT ") + table.columns + " FROM " + table.name +
                              " ORDER BY " + table.order);
  }

  std::unique_ptr<DomainTables> tables = mustOpen("");
  const std::array<const TableText*, 4> all{&kTables[0], &kTables[1], &kTables[2], &kTables[3]};
};

TEST_F(TableTextTest, SqlMakesTheTablesWhatTheyWere) {
  putHostile();
  const auto other = Database::open("", std::chrono::milliseconds(0));
  ASSERT_TRUE((*other)->run(kLayout));
  ASSERT_TRUE((*other)->run("INSERT INTO domain (domain) VALUES ('old.example')"));
  const std::string text = sql(all);
  for (int times = 0; times < 2; ++times) {
    const auto done = (*other)->run(text.c_str());
    ASSERT_TRUE(done) << done.error();
    for (const TableText& table : kTables)
      EXPECT_EQ(content(**other, table), content(tables->database(), table)) << table.name;
  }
  EXPECT_EQ(content(**other, kTables[1]).size(), 1 + std::size(kHostile));
}

TEST_F(TableTextTest, SqlIsOneTransactionAndSaysWhichVersionItIs) {
  putHostile();
  const std::array<const TableText*, 1> one{&kTables[0]};
  EXPECT_EQ(sql(one),
            "-- zonecast: lineage 11111111-2222-3333-4444-555555555555, version 3\n"
            "/*!40101 SET NAMES utf8mb4 */;\n"
            "/*!40101 SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''),"
            " 'NO_BACKSLASH_ESCAPES') */;\n"
            "BEGIN;\n"
            "DELETE FROM domain;\n"
            "INSERT INTO domain (domain, did, last_modified) VALUES"
            " ('a.example', 'it~1', CURRENT_TIMESTAMP);\n"
            "INSERT INTO domain (domain, did, last_modified) VALUES"
            " ('b.example', 'It~1', CURRENT_TIMESTAMP);\n"
            "COMMIT;\n");
}

TEST_F(TableTextTest, SqlDoublesTheQuoteAndNothingElse) {
  EXPECT_EQ(sqlLiteral("it's \\ \"so\""sv), "'it''s \\ \"so\"'");
  EXPECT_EQ(sqlLiteral(""sv), "''");
  EXPECT_EQ(sqlLiteral(std::int64_t{-7}), "-7");
}

TEST_F(TableTextTest, CsvIsThatOfRfc4180) {
  EXPECT_EQ(csvField("plain"sv), "plain");
  EXPECT_EQ(csvField(" blank "sv), " blank ");
  EXPECT_EQ(csvField(""sv), "");
  EXPECT_EQ(csvField("a,b"sv), "\"a,b\"");
  EXPECT_EQ(csvField("a\"b"sv), "\"a\"\"b\"");
  EXPECT_EQ(csvField("a\nb"sv), "\"a\nb\"");
  EXPECT_EQ(csvField("a\rb"sv), "\"a\rb\"");
  EXPECT_EQ(csvField(std::int64_t{-7}), "-7");
}

TEST_F(TableTextTest, CsvHasAHeaderAndALineForEachRow) {
  putHostile();
  EXPECT_EQ(csv(kTables[0]), "domain,did\r\na.example,it~1\r\nb.example,It~1\r\n");
  EXPECT_EQ(csv(kTables[2]), "did,domain,flags\r\nit~1,a.example,5\r\nIt~1,b.example,5\r\n");
  EXPECT_THAT(csv(kTables[1]), HasSubstr("did,name,type,value\r\nit~1,number,0,-7\r\n"));
  EXPECT_THAT(csv(kTables[1]), HasSubstr("it~1,value,2,\"line\r\nline\"\r\n"));
  EXPECT_THAT(csv(kTables[3]), HasSubstr("did,name,type,value,flags\r\nit~1,number,0,-7,1\r\n"));
}

TEST_F(TableTextTest, NothingPublishedIsEmptyTables) {
  EXPECT_EQ(csv(kTables[0]), "domain,did\r\n");
  EXPECT_THAT(sql(all),
              HasSubstr("DELETE FROM uid_domain;\nDELETE FROM uid_domain_attrs;\nCOMMIT;\n"));
}

}  // namespace
}  // namespace zonecast::kamailio
