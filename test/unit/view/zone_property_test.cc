// Random zones and random deltas, held against the plain model: the same answers, and a ZoneChange
// that misses no answer that changed.
#include <random>

#include <gtest/gtest.h>

#include "test/unit/view/zone_model.h"
#include "test/unit/view/zone_text.h"

namespace zonecast::view {
namespace {

using dns::RrType;

constexpr RrType kTypes[] = {RrType::a,   RrType::ns,  RrType::cname, RrType::dname, RrType::txt,
                             RrType::txt, RrType::txt, kMx,           RrType::srv};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }

  dns::Name anyName() {
    static constexpr const char* kLabels[] = {"a", "b", "_s", "*", "c"};
    std::string text = "example";
    for (std::size_t labels = below(5); labels > 0; --labels) {
      text = kLabels[below(std::size(kLabels))] + ("." + text);
    }
    return name(text);
  }

  DeltaRecord anyRecord() {
    const RrType type = kTypes[below(std::size(kTypes))];
    Octets rdata;
    if (type == RrType::ns || type == RrType::cname || type == RrType::dname) {
      const dns::Name target = anyName();
      rdata.assign(target.view().wire().begin(), target.view().wire().end());
    } else {
      rdata.assign(1 + below(3), static_cast<std::uint8_t>(below(2)));
    }
    return {anyName(), type, dns::Ttl(static_cast<std::uint32_t>(60 + below(3))), rdata};
  }

  // Removes some of what the model has and adds something; the model follows.
  Delta anyDelta(ZoneModel& model, std::uint32_t from) {
    Delta delta = view::delta(from, {}, {});
    for (const DeltaRecord& r : model.records()) {
      if (r.type != RrType::soa && below(4) == 0) delta.removed.push_back(r);
    }
    for (std::size_t count = below(6); count > 0; --count) delta.added.push_back(anyRecord());
    if (!delta.removed.empty() && below(2) == 0) {  // comes back, with another TTL
      DeltaRecord again = delta.removed[below(delta.removed.size())];
      again.ttl = dns::Ttl(5);
      if (again.type != RrType::soa) delta.added.push_back(again);
    }
    for (const DeltaRecord& r : delta.removed) EXPECT_TRUE(model.remove(r));
    for (const DeltaRecord& r : delta.added) model.add(r);
    return delta;
  }

 private:
  std::mt19937_64 random_;
};

void expectSameAnswers(const Zone& zone, const ZoneModel& model, World& world) {
  for (int i = 0; i < 60; ++i) {
    const dns::Name question = world.anyName();
    const RrType type = kTypes[world.below(std::size(kTypes))];
    ASSERT_EQ(asModelAnswer(zone.lookup(question, type)), model.lookup(question, type))
        << question.toText() << " " << dns::toText(type);
  }
}

// ZoneChange, word for word as its comment has it.
ZoneChange changeByDefinition(const ZoneModel& before, const ZoneModel& after) {
  ZoneChange change;
  std::set<std::string> names = before.names();
  names.merge(after.names());
  for (const std::string& text : names) {
    const dns::Name n = name(text);
    const bool came_or_went = before.exists(n) != after.exists(n);
    if (!came_or_went && before.comparable(n) == after.comparable(n)) continue;
    change.owners.push_back(n);
    const bool is_apex = text == "example";
    const bool cut = !is_apex && before.has(n, RrType::ns) != after.has(n, RrType::ns);
    const bool dname = before.rrset(n, RrType::dname) != after.rrset(n, RrType::dname);
    if (cut || dname) change.subtrees.push_back(n);
    if (is_apex) continue;
    const dns::NameView parent = n.view().parent();
    const dns::Name wildcard = dns::Name::prepend("*", parent).value();
    if (n == wildcard) change.subtrees.emplace_back(parent);
    const bool is_topmost = before.exists(parent) && after.exists(parent);
    const bool beside_wildcard =
        n != wildcard.view() && (before.exists(wildcard) || after.exists(wildcard));
    if (came_or_went && is_topmost && beside_wildcard) change.subtrees.push_back(n);
  }
  return change;
}

void expectSameChange(const ZoneChange& change, const ZoneChange& expected) {
  EXPECT_EQ(sortedTexts(change.owners), sortedTexts(expected.owners));
  EXPECT_EQ(change.owners.size(), sortedTexts(change.owners).size());
  EXPECT_EQ(sortedTexts(change.subtrees), sortedTexts(expected.subtrees));
}

