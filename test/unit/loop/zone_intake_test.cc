// What the intake makes of transfers that no zone can take as they are, and of a long life of
// edits.
#include "reconciler/loop/zone_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/view/zone_text.h"

namespace zonecast::loop {
namespace {

using testing::HasSubstr;
using view::record;
using view::viewOf;
using Kind = xfr::TransferFailure::Kind;

class NoDisk final : public ports::Disk {
 public:
  void saveZonePiece(const dns::Name&, ports::PackedRecords, bool,
                     const std::optional<xfr::HeldCopy>&) override {}
  void saveZoneDelta(const dns::Name&, std::vector<view::Delta>, const xfr::HeldCopy&) override {}
  void saveZoneTimers(const dns::Name&, const xfr::HeldCopy&) override {}
  void removeZone(const dns::Name&) override {}
  void saveBinding(const ports::SavedBinding&) override {}
  void removeBinding(const dns::Name&) override {}
  void saveDids(std::vector<ports::SavedDid>) override {}
  void savePublisher(const ports::SavedPublisher&) override {}
  void saveDirective(const derive::Domain&, const std::optional<plan::Directive>&) override {}
  void saveHold(const std::optional<plan::Deadline>&) override {}
  void saveHistory(std::vector<plan::DomainEvent>, const plan::HistoryPolicy&) override {}
};

constexpr xfr::ZoneId kZone{0};

class ZoneIntakeTest : public testing::Test {
 protected:
  ZoneIntakeTest() { view_.addZone(view::ZoneIndex{0}, view::name("example"), {}, false); }

  static Settings oneZone() {
    Settings settings;
    settings.secondary.zones.push_back({view::name("example"), {}, {}});
    settings.zones.emplace_back();
    return settings;
  }

  tl::expected<void, xfr::TransferFailure> transfer(const std::vector<std::string>& texts) {
    auto sink = intake_.open(kZone);
    sink->beginFull();
    for (const std::string& text : texts) sink->add(viewOf(record(text)));
    return end(std::move(sink));
  }
  tl::expected<void, xfr::TransferFailure> edit(std::uint32_t from,
                                                const std::vector<std::string>& removed,
                                                const std::vector<std::string>& added) {
    auto sink = intake_.open(kZone);
    sink->beginDelta(dns::Serial(from), dns::Serial(from + 1));
    sink->remove(viewOf(record("example SOA " + std::to_string(from))));
    for (const std::string& text : removed) sink->remove(viewOf(record(text)));
    sink->add(viewOf(record("example SOA " + std::to_string(from + 1))));
    for (const std::string& text : added) sink->add(viewOf(record(text)));
    return end(std::move(sink));
  }
  tl::expected<void, xfr::TransferFailure> end(std::unique_ptr<xfr::TransferSink> sink) {
    auto result = intake_.commit(kZone, std::move(sink), now_);
    intake_.release(kZone);
    return result;
  }
  void saveWhole() {
    std::optional cursor = ZoneIntake::SaveCursor{};
    while (cursor) cursor = intake_.savePiece(kZone, *cursor, now_.wall);
  }
  const view::Zone& zone() { return *view_.zone(indexOf(kZone)); }

  Settings settings_ = oneZone();
  view::View view_;
  NoDisk disk_;
  xfr::ZoneTable zones_{settings_.secondary.zones};
  ZoneIntake intake_{settings_, zones_, view_, disk_, [](const ZoneUpdate&) {}};
  const Now now_{Instant{}, WallTime{std::chrono::hours{500'000}}};
};

TEST_F(ZoneIntakeTest, WhatALimitRefusesIsToldAsALimit) {
  settings_.zone_limits.records_per_rrset_max = 1;
  const auto taken = transfer({"example SOA 1", "h.example A 192.0.2.1", "h.example A 192.0.2.2"});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, Kind::limit);
  EXPECT_THAT(taken.error().text, HasSubstr("limits.rrset_records_max"));
}

TEST_F(ZoneIntakeTest, ALimitThatAnEditMeetsIsToldAsOneToo) {
  xfr::ZoneSettings narrow = settings_.secondary.zones[0];
  narrow.limits.records_max = 2;
  zones_.replace(kZone, narrow);
  ASSERT_TRUE(transfer({"example SOA 1", "h.example MX a"}));
  ASSERT_TRUE(edit(1, {"h.example MX a"}, {"h.example A 192.0.2.1"}));
  const auto more = edit(2, {}, {"i.example A 192.0.2.1"});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, Kind::limit);
  EXPECT_THAT(more.error().text, HasSubstr("limits.zone_records_max"));
}

TEST_F(ZoneIntakeTest, WhatIsWrongIsToldAsMalformed) {
  ASSERT_TRUE(transfer({"example SOA 1"}));
  const auto taken = edit(1, {"h.example A 192.0.2.1"}, {"h.example A 192.0.2.2"});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, Kind::malformed);
}

// The zone grows and declines, name by name, again and again, with texts of another length each
// time: what one decline leaves behind fits nothing that the next growth brings.
class Tide {
 public:
  static constexpr std::uint32_t kNames = 200;

  explicit Tide(std::uint32_t serial)
      : rises_(serial % (2 * kNames) < kNames),
        text_("n" + std::to_string(serial % kNames) + ".example TXT " +
              std::string(1 + serial / (2 * kNames) * 7 % 250, 'x')) {}

  std::vector<std::string> removed() const { return only(!rises_); }
  std::vector<std::string> added() const { return only(rises_); }

 private:
  std::vector<std::string> only(bool it) const {
    return it ? std::vector{text_} : std::vector<std::string>{};
  }

  bool rises_;
  std::string text_;
};

TEST_F(ZoneIntakeTest, ALongLifeOfEditsLeavesTheMemoryOfAZoneBounded) {
  ASSERT_TRUE(transfer({"example SOA 0", "h.example A 192.0.2.1"}));
  std::size_t octets_max = 0, saves = 0;
  for (std::uint32_t serial = 0; serial < 100'000; ++serial) {
    const Tide tide(serial);
    ASSERT_TRUE(edit(serial, tide.removed(), tide.added()));
    octets_max = std::max(octets_max, zone().octets());
    if (!zone().isSparse()) continue;
    ASSERT_TRUE(intake_.wantsFullSave(kZone));
    saveWhole();
    ++saves;
    ASSERT_FALSE(zone().isSparse());
  }
  EXPECT_GT(saves, 0u);
  EXPECT_LT(saves, 2'000u);
  EXPECT_LT(octets_max, 512u << 10);  // 2 MiB and more, were it never built anew
  EXPECT_EQ(zone().serial(), dns::Serial(100'000));
  EXPECT_EQ(zone().recordCount(), 2u);
  EXPECT_EQ(zone().lookup(view::name("h.example"), dns::RrType::a).kind,
            view::ZoneAnswer::Kind::data);
}

}  // namespace
}  // namespace zonecast::loop
