#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/disk/lmdb_disk.h"
#include "test/unit/adapters/disk_testing.h"

namespace zonecast::disk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const dns::Name kExample = nameOf("example.com");

TEST_F(DiskTest, ANewDirectoryHoldsNothing) {
  open();
  EXPECT_THAT(zones(), IsEmpty());
  const auto publisher = disk_->loadPublisher();
  ASSERT_TRUE(publisher);
  EXPECT_FALSE(*publisher);
}

TEST_F(DiskTest, AZoneComesBackWithItsPiecesJournalAndTimers) {
  open();
  saveZone(kExample, {"first piece", "second", std::string(100'000, 'p')}, copyAt(7));
  disk_->saveZoneDelta(kExample, {deltaBetween(7, 8), deltaBetween(8, 10)}, copyAt(10));
  disk_->saveZoneDelta(kExample, {deltaBetween(10, 11)}, copyAt(11));
  disk_->saveZoneTimers(kExample, copyAt(11, 42));
  EXPECT_THAT(troubles(), IsEmpty());
  open();
  const auto found = zones();
  ASSERT_EQ(found.size(), 1u);
  const ports::SavedZone& zone = found.at("example.com");
  EXPECT_THAT(zone.pieces,
              ElementsAre(octetsOf("first piece"), octetsOf("second"), Octets(100'000, 'p')));
  ASSERT_EQ(zone.journal.size(), 2u);
  EXPECT_EQ(show(zone.journal[0]), show({deltaBetween(7, 8), deltaBetween(8, 10)}));
  EXPECT_EQ(show(zone.journal[1]), show({deltaBetween(10, 11)}));
  EXPECT_EQ(zone.copy.serial, dns::Serial(11));
  EXPECT_EQ(zone.copy.last_success, WallTime{Duration{42}});
  EXPECT_EQ(zone.copy.intervals.refresh, std::chrono::seconds{7200});
  EXPECT_EQ(zone.copy.intervals.retry, std::chrono::seconds{900});
  EXPECT_EQ(zone.copy.intervals.expire, std::chrono::seconds{1'209'600});
}

TEST_F(DiskTest, ABindingIsReadBackUntilItIsRemoved) {
  open();
  const ports::SavedBinding plain{.zone = kExample, .customer = "acme"};
  const ports::SavedBinding full{.zone = nameOf("two.example.com"),
                                 .customer = "globex",
                                 .catalog = "cat.example",
                                 .label = "a",
                                 .groups = {"Big", std::string(255, 'x')},
                                 .leaving_since = WallTime{Duration{42}},
                                 .cause = "it is not a member any more"};
  disk_->saveBinding(full);
  disk_->saveBinding(plain);
  disk_->removeZone(kExample);  // a copy is another matter
  EXPECT_THAT(troubles(), IsEmpty());
  open();
  EXPECT_THAT(*disk_->loadBindings(), UnorderedElementsAre(plain, full));
  disk_->removeBinding(kExample);
  EXPECT_THAT(troubles(), IsEmpty());
  open();
  EXPECT_THAT(*disk_->loadBindings(), ElementsAre(full));
}

TEST_F(DiskTest, WhatTheOperatorSaidComesBackUntilHeTakesItBack) {
  const auto a = derive::Domain::fromText("a.example").value();
  const auto b = derive::Domain::fromText("b.example").value();
  const plan::Deadline until{plan::Deadline::duration(1'800'000'000)};
  const plan::Directive pin{plan::Directive::Kind::pin, until};
  const plan::Directive block{plan::Directive::Kind::block, until};
  open();
  EXPECT_THAT(*disk_->loadDirectives(), IsEmpty());
  EXPECT_FALSE(*disk_->loadHold());
  disk_->saveDirective(b, pin);
  disk_->saveDirective(a, pin);
  disk_->saveDirective(a, block);
  disk_->saveHold(until);
  EXPECT_THAT(troubles(), IsEmpty());
  open();
  EXPECT_THAT(*disk_->loadDirectives(), ElementsAre(std::pair(a, block), std::pair(b, pin)));
  EXPECT_EQ(*disk_->loadHold(), until);
  disk_->saveDirective(a, std::nullopt);
  disk_->saveHold(std::nullopt);
  EXPECT_THAT(troubles(), IsEmpty());
  open();
  EXPECT_THAT(*disk_->loadDirectives(), ElementsAre(std::pair(b, pin)));
  EXPECT_FALSE(*disk_->loadHold());
}

TEST_F(DiskTest, WhatIsKnownOfDidsComesBackInTheirOrder) {
  open();
  const auto did = [](std::string_view text) { return identity::Did::fromText(text).value(); };
  const derive::Domain domain = derive::Domain::fromText("a.example").value();
  const ports::SavedDid used{did("iptel"), {{"acme", domain}}, std::nullopt};
  const derive::Domain address = derive::Domain::fromHost("2001:db8::1").value();
  const ports::SavedDid office{did("office"), {{"acme", address}}, std::nullopt};
  const ports::SavedDid handed{did("other"), {{"acme", domain}}, {{"globex", "acme", {}}}};
  const ports::SavedDid freed{
      did("Gone~2"), std::nullopt, {{"acme", "", WallSecond(WallSecond::duration(42))}}};
  disk_->saveDids({used, handed, office, {did("never"), {}, {}}});
  disk_->saveDids({freed, {did("was"), {{"acme", domain}}, {}}});
  disk_->saveDids({{did("was"), {}, {}}});
  open();
  std::vector<ports::SavedDid> found;
  ASSERT_TRUE(disk_->forEachDid([&found](auto saved) { found.push_back(std::move(saved)); }));
  EXPECT_THAT(found, ElementsAre(freed, used, office, handed));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(DiskTest, AFullCopyReplacesPiecesAndJournal) {
  open();
  saveZone(kExample, {"a", "b", "c"}, copyAt(1));
  disk_->saveZoneDelta(kExample, {deltaBetween(1, 2)}, copyAt(2));
  saveZone(kExample, {"d"}, copyAt(3));
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_THAT(pieces("example.com"), ElementsAre("d"));
  EXPECT_THAT(zones().at("example.com").journal, IsEmpty());
}

TEST_F(DiskTest, PiecesCountOnlyWithTheLastOne) {
  open();
  saveZone(kExample, {"old"}, copyAt(1));
  disk_->saveZonePiece(kExample, octetsOf("new"), true, std::nullopt);
  disk_->flush();
  EXPECT_THAT(pieces("example.com"), ElementsAre("old"));
  open();
  EXPECT_THAT(pieces("example.com"), ElementsAre("old"));
}

TEST_F(DiskTest, AFirstPieceBeginsAnew) {
  open();
  disk_->saveZonePiece(kExample, octetsOf("abandoned"), true, std::nullopt);
  saveZone(kExample, {"x", "y"}, copyAt(2));
  disk_->flush();
  EXPECT_THAT(pieces("example.com"), ElementsAre("x", "y"));
}

TEST_F(DiskTest, APieceOfAZoneRemovedOnTheWayIsNoZone) {
  open();
  disk_->saveZonePiece(kExample, octetsOf("head"), true, std::nullopt);
  disk_->removeZone(kExample);
  disk_->saveZonePiece(kExample, octetsOf("tail"), false, copyAt(1));
  disk_->flush();
  EXPECT_THAT(zones(), IsEmpty());
}

TEST_F(DiskTest, RemovingAZoneLeavesItsNeighboursAlone) {
  open();
  // Names whose wire formats begin with one another's labels.
  const std::vector<std::string> names = {"com", "example.com", "a.example.com", "example", "."};
  for (const std::string& name : names) {
    saveZone(nameOf(name), {name, "more"}, copyAt(1));
    disk_->saveZoneDelta(nameOf(name), {deltaBetween(1, 2)}, copyAt(2));
  }
  disk_->removeZone(kExample);
  disk_->removeZone(nameOf("never.saved.example"));
  EXPECT_THAT(troubles(), IsEmpty());
  const auto left = zones();
  EXPECT_EQ(left.size(), 4u);
  for (const auto& [name, zone] : left) {
    EXPECT_NE(name, "example.com");
    EXPECT_THAT(zone.pieces, ElementsAre(octetsOf(name), octetsOf("more")));
    EXPECT_EQ(zone.journal.size(), 1u);
  }
}

TEST_F(DiskTest, TheLongestNameIsAKey) {
  open();
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(nameOf(longest).view().wire().size(), 255u);
  saveZone(nameOf(longest), {"x"}, copyAt(1));
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_THAT(pieces(longest), ElementsAre("x"));
}

TEST_F(DiskTest, DeltasThatDoNotFollowTheCopyAreRefused) {
  open();
  saveZone(kExample, {"x"}, copyAt(5));
  disk_->saveZoneDelta(kExample, {deltaBetween(6, 7)}, copyAt(7));
  disk_->saveZoneDelta(nameOf("unknown.example"), {deltaBetween(1, 2)}, copyAt(2));
  EXPECT_THAT(
      troubles(),
      ElementsAre("zone example.com is not saved: the deltas do not follow the copy on disk",
                  "zone unknown.example is not saved: the deltas do not follow the copy on disk"));
  const auto found = zones();
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("example.com").copy.serial, dns::Serial(5));
}

TEST_F(DiskTest, TimersOfAnotherVersionAreNotThoseOfTheCopyOnDisk) {
  open();
  saveZone(kExample, {"x"}, copyAt(5, 50));
  disk_->saveZoneTimers(kExample, copyAt(6, 60));
  disk_->saveZoneTimers(nameOf("unknown.example"), copyAt(1));
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_EQ(zones().at("example.com").copy.serial, dns::Serial(5));
  EXPECT_EQ(zones().at("example.com").copy.last_success, WallTime{Duration{50}});
  EXPECT_EQ(zones().size(), 1u);
}

TEST_F(DiskTest, ThePublisherComesBack) {
  open();
  ports::SavedPublisher publisher{.term = plan::Term{3}, .position = std::nullopt};
  disk_->savePublisher(publisher);
  disk_->flush();
  auto loaded = disk_->loadPublisher();
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->term, plan::Term{3});
  EXPECT_FALSE((*loaded)->position);

  publisher.term = plan::Term{0xffff'ffff'ffff'fff0};
  publisher.position = plan::Position{
      {"0b1f9f4e-5a52-4cf5-9d3c-0f5b0c0e8a11"}, plan::Version{1ull << 40}, plan::Chain{1, 2, 3}};
  disk_->savePublisher(publisher);
  open();
  loaded = disk_->loadPublisher();
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->term, publisher.term);
  EXPECT_EQ((*loaded)->position, publisher.position);
  EXPECT_FALSE((*loaded)->begun);

  publisher.begun = plan::Lineage{"5a1b7f7e-9c02-4b1c-8a57-0d7c3a6f2e90"};
  disk_->savePublisher(publisher);
  open();
  loaded = disk_->loadPublisher();
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->begun, publisher.begun);
  EXPECT_EQ((*loaded)->position, publisher.position);
}

TEST_F(DiskTest, OfWhatIsPublishedNothingIsReadOrWrittenWhereItIsNotKept) {
  const ports::SavedDid did{
      identity::Did::fromText("iptel").value(), {}, {{"acme", "", WallSecond()}}};
  const auto save = [&](std::uint64_t term) {
    disk_->savePublisher({.term = plan::Term{term}, .position = std::nullopt});
    disk_->saveDids({did});
    plan::HistoryEntry entry;
    entry.version = plan::Version{term};
    disk_->saveHistory({{derive::Domain::fromText("a.example").value(), entry}}, {});
    saveZone(kExample, {std::to_string(term)}, copyAt(1));
    EXPECT_THAT(troubles(), IsEmpty());
  };
  const auto dids = [&] {
    int count = 0;
    EXPECT_TRUE(disk_->forEachDid([&count](const auto&) { ++count; }));
    return count;
  };
  options_.keeps_published = false;
  open();
  save(1);
  options_.keeps_published = true;
  open();
  EXPECT_FALSE(*disk_->loadPublisher());
  EXPECT_EQ(dids(), 0);
  EXPECT_EQ(*disk_->historySince(), std::nullopt);
  EXPECT_THAT(pieces("example.com"), ElementsAre("1"));
  save(2);

  options_.keeps_published = false;
  open();
  EXPECT_FALSE(*disk_->loadPublisher());
  EXPECT_EQ(dids(), 0);
  save(3);
  options_.keeps_published = true;
  open();
  EXPECT_EQ((*disk_->loadPublisher())->term, plan::Term{2});
  EXPECT_EQ(dids(), 1);
  EXPECT_THAT(pieces("example.com"), ElementsAre("3"));
}

TEST_F(DiskTest, TheInstanceIsAUuidMadeOnceAndKept) {
  open();
  const std::string instance = disk_->instanceId();
  EXPECT_THAT(instance, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                              "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  options_.random = std::mt19937_64{8};
  open();
  EXPECT_EQ(disk_->instanceId(), instance);
}

TEST_F(DiskTest, ASecondOpeningIsRefused) {
  open();
  const auto second = LmdbDisk::open(options_, loop_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("is locked by process " + std::to_string(getpid())));
  EXPECT_THAT(second.error(), HasSubstr("use another state directory"));
  disk_.reset();
  EXPECT_TRUE(LmdbDisk::open(options_, loop_));
}

TEST_F(DiskTest, ADirectoryThatCannotBeMadeIsASentence) {
  options_.directory = directory_.path() + "/no/such/parent";
  options_.random = std::mt19937_64{7};
  const auto opened = LmdbDisk::open(options_, loop_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), HasSubstr("cannot make the state directory"));
  EXPECT_THAT(opened.error(), HasSubstr("/no/such/parent: No such file or directory"));
}

TEST_F(DiskTest, ManySavesAreFewTransactions) {
  open();
  constexpr int kZones = 20'000;
  std::vector<dns::Name> names;
  for (int i = 0; i < kZones; ++i) names.push_back(nameOf("z" + std::to_string(i) + ".example"));
  for (const dns::Name& name : names) saveZone(name, {"x"}, copyAt(1));
  for (std::int64_t round = 1; round <= 5; ++round) {
    for (const dns::Name& name : names) disk_->saveZoneTimers(name, copyAt(1, round));
  }
  EXPECT_THAT(troubles(), IsEmpty());
  const auto found = zones();
  EXPECT_EQ(found.size(), static_cast<std::size_t>(kZones));
  EXPECT_EQ(found.at("z777.example").copy.last_success, WallTime{Duration{5}});
  disk_.reset();

  const auto environment = openEnvironment(directory_.database(), 1 << 30, 4);
  ASSERT_TRUE(environment);
  MDB_envinfo info{};
  ASSERT_EQ(mdb_env_info(environment->get(), &info), 0);
  EXPECT_LT(info.me_last_txnid, 500u);  // of 120,000 saves
}

}  // namespace
}  // namespace zonecast::disk
