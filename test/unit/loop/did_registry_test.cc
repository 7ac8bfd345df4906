#include "reconciler/loop/did_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "test/support/manual_clock.h"
#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using plan::DidRecord;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

identity::Did did(std::string_view text) {
  return identity::Did::fromText(text).value();
}
derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}
constexpr WallSecond kThen{WallSecond::duration(1'700'000'000)};

class Registry : public testing::Test {
 protected:
  Registry() {
    for (const char* name : {"acme", "globex", "discovered"}) {
      settings_.customers.push_back({.name = name, .grants = {}, .attributes = {}});
    }
    settings_.discovered = view::CustomerId{2};
  }

  static plan::SharedVirtualDomain usedBy(std::string customer) {
    return identity::VirtualDomain{
        domain("a.example"), std::move(customer), {domain("a.example")}, {}};
  }
  void publish(std::string_view text, std::string customer) {
    published_.virtual_domains.insert_or_assign(did(text), usedBy(std::move(customer)));
  }
  void remember(std::string_view text, std::optional<std::string> user,
                std::optional<DidRecord> record = {}) {
    ports::SavedDid saved{did(text), {}, std::move(record)};
    if (user) saved.use = {*std::move(user), domain("a.example")};
    registry_.remember(std::move(saved));
  }
  // Some at a time, as a pass does.
  void reconcile() {
    while (registry_.reconcile(1) > 0) {
    }
  }
  void saveAll() {
    while (registry_.hasWork()) registry_.saveSome();
  }

  Settings settings_;
  plan::Table published_;
  test::WorldDisk disk_;
  test::Trace trace_;
  test::WorldJournal journal_{trace_};
  DidRegistry registry_{settings_, published_, disk_, journal_};
  test::ManualClock clock_;
};

struct Row {
  std::string_view fact;
  std::optional<std::string> user_on_disk;
  std::optional<DidRecord> record_on_disk;
  std::optional<std::string> user_in_store;
  std::optional<DidRecord> record_in_store;
  std::optional<DidRecord> record;  // then
  bool is_disputed = false;
};

class Reconciled : public Registry, public testing::WithParamInterface<Row> {};

TEST_P(Reconciled, IsAsItsRowSays) {
  const Row& row = GetParam();
  if (row.user_on_disk || row.record_on_disk) {
    remember("iptel", row.user_on_disk, row.record_on_disk);
  }
  if (row.user_in_store) publish("iptel", *row.user_in_store);
  if (row.record_in_store) published_.records.emplace(did("iptel"), *row.record_in_store);
  reconcile();
  const auto found = published_.records.find(did("iptel"));
  EXPECT_EQ(found == published_.records.end() ? std::nullopt : std::optional(found->second),
            row.record);
  EXPECT_EQ(registry_.disputes().contains(did("iptel")), row.is_disputed);
  EXPECT_EQ(trace_.empty(), !row.is_disputed);
}

const DidRecord kFreed{"acme", "", kThen}, kLost{"acme", "", {}}, kHanded{"globex", "acme", {}};
INSTANTIATE_TEST_SUITE_P(
    Did, Reconciled,
    testing::Values(
        Row{"both have it", "acme", {}, "acme", {}, {}, false},
        Row{"the store lost it", "acme", {}, {}, {}, kLost, false},
        Row{"the store lost a free one", {}, kFreed, {}, {}, kFreed, false},
        Row{"the disk lost it", {}, {}, "acme", {}, {}, false},
        Row{"the disk lost a free one", {}, {}, {}, kFreed, kFreed, false},
        Row{"it was freed since", "acme", {}, {}, kFreed, kFreed, false},
        Row{"it came back since", {}, kFreed, "acme", {}, {}, false},
        Row{"it was handed over since", "acme", {}, "acme", kHanded, kHanded, false},
        Row{"it was handed over and freed since", "acme", {}, {}, kHanded, kHanded, false},
        Row{"the store forgot that it was handed over",
            "acme",
            kHanded,
            "acme",
            {},
            kHanded,
            false},
        Row{"a free one, likewise", {}, kHanded, {}, kFreed, kHanded, false},
        Row{"who got it has it", "acme", kHanded, "globex", {}, {}, false},
        Row{"a discovered domain became a customer's", "discovered", {}, "acme", {}, {}, false},
        Row{"two have it", "acme", {}, "globex", {}, {}, true},
        Row{"one had what another has", {}, kFreed, "globex", {}, {}, true},
        Row{"one has what another had", "globex", {}, {}, kFreed, kFreed, true}),
    [](const auto& info) {
      std::string name(info.param.fact);
      for (char& c : name) c = absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return name;
    });

TEST_F(Registry, WhatTheStoreLostComesBackWithItsCanonicalDomain) {
  remember("iptel", "acme");
  reconcile();
  ASSERT_NE(registry_.lostCanonical(did("iptel")), nullptr);
  EXPECT_EQ(*registry_.lostCanonical(did("iptel")), domain("a.example"));
  EXPECT_THAT(registry_.takeChanges(), ElementsAre(plan::RecordChange{did("iptel"), {}, kLost}));
  registry_.onPlanned({did("iptel"), {}, usedBy("acme")}, clock_.now().wall);
  EXPECT_THAT(published_.records, IsEmpty());
  EXPECT_EQ(registry_.lostCanonical(did("iptel")), nullptr);
}

TEST_F(Registry, AStoreThatFollowsOnWhatWasPublishedLastKnowsBetter) {
  remember("iptel", "acme");
  publish("iptel", "globex");
  registry_.onReplaced({}, true);
  reconcile();
  EXPECT_THAT(registry_.disputes(), IsEmpty());
  EXPECT_EQ(disk_.dids().at(did("iptel")).use->customer, "globex");
}

TEST_F(Registry, TheDiskLearnsWhatItLacksAndNothingElse) {
  remember("a", "acme");
  remember("c", {}, kFreed);
  publish("a", "acme");
  publish("b", "globex");
  published_.records.emplace(did("d"), kFreed);
  reconcile();
  std::vector<std::string> saved;
  for (const auto& [key, value] : disk_.dids()) saved.emplace_back(key.text());
  EXPECT_THAT(saved, ElementsAre("b", "d"));
}

TEST_F(Registry, WhatIsDisputedStaysOnDiskUntilItIsSettled) {
  remember("iptel", "acme");
  publish("iptel", "globex");
  reconcile();
  EXPECT_THAT(disk_.dids(), IsEmpty());
  EXPECT_THAT(trace_, ElementsAre("DID iptel is disputed: acme on disk, globex in the store"));
  ASSERT_TRUE(registry_.handOver(did("iptel"), "globex"));
  EXPECT_THAT(registry_.disputes(), IsEmpty());
  ASSERT_EQ(disk_.dids().count(did("iptel")), 1u);
  EXPECT_EQ(disk_.dids().at(did("iptel")).use->customer, "globex");
}

TEST_F(Registry, ADidThatIsFreedIsRecordedAndSavedOnceItIsPublished) {
  auto changes = std::make_shared<plan::ChangeSet>();
  changes->virtual_domains.push_back({did("iptel"), usedBy("acme"), std::nullopt});
  registry_.onPlanned(changes->virtual_domains.front(), WallTime(kThen));
  changes->records = registry_.takeChanges();
  EXPECT_THAT(changes->records, ElementsAre(plan::RecordChange{did("iptel"), {}, kFreed}));
  EXPECT_THAT(disk_.dids(), IsEmpty());
  registry_.onPublished(changes);
  saveAll();
  EXPECT_EQ(disk_.dids().at(did("iptel")).record, kFreed);
}

TEST_F(Registry, AnAttributeThatChangesIsNothingToSave) {
  publish("iptel", "acme");
  auto changes = std::make_shared<plan::ChangeSet>();
  changes->virtual_domains.push_back({did("iptel"), usedBy("acme"), usedBy("acme")});
  registry_.onPublished(changes);
  saveAll();
  EXPECT_THAT(disk_.dids(), IsEmpty());
}

TEST_F(Registry, WhatIsHandedOverWhileItIsInUseIsKeptForBoth) {
  publish("iptel", "acme");
  ASSERT_TRUE(registry_.handOver(did("iptel"), "globex"));
  EXPECT_EQ(*registry_.record(did("iptel")), kHanded);
  registry_.onPlanned({did("iptel"), usedBy("acme"), std::nullopt}, WallTime(kThen));
  EXPECT_EQ(*registry_.record(did("iptel")), (DidRecord{"globex", "acme", kThen}));
  published_.virtual_domains.clear();
  ASSERT_TRUE(registry_.handOver(did("iptel"), "acme"));
  EXPECT_EQ(*registry_.record(did("iptel")), (DidRecord{"acme", "globex", {}}));
}

TEST_F(Registry, OfDiscoveredDomainsThatAreGoneTheLastOnesAreRemembered) {
  settings_.dids_discovered_max = 2;
  const auto go = [this](std::string_view text, std::string customer, int second) {
    registry_.onPlanned({did(text), usedBy(std::move(customer)), std::nullopt},
                        WallTime(kThen) + std::chrono::seconds(second));
  };
  go("z", "discovered", 0);
  go("y", "discovered", 1);
  go("a", "acme", 2);
  EXPECT_THAT(trace_, IsEmpty());
  go("x", "discovered", 3);
  EXPECT_THAT(trace_, ElementsAre("DID forgotten: z"));
  EXPECT_EQ(registry_.record(did("z")), nullptr);
  EXPECT_NE(registry_.record(did("y")), nullptr);
  // Also of those that were read back.
  registry_.onReplaced({}, false);
  reconcile();
  go("w", "discovered", 4);
  EXPECT_THAT(trace_, ElementsAre("DID forgotten: z", "DID forgotten: y"));
}

TEST_F(Registry, NobodyCanBeHandedWhatNobodyHad) {
  publish("iptel", "acme");
  for (const char* customer : {"", "other", "discovered"}) {
    EXPECT_THAT(registry_.handOver(did("iptel"), customer).error(), HasSubstr("no customer"));
  }
  EXPECT_THAT(registry_.handOver(did("other"), "acme").error(), HasSubstr("anybody has or had"));
}

}  // namespace
}  // namespace zonecast::loop