bool covers(const ZoneChange& change, dns::NameView n) {
  const auto is_above = [&](const dns::Name& subtree) { return n.isAtOrUnder(subtree); };
  return std::ranges::find(change.owners, dns::Name(n)) != change.owners.end() ||
         std::ranges::any_of(change.subtrees, is_above);
}

void expectEveryChangedAnswerIsCovered(const ZoneModel& before, const ZoneModel& after,
                                       const ZoneChange& change, World& world) {
  for (int i = 0; i < 150; ++i) {
    const dns::Name question = world.anyName();
    const RrType type = kTypes[world.below(std::size(kTypes))];
    if (before.lookup(question, type) == after.lookup(question, type)) continue;
    EXPECT_TRUE(covers(change, question)) << question.toText() << " " << dns::toText(type);
  }
}

struct RandomZone {
  explicit RandomZone(std::uint64_t seed) : world(seed) {
    model.add(record("example SOA 1"));
    for (std::size_t count = world.below(20); count > 0; --count) model.add(world.anyRecord());
    zone = zoneOf("example", model.records());
  }

  World world;
  ZoneModel model{"example"};
  Zone zone{name("example")};
};

void forManyZones(void (*check)(RandomZone&)) {
  for (std::uint64_t seed = 0; seed < 150 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomZone random(seed);
    check(random);
  }
}

TEST(ZoneProperty, AnswersAsTheModelDoes) {
  forManyZones([](RandomZone& r) { expectSameAnswers(r.zone, r.model, r.world); });
}

TEST(ZoneProperty, AnswersDoNotDependOnTheOrderOfTheRecords) {
  forManyZones([](RandomZone& r) {
    std::vector<DeltaRecord> records = r.model.records();
    std::ranges::shuffle(records, std::mt19937_64(7));
    const Zone other = zoneOf("example", records);
    EXPECT_EQ(dump(other), dump(r.zone));
    expectSameAnswers(other, r.model, r.world);
  });
}

TEST(ZoneProperty, AZoneBuiltFromItsOwnRecordsIsTheSame) {
  forManyZones([](RandomZone& r) {
    const Zone copy = copyOf(r.zone, 3);
    EXPECT_EQ(dump(copy), dump(r.zone));
    const ZoneChange change = compareZones(r.zone, copy, 2);
    EXPECT_TRUE(change.owners.empty() && change.subtrees.empty());
  });
}

TEST(ZoneProperty, DeltasLeadToTheSameZoneAndNameWhatTheyChanged) {
  forManyZones([](RandomZone& r) {
    std::uint32_t serial = 1;
    for (int round = 0; round < 4; ++round) {
      const ZoneModel before = r.model;
      const Zone zone_before = copyOf(r.zone);
      std::vector<Delta> chain;
      for (std::size_t count = 1 + r.world.below(3); count > 0; --count) {
        chain.push_back(r.world.anyDelta(r.model, serial++));
      }
      const auto applied = r.zone.apply(chain);
      ASSERT_TRUE(applied) << applied.error().text;
      EXPECT_EQ(r.zone.serial(), dns::Serial(serial));
      EXPECT_EQ(r.zone.recordCount(), r.model.records().size());
      expectSameAnswers(r.zone, r.model, r.world);
      expectSameChange(*applied, changeByDefinition(before, r.model));
      expectSameChange(compareZones(zone_before, r.zone, 3), changeByDefinition(before, r.model));
      expectEveryChangedAnswerIsCovered(before, r.model, *applied, r.world);
    }
  });
}

TEST(ZoneProperty, AChainThatFailsLeavesTheZoneAsItWas) {
  forManyZones([](RandomZone& r) {
    const ZoneModel before = r.model;
    const std::vector<std::string> content = dump(r.zone);
    const std::size_t count = r.zone.recordCount();
    std::vector<Delta> chain{r.world.anyDelta(r.model, 1), r.world.anyDelta(r.model, 2)};
    chain.push_back(delta(3, {"never.example A 192.0.2.1"}, {}));
    ASSERT_FALSE(r.zone.apply(chain));
    EXPECT_EQ(dump(r.zone), content);
    EXPECT_EQ(r.zone.recordCount(), count);
    expectSameAnswers(r.zone, before, r.world);
    chain.pop_back();
    ASSERT_TRUE(r.zone.apply(chain));
    expectSameAnswers(r.zone, r.model, r.world);
  });
}

}  // namespace
}  // namespace zonecast::view
