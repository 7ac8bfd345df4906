#include "app/zonecast/domain_table.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/kamailio/database.h"

namespace zonecast {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ADomainTable : public testing::Test {
 protected:
  ADomainTable() {
    std::string pattern = testing::TempDir() + "zonecast_table_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ADomainTable() override { std::filesystem::remove_all(folder_); }

  tl::expected<DomainTable, std::string> text(const std::string& content) {
    std::ofstream(folder_ / "t.csv", std::ios::binary) << content;
    return readDomainTable(folder_ / "t.csv", milliseconds(10));
  }
  DomainTable sqlite(const std::string& statements) {
    const std::string path = folder_ / "k.db";
    {
      const auto database = kamailio::Database::open(path, milliseconds(10));
      const auto done = (*database)->run(statements.c_str());
      EXPECT_TRUE(done) << done.error();
    }
    auto table = readDomainTable("sqlite:" + path, milliseconds(10));
    EXPECT_TRUE(table) << table.error();
    return table.value_or(DomainTable());
  }
  static std::vector<std::string> shown(const Holding& holding) {
    std::vector<std::string> lines;
    for (const auto& [domain, entry] : holding.domains) lines.push_back(domain + "=" + entry.did());
    return lines;
  }

  std::filesystem::path folder_;
};

TEST_F(ADomainTable, HasNamesAsZonecastWritesThem) {
  const auto table =
      text("domain,did\nACME.example.,\n[2001:DB8::1],office\nsip.example:5060,a b\n");
  ASSERT_TRUE(table) << table.error();
  EXPECT_FALSE(table->has_attributes);
  EXPECT_THAT(shown(table->holding), ElementsAre("2001:db8::1=office", "acme.example=acme.example",
                                                 "sip.example:5060=a b"));
}

TEST_F(ADomainTable, RefusesADomainThatStandsThereTwice) {
  EXPECT_THAT(text("domain\na.example\nA.Example\n").error(),
              HasSubstr("t.csv:3: domain a.example stands there twice"));
}

TEST_F(ADomainTable, OctetsThatAreNoTextAreMadePrintable) {
  const auto table = text("domain,did\n\xff\x1b,\xfe\n");
  ASSERT_TRUE(table) << table.error();
  EXPECT_THAT(shown(table->holding), ElementsAre("\\255\\027=\\254"));
}

TEST_F(ADomainTable, AttributesAreComparedAsRows) {
  const DomainTable table = sqlite(
      "CREATE TABLE domain (domain, did); INSERT INTO domain VALUES ('a.example', 'a');"
      "CREATE TABLE domain_attrs (id INTEGER PRIMARY KEY, did, name, type, value);"
      "INSERT INTO domain_attrs (did, name, type, value) VALUES ('a', 'z', 2, 'true'),"
      " ('a', 'calls', 0, '7'), ('a', 'z', 2, '60s'), ('nobody', 'x', 2, 'y')");
  Holding here;
  here.domains["a.example"].set_did("a");
  here.domains["a.example"].set_state(v1::STATE_RETIRING);
  v1::VirtualDomain& virtual_domain = here.virtual_domains["a"];
  virtual_domain.set_did("a");
  virtual_domain.set_customer("acme");
  v1::Attribute& calls = *virtual_domain.add_attributes();
  calls.set_name("calls");
  calls.add_values()->set_integer(7);
  v1::Attribute& z = *virtual_domain.add_attributes();
  z.set_name("z");
  z.add_values()->set_boolean(true);
  z.add_values()->set_seconds(60);

  v1::Comparison comparison;
  compare(asDomainTable(here, table.has_attributes), table.holding, comparison);
  EXPECT_FALSE(hasDifferences(comparison)) << comparisonText(comparison);
  calls.mutable_values(0)->set_integer(8);
  compare(asDomainTable(here, true), table.holding, comparison);
  EXPECT_THAT(comparisonText(comparison),
              HasSubstr("  ~ DID a  calls=7 z=true, 60s -> calls=8 z=true, 60s\n"));
}

TEST_F(ADomainTable, HasSoManyAttributesOfOneDid) {
  std::string statements =
      "CREATE TABLE domain (domain, did); INSERT INTO domain VALUES ('a.example', 'a');"
      "CREATE TABLE domain_attrs (id INTEGER PRIMARY KEY, did, name, type, value);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1002)"
      " INSERT INTO domain_attrs (did, name, type, value) SELECT 'a', 'n' || i, 2, 'x' FROM n";
  const auto database = kamailio::Database::open(folder_ / "k.db", milliseconds(10));
  ASSERT_TRUE((*database)->run(statements.c_str()));
  EXPECT_THAT(readDomainTable("sqlite:" + (folder_ / "k.db").string(), milliseconds(10)).error(),
              HasSubstr("domain_attrs, row 1001: DID a has more than 1000 attributes"));
}

}  // namespace
}  // namespace zonecast
