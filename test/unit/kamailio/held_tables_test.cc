#include "adapters/kamailio/held_tables.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::kamailio {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Taken {
  std::vector<std::string> rows;
  std::string refused;  // this domain is

  HeldTablesReader reader() {
    return {[this](std::string_view domain, std::string_view did) -> Expected<void> {
              if (domain == refused) return tl::unexpected("not this one"s);
              rows.push_back(std::string(domain) + "=" + std::string(did));
              return {};
            },
            [this](const HeldAttribute& a) -> Expected<void> {
              rows.push_back(std::string(a.did) + " " + std::string(a.name) + ":" +
                             std::to_string(a.type) + ":" + std::string(a.value));
              return {};
            }};
  }
};

std::vector<std::string> rowsOf(const std::string& text) {
  Taken taken;
  std::istringstream in(text);
  const auto read = readText(in, "t.csv", taken.reader());
  EXPECT_TRUE(read) << read.error();
  return taken.rows;
}

std::string errorOf(const std::string& text, const std::string& refused = "") {
  Taken taken;
  taken.refused = refused;
  std::istringstream in(text);
  const auto read = readText(in, "t.csv", taken.reader());
  return read ? "none" : read.error();
}

TEST(HeldText, CommaSeparatedValuesAreReadByTheirHeader) {
  EXPECT_THAT(rowsOf("domain,did\r\na.example,a\r\nb.example,\r\n"),
              ElementsAre("a.example=a", "b.example=b.example"));
  EXPECT_THAT(rowsOf("id,DID,Domain,x\n1,\"a,\"\"b\",a.example,\"two\nlines\"\n"),
              ElementsAre("a.example=a,\"b"));
  EXPECT_THAT(rowsOf("\xef\xbb\xbf\"domain\"\na.example"), ElementsAre("a.example=a.example"));
  EXPECT_THAT(rowsOf("domain\n\n\r\na.example\n\n"), ElementsAre("a.example=a.example"));
  EXPECT_THAT(rowsOf("domain,did\nNULL,NULL\n"), ElementsAre("NULL=NULL"));
}

TEST(HeldText, TabSeparatedValuesAreThoseOfMysql) {
  EXPECT_THAT(rowsOf("domain\tdid\na.example\tNULL\nb.example\ta\\tb\\\\c\"\n"),
              ElementsAre("a.example=a.example", "b.example=a\tb\\c\""));
}

TEST(HeldText, AnErrorHasTheLineOfItsRow) {
  EXPECT_EQ(errorOf(""), "t.csv:1: it is empty: a line of columns is expected, with `domain`");
  EXPECT_EQ(errorOf("did,name\n"), "t.csv:1: a line of columns is expected, with `domain`");
  EXPECT_EQ(errorOf("domain,domain\n"), "t.csv:1: column domain stands there twice");
  EXPECT_EQ(errorOf("domain,did\n\na\n"),
            "t.csv:3: 2 cells are expected, as there are columns, not 1");
  EXPECT_EQ(errorOf("domain,did\n\"a\n\n\",b\nbad,c\n", "bad"), "t.csv:5: not this one");
  EXPECT_EQ(errorOf("domain\n,\n"), "t.csv:2: 1 cells are expected, as there are columns, not 2");
  EXPECT_EQ(errorOf("domain,did\n,a\n"), "t.csv:2: the domain is empty");
  EXPECT_EQ(errorOf("domain\n\"a\nb\n"), "t.csv:2: a quote is opened that nobody closes");
  EXPECT_THAT(errorOf("domain\na\"b\"\n"), HasSubstr("t.csv:2: a quote in the midst"));
  EXPECT_THAT(errorOf("domain\n\"a\"b\n"), HasSubstr("t.csv:2: a comma is expected"));
}

