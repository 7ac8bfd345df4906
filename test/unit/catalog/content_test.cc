// What RFC 9432 says a catalog must be, sentence by sentence; sections in the comments.
#include "reconciler/catalog/content.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/records.h"

namespace zonecast::catalog {
namespace {

using test::nameFromText;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kVersion = "version.cat.example. 0 IN TXT \"2\"\n";
constexpr std::size_t kMembersMax = 1000;

tl::expected<Members, Broken> read(std::string_view text, std::size_t members_max = kMembersMax) {
  Reader reader(nameFromText("cat.example"), members_max);
  for (const test::OwnedRecord& record : test::recordsFromText(text)) {
    reader.add({record.owner, record.type, dns::RrClass::in, record.ttl, record.rdata});
  }
  while (!reader.settle(1)) {
  }
  return reader.take();
}

Members members(std::string_view text) {
  auto read_members = read(std::string(kVersion) + std::string(text));
  EXPECT_TRUE(read_members) << read_members.error().text;
  return read_members.value_or(Members());
}

std::string broken(std::string_view text) {
  const auto read_members = read(text);
  return read_members ? "it is whole" : read_members.error().text;
}

std::vector<std::string> names(const Members& members) {
  std::vector<std::string> texts;
  for (const auto& [zone, member] : members) texts.push_back(zone.toText());
  return texts;
}

// 4.1
TEST(Catalog, ListsItsMembers) {
  const Members listed = members(
      "cat.example. IN NS invalid.\n"
      "a.zones.cat.example. 0 IN PTR one.example.\n"
      "b.zones.cat.example. 3600 IN PTR two.example.\n");
  EXPECT_THAT(names(listed), ElementsAre("one.example", "two.example"));
  EXPECT_EQ(listed.begin()->second.nodes[0].label, "a");
  EXPECT_THAT(listed.begin()->second.nodes[0].groups, IsEmpty());
  EXPECT_EQ(listed.begin()->second.nodes[0].coo, std::nullopt);
}

TEST(Catalog, MayBeEmpty) {
  EXPECT_THAT(members(""), IsEmpty());
}

// 4.2.1: the version's RRset has exactly one RR.
TEST(Catalog, IsBrokenWithoutAVersion) {
  EXPECT_EQ(broken("a.zones.cat.example. IN PTR one.example.\n"),
            "version.cat.example TXT is missing");
}

TEST(Catalog, IsBrokenWithTwoVersions) {
  EXPECT_EQ(broken("version.cat.example. IN TXT \"2\"\nversion.cat.example. IN TXT \"1\"\n"),
            "version.cat.example has 2 TXT records, in place of one");
}

// 4.2.1: nothing but the version that is understood.
TEST(Catalog, IsBrokenWithAnotherVersion) {
  EXPECT_EQ(broken("version.cat.example. IN TXT \"1\"\n"), "version.cat.example TXT is not \"2\"");
  EXPECT_EQ(broken("version.cat.example. IN TXT \"2 \"\n"), "version.cat.example TXT is not \"2\"");
  EXPECT_EQ(broken("version.version.cat.example. IN TXT \"2\"\n"),
            "version.cat.example TXT is missing");
  EXPECT_EQ(broken("version.cat.example. IN A 192.0.2.2\n"), "version.cat.example TXT is missing");
}

// 4.1: the PTR must be the only record of its RRset; more than one breaks the catalog.
TEST(Catalog, IsBrokenWhenANodeHasTwoMembers) {
  EXPECT_EQ(broken(std::string(kVersion) + "a.zones.cat.example. IN PTR one.example.\n"
                                           "a.zones.cat.example. IN PTR two.example.\n"
                                           "b.zones.cat.example. IN PTR three.example.\n"),
            "a.zones.cat.example has more than one PTR record");
}

// 4.3.1: likewise for coo.
TEST(Catalog, IsBrokenWhenANodeHasTwoNewOwners) {
  EXPECT_EQ(broken(std::string(kVersion) + "a.zones.cat.example. IN PTR one.example.\n"
                                           "coo.a.zones.cat.example. IN PTR x.example.\n"
                                           "coo.a.zones.cat.example. IN PTR y.example.\n"),
            "coo.a.zones.cat.example has more than one PTR record");
}

// 5.2, within one catalog: the zone is a member once, and the first label counts.
TEST(Catalog, MayListAZoneTwice) {
  const Members listed = members(
      "b.zones.cat.example. IN PTR one.example.\n"
      "a.zones.cat.example. IN PTR one.example.\n"
      "group.b.zones.cat.example. IN TXT \"g\"\n");
  ASSERT_THAT(names(listed), ElementsAre("one.example"));
  const Member& member = listed.begin()->second;
  EXPECT_EQ(member.node("").label, "a");
  EXPECT_EQ(member.node("b").label, "b");  // that which it had keeps it
  EXPECT_THAT(member.node("b").groups, ElementsAre("g"));
}

// 4.3.1, 4.3.2
TEST(Catalog, SaysWhatItsMembersAreLike) {
  const Members listed = members(
      "coo.a.zones.cat.example. IN PTR new.example.\n"
      "group.a.zones.cat.example. IN TXT \"Nodnssec\"\n"
      "group.a.zones.cat.example. IN TXT \"big\"\n"
      "a.zones.cat.example. IN PTR one.example.\n");
  const MemberNode& node = listed.begin()->second.nodes[0];
  EXPECT_EQ(node.coo, nameFromText("new.example"));
  EXPECT_THAT(node.groups, ElementsAre("Nodnssec", "big"));  // with case, in order
}

// 4.3.2: no white space, 255 octets at most.
TEST(Catalog, IgnoresWhatIsNoGroup) {
  const Members listed = members(
      "a.zones.cat.example. IN PTR one.example.\n"
      "group.a.zones.cat.example. IN TXT \"two words\"\n"
      "group.a.zones.cat.example. IN TXT \"\"\n"
      "group.a.zones.cat.example. IN TXT \"" +
      std::string(200, 'x') + "\" \"" + std::string(56, 'x') + "\"\n");
  EXPECT_THAT(listed.begin()->second.nodes[0].groups, IsEmpty());
}

// 4.3, 4.4: what nobody knows is ignored, at whatever depth.
TEST(Catalog, IgnoresWhatItDoesNotKnow) {
  const Members listed = members(
      "a.zones.cat.example. IN PTR one.example.\n"
      "a.zones.cat.example. IN TXT \"what\"\n"
      "zones.cat.example. IN PTR two.example.\n"
      "serial.a.zones.cat.example. IN PTR three.example.\n"
      "x.ext.a.zones.cat.example. IN PTR four.example.\n"
      "ext.cat.example. IN TXT \"what\"\n"
      "b.zone.cat.example. IN PTR five.example.\n"
      "coo.c.zones.cat.example. IN PTR six.example.\n"
      "c.zones.other.example. IN PTR seven.example.\n"
      "coo.a.zones.cat.example. IN TXT \"what\"\n");
  EXPECT_THAT(names(listed), ElementsAre("one.example"));
  EXPECT_EQ(listed.begin()->second.nodes[0].coo, std::nullopt);
}

// RFC 4343: names compare without case, labels among them.
TEST(Catalog, ReadsNamesWithoutCase) {
  const Members listed = members(
      "A.ZONES.Cat.example. IN PTR One.Example.\n"
      "Group.a.zones.cat.example. IN TXT \"g\"\n");
  EXPECT_THAT(names(listed), ElementsAre("one.example"));
  EXPECT_THAT(listed.begin()->second.node("a").groups, ElementsAre("g"));
}

TEST(Catalog, IsReadInAnyOrder) {
  std::vector<std::string> lines{std::string(kVersion)};
  for (int i = 0; i < 50; ++i) {
    const std::string node =
        "n" + std::to_string(i % 40) + std::to_string(i) + ".zones.cat.example.";
    lines.push_back(node + " IN PTR z" + std::to_string(i % 40) + ".example.\n");
    lines.push_back("group." + node + " IN TXT \"g" + std::to_string(i) + "\"\n");
  }
  const auto show = [&lines] {
    std::string text, shown;
    for (const std::string& line : lines) text += line;
    const auto listed = read(text);
    for (const auto& [zone, member] : *listed) {
      shown += zone.toText();
      for (const MemberNode& node : member.nodes) shown += " " + node.label + node.groups.at(0);
    }
    return shown;
  };
  const std::string expected = show();
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(lines.begin(), lines.end(), random);
    EXPECT_EQ(show(), expected);
  }
}

TEST(Catalog, ThatListsTooManyIsBroken) {
  const std::string text = std::string(kVersion) +
                           "a.zones.cat.example. IN PTR one.example.\n"
                           "b.zones.cat.example. IN PTR two.example.\n";
  EXPECT_TRUE(read(text, 2));
  const auto too_many = read(text, 1);
  ASSERT_FALSE(too_many);
  EXPECT_TRUE(too_many.error().is_limit);
  EXPECT_EQ(too_many.error().text, "it has more than 1 members (members_max of this catalog)");
}

}  // namespace
}  // namespace zonecast::catalog
