#include "reconciler/loop/chronicle.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/support/world_disk.h"

namespace zonecast::loop {
namespace {

derive::Domain domainOf(std::size_t number) {
  return *derive::Domain::fromText(fmt::format("d{:06}.example", number));
}

std::shared_ptr<const plan::ChangeSet> additions(std::size_t count) {
  auto changes = std::make_shared<plan::ChangeSet>();
  for (std::size_t i = 0; i < count; ++i) {
    const derive::Domain domain = domainOf(i);
    changes->domains.push_back(
        {domain, std::nullopt,
         plan::DomainEntry{.did = identity::Did::of(domain), .transports = {}}});
  }
  changes->causes.push_back({"zone example serial 7", std::nullopt});
  return changes;
}

class ChronicleTest : public testing::Test {
 protected:
  Chronicle make() {
    return Chronicle(policy_, disk_, [this](const plan::DomainChange& change, bool with_record) {
      ++told_;
      return Chronicle::Evidence{with_record ? std::string(change.key.text()) + " SRV: x" : "",
                                 "zone example serial 7"};
    });
  }
  // How many slices it took.
  static std::size_t workOff(Chronicle& chronicle) {
    std::size_t slices = 0;
    for (; chronicle.hasWork(); ++slices) chronicle.advance();
    return slices;
  }

  plan::HistoryPolicy policy_;
  test::WorldDisk disk_;
  std::size_t told_ = 0;
};

TEST_F(ChronicleTest, EachChangeIsWrittenOnceWithWhatLedToIt) {
  Chronicle chronicle = make();
  chronicle.add(plan::Version{3}, additions(120), WallTime{std::chrono::seconds{1000}});
  EXPECT_GT(workOff(chronicle), 1u);
  EXPECT_EQ(told_, 120u);
  ASSERT_EQ(disk_.histories().size(), 120u);
  const plan::DomainHistory& history = disk_.histories().at(domainOf(119));
  ASSERT_EQ(history.entries.size(), 1u);
  const plan::HistoryEntry& entry = history.entries.front();
  EXPECT_EQ(entry.version, plan::Version{3});
  EXPECT_EQ(entry.time.time_since_epoch().count(), 1000u);
  EXPECT_EQ(entry.record, "d000119.example SRV: x");
  EXPECT_EQ(entry.source, "zone example serial 7");
  EXPECT_EQ(entry.cause, "zone example serial 7");
}

TEST_F(ChronicleTest, OfALargeChangeSetTheRecordsAreNotTold) {
  Chronicle chronicle = make();
  chronicle.add(plan::Version{1}, additions(Chronicle::kExplainedMax + 1), WallTime{});
  workOff(chronicle);
  ASSERT_EQ(disk_.histories().size(), Chronicle::kExplainedMax + 1);
  EXPECT_EQ(disk_.histories().at(domainOf(0)).entries.front().record, "");
  EXPECT_EQ(disk_.histories().at(domainOf(0)).entries.front().source, "zone example serial 7");
}

TEST_F(ChronicleTest, VersionsAreWrittenInTheirOrder) {
  Chronicle chronicle = make();
  chronicle.add(plan::Version{1}, additions(60), WallTime{});
  chronicle.add(plan::Version{2}, additions(1), WallTime{});
  workOff(chronicle);
  EXPECT_EQ(disk_.histories().at(domainOf(0)).entries.size(), 2u);
  EXPECT_EQ(disk_.histories().at(domainOf(59)).entries.size(), 1u);
}

TEST_F(ChronicleTest, WhereNoneIsKeptNothingIsWritten) {
  policy_.per_domain = 0;
  Chronicle chronicle = make();
  chronicle.add(plan::Version{1}, additions(1), WallTime{});
  EXPECT_FALSE(chronicle.hasWork());
}

}  // namespace
}  // namespace zonecast::loop