TEST(HeldText, IsBounded) {
  const std::string longest(kHeldNameOctetsMax, 'x');
  EXPECT_THAT(rowsOf("domain\n" + longest + "\n"), ElementsAre(longest + "=" + longest));
  EXPECT_EQ(errorOf("domain\n" + longest + "x\n"),
            "t.csv:2: the domain has 256 octets, and may have 255");
  EXPECT_EQ(errorOf("domain,did\na," + longest + "x\n"),
            "t.csv:2: the DID has 256 octets, and may have 255");
  EXPECT_EQ(errorOf("domain,x\na," + std::string(kHeldLineOctetsMax, 'y') + "\n"),
            "t.csv:2: a row of more than 65536 octets");
  EXPECT_EQ(errorOf("domain\n\"" + std::string(kHeldLineOctetsMax + 1, '\n') + "\"\n"),
            "t.csv:2: a row of more than 65536 octets");
}

TEST(HeldText, OctetsOfAnyKindEndOrAreErrors) {
  std::string octets;
  for (int i = 0; i < 4096; ++i) octets += static_cast<char>((i * 2654435761U) >> 13);
  for (std::size_t cut = 0; cut < octets.size(); cut += 17) {
    for (const char* header : {"domain,did\n", "domain\tdid\n", ""}) {
      errorOf(header + octets.substr(cut));
    }
  }
}

class HeldDatabase : public testing::Test {
 protected:
  HeldDatabase() {
    std::string pattern = testing::TempDir() + "zonecast_held_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~HeldDatabase() override { std::filesystem::remove_all(folder_); }

  void make(const char* statements) {
    const auto database = Database::open(path(), std::chrono::milliseconds(10));
    ASSERT_TRUE(database) << database.error();
    const auto done = (*database)->run(statements);
    ASSERT_TRUE(done) << done.error();
  }
  Expected<HeldTables> read() {
    return readSqlite(path(), std::chrono::milliseconds(10), taken_.reader());
  }
  std::string path() const { return folder_ / "k.db"; }

  std::filesystem::path folder_;
  Taken taken_;
};

TEST_F(HeldDatabase, HasBothTables) {
  make(
      "CREATE TABLE domain (id INTEGER PRIMARY KEY, domain TEXT, did TEXT);"
      "INSERT INTO domain (domain, did) VALUES ('a.example', NULL), ('b.example', 'b');"
      "CREATE TABLE domain_attrs (id INTEGER PRIMARY KEY, did, name, type, value);"
      "INSERT INTO domain_attrs (did, name, type, value) VALUES ('b', 'x', 0, '7'), ('b', 'y', 2, "
      "8)");
  const auto tables = read();
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_TRUE(tables->has_attributes);
  EXPECT_THAT(taken_.rows, ElementsAre("a.example=a.example", "b.example=b", "b x:0:7", "b y:2:8"));
}

TEST_F(HeldDatabase, MayLackAttributes) {
  make("CREATE TABLE domain (domain TEXT, did TEXT)");
  const auto tables = read();
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_FALSE(tables->has_attributes);
  EXPECT_THAT(taken_.rows, IsEmpty());
}

TEST_F(HeldDatabase, IsNeverMade) {
  const auto tables = read();
  ASSERT_FALSE(tables);
  EXPECT_THAT(tables.error(), HasSubstr(path()));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(HeldDatabase, AnErrorHasItsRow) {
  make(
      "CREATE TABLE domain (domain TEXT, did TEXT); INSERT INTO domain VALUES ('a', 'a'), ('', "
      "'b')");
  EXPECT_EQ(read().error(), "database " + path() + ": domain, row 2: the domain is empty");
}

TEST_F(HeldDatabase, WithoutTheTableOrWithOtherOctetsIsExplained) {
  make("CREATE TABLE other (x)");
  EXPECT_THAT(read().error(), HasSubstr("no such table: domain"));
  std::ofstream(path(), std::ios::trunc) << std::string(5000, 'x');
  EXPECT_THAT(read().error(), HasSubstr("not a database"));
}

}  // namespace
}  // namespace zonecast::kamailio
