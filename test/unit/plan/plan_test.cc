#include "reconciler/plan/plan.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/plan/random_tables.h"

namespace zonecast::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Domains = std::set<derive::Domain>;

HoldRule holding(Domains domains) {
  return [domains](const derive::Domain& d) {
    return domains.contains(d) ? fmt::format("no word of {}", d.text()) : std::string();
  };
}
const HoldRule kNoHold = holding({});

DomainEntry entry(std::string_view of) {
  return {did(of), {}, {}, {}};
}

// Rows of "domain, DID"; the first domain of a DID is its canonical one.
Table tableOf(const std::vector<std::pair<std::string_view, std::string_view>>& rows,
              std::int64_t attribute = 0) {
  Table table;
  for (const auto& [name, its_did] : rows) {
    table.domains.emplace(domain(name), entry(its_did));
    auto& shared =
        table.virtual_domains
            .try_emplace(did(its_did), identity::VirtualDomain{domain(name), "alpha", {}, {}})
            .first->second;
    identity::VirtualDomain virtual_domain = shared;
    virtual_domain.domains.push_back(domain(name));
    std::ranges::sort(virtual_domain.domains);
    virtual_domain.attributes = {{"a", {identity::AttributeValue(attribute)}}};
    shared = std::move(virtual_domain);
  }
  return table;
}

std::vector<std::string> keys(const ChangeSet& changes) {
  std::vector<std::string> texts;
  for (const auto& change : changes.domains) texts.emplace_back(change.key.text());
  for (const auto& change : changes.virtual_domains) texts.emplace_back(change.key.text());
  return texts;
}

TEST(Plan, OfEqualStatesIsEmpty) {
  RandomTables random(1);
  for (int round = 0; round < 500; ++round) {
    const auto state = random.fresh();
    EXPECT_TRUE(plan(state, state, kNoHold).changes.empty());
    const auto all_held = plan(state, state, [](const auto&) { return std::string("held"); });
    EXPECT_TRUE(all_held.changes.empty());
    EXPECT_THAT(all_held.held, IsEmpty());
  }
}

TEST(Plan, AppliedToThePublishedStateGivesTheDesiredOne) {
  RandomTables random(2);
  for (int round = 0; round < 2000; ++round) {
    const auto a = random.fresh();
    const auto b = random.oneIn(2) ? random.edited(a) : random.fresh();
    const auto planned = plan(a, b, kNoHold);
    auto table = a;
    apply(planned.changes, table);
    ASSERT_EQ(table, b);
    EXPECT_THAT(planned.held, IsEmpty());
  }
}

TEST(Plan, AddsChangesAndRemovesInTheOrderOfTheKeys) {
  const auto a = tableOf({{"a.example", "one"}, {"b.example", "one"}, {"c.example", "three"}});
  const auto b = tableOf({{"b.example", "one"}, {"c.example", "three"}, {"d.example", "two"}});
  const auto changes = plan(a, b, kNoHold).changes;
  EXPECT_THAT(keys(changes), ElementsAre("a.example", "d.example", "one", "two"));
  EXPECT_EQ(changes.domains[0], (DomainChange{domain("a.example"), entry("one"), std::nullopt}));
  EXPECT_EQ(changes.domains[1], (DomainChange{domain("d.example"), std::nullopt, entry("two")}));
  EXPECT_EQ(changes.virtual_domains[0].before, a.virtual_domains.at(did("one")));
  EXPECT_EQ(changes.virtual_domains[0].after, b.virtual_domains.at(did("one")));
  EXPECT_THAT(changes.causes, IsEmpty());
}

TEST(Plan, ADomainThatIsHeldHoldsItsVirtualDomainAndThoseWhoMoveWithIt) {
  const auto a = tableOf({{"a.example", "one"}, {"z.example", "nine"}});
  const auto b = tableOf({{"a.example", "one"},
                          {"b.example", "one"},
                          {"c.example", "one"},
                          {"y.example", "eight"},
                          {"z.example", "nine"}});
  const auto planned = plan(a, b, holding({domain("b.example")}));
  EXPECT_THAT(planned.held,
              ElementsAre(Held{domain("b.example"), "no word of b.example"},
                          Held{domain("c.example"), "held with b.example: no word of b.example"}));
  EXPECT_THAT(keys(planned.changes), ElementsAre("y.example", "eight"));
}

TEST(Plan, AHoldSpreadsAlongMovesFromOneVirtualDomainToTheNext) {
  const auto a = tableOf({{"a.example", "one"}, {"b.example", "two"}, {"c.example", "three"}});
  const auto b = tableOf({{"a.example", "two"}, {"b.example", "three"}, {"c.example", "one"}});
  for (const auto* name : {"a.example", "b.example", "c.example"}) {
    const auto planned = plan(a, b, holding({domain(name)}));
    EXPECT_TRUE(planned.changes.empty());
    EXPECT_THAT(planned.held, SizeIs(3));
  }
}

TEST(Plan, ACanonicalDomainThatIsHeldHoldsTheAttributesAndIsNamed) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{{"b.example", "one"},
                                                                        {"a.example", "one"}};
  const auto a = tableOf(rows, 1);
  const auto b = tableOf(rows, 2);
  const auto planned = plan(a, b, holding({domain("b.example")}));
  EXPECT_TRUE(planned.changes.empty());
  EXPECT_THAT(planned.held, ElementsAre(Held{domain("b.example"), "no word of b.example"}));
  EXPECT_THAT(keys(plan(a, b, holding({domain("a.example")})).changes), ElementsAre("one"));
}

TEST(Plan, TheCanonicalDomainToComeHoldsLikeThePresentOne) {
  const auto a = tableOf({{"a.example", "one"}, {"b.example", "one"}});
  const auto b = tableOf({{"b.example", "one"}, {"a.example", "one"}});
  EXPECT_THAT(keys(plan(a, b, kNoHold).changes), ElementsAre("one"));
  EXPECT_TRUE(plan(a, b, holding({domain("a.example")})).changes.empty());
  EXPECT_TRUE(plan(a, b, holding({domain("b.example")})).changes.empty());
}

TEST(Plan, ADomainGoesOutAloneWhenItsVirtualDomainStays) {
  const auto a = tableOf({{"a.example", "one"}, {"b.example", "one"}});
  auto b = a;
  for (auto& [name, its_entry] : b.domains) its_entry.state = State::retiring;
  const auto planned = plan(a, b, holding({domain("a.example")}));
  EXPECT_THAT(keys(planned.changes), ElementsAre("b.example"));
  EXPECT_THAT(planned.held, ElementsAre(Held{domain("a.example"), "no word of a.example"}));
}

TEST(Plan, OfASliceWhatLiesOutsideIsLeftAlone) {
  auto a = tableOf({{"a.example", "one"}, {"b.example", "one"}, {"c.example", "one"}});
  auto b = tableOf({{"a.example", "one"}, {"b.example", "one"}});
  for (auto* table : {&a, &b}) {
    table->domains.erase(domain("a.example"));
    table->domains.erase(domain("b.example"));
  }
  EXPECT_THAT(keys(plan(a, b, kNoHold).changes), ElementsAre("c.example", "one"));
  EXPECT_TRUE(plan(a, b, holding({domain("c.example")})).changes.empty());
}

// The rules of plan.h, read literally and run until nothing is added.
struct Model {
  Table result;
  Domains held;

  Model(const Table& a, const Table& b, const HoldRule& rule) {
    const auto all = plan(a, b, kNoHold).changes;
    std::set<identity::Did> held_dids;
    for (std::size_t size = 0, last = 1; size != last;) {
      last = size;
      for (const auto& change : all.domains) {
        const auto with = [&](const auto& e) { return e && held_dids.contains(e->did); };
        if (!rule(change.key).empty() || with(change.before) || with(change.after)) {
          held.insert(change.key);
        }
      }
      for (const auto& change : all.virtual_domains) {
        for (const auto* side : {&change.before, &change.after}) {
          if (!*side) continue;
          const bool by_canonical = !rule((**side)->canonical).empty();
          if (by_canonical) held.insert((**side)->canonical);
          const auto isHeld = [&](const auto& d) { return held.contains(d) && differs(a, b, d); };
          if (by_canonical || std::ranges::any_of((**side)->domains, isHeld)) {
            held_dids.insert(change.key);
          }
        }
      }
      size = held.size() + held_dids.size();
    }
    result = mixed(a, b, held_dids);
  }

 private:
  template <typename Map, typename Key>
  static const typename Map::mapped_type* at(const Map& map, const Key& key) {
    const auto it = map.find(key);
    return it == map.end() ? nullptr : &it->second;
  }
  static bool differs(const Table& a, const Table& b, const derive::Domain& d) {
    const auto* before = at(a.domains, d);
    const auto* after = at(b.domains, d);
    return !before || !after ? before != after : *before != *after;
  }
  Table mixed(const Table& a, const Table& b, const std::set<identity::Did>& held_dids) const {
    Table table;
    for (const auto& pair : a.domains)
      if (held.contains(pair.first)) table.domains.insert(pair);
    for (const auto& pair : b.domains)
      if (!held.contains(pair.first)) table.domains.insert(pair);
    // A canonical domain may be held and be as it was.
    for (const auto& pair : a.virtual_domains) {
      if (held_dids.contains(pair.first)) table.virtual_domains.insert(pair);
    }
    for (const auto& pair : b.virtual_domains) {
      if (!held_dids.contains(pair.first)) table.virtual_domains.insert(pair);
    }
    return table;
  }
};

TEST(Plan, HoldsExactlyWhatItsRulesSayAndLeavesAConsistentTable) {
  RandomTables random(3);
  std::size_t partly = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto a = random.fresh();
    const auto b = random.oneIn(4) ? random.fresh() : random.edited(a);
    ASSERT_TRUE(isConsistent(a) && isConsistent(b));
    Domains domains;
    for (auto count = random.below(4); count > 0; --count) domains.insert(random.someDomain());
    const auto rule = holding(domains);
    const auto planned = plan(a, b, rule);
    const Model model(a, b, rule);

    auto table = a;
    apply(planned.changes, table);
    ASSERT_EQ(table, model.result);
    ASSERT_TRUE(isConsistent(table));
    Domains held;
    for (const auto& h : planned.held) held.insert(h.domain);
    ASSERT_EQ(held, model.held);
    if (!planned.held.empty() && !planned.changes.empty()) ++partly;

    // Once the rule lets go, nothing was lost.
    apply(plan(table, b, kNoHold).changes, table);
    ASSERT_EQ(table, b);
  }
  EXPECT_GT(partly, 100u);
}

TEST(Plan, SaysWhyInTheRulesWords) {
  RandomTables random(4);
  for (int round = 0; round < 1000; ++round) {
    const auto a = random.fresh();
    const auto b = random.edited(a);
    const auto rule = holding({random.someDomain(), random.someDomain()});
    const auto planned = plan(a, b, rule);
    EXPECT_TRUE(std::ranges::is_sorted(planned.held, std::ranges::less_equal{}, &Held::domain));
    for (const auto& held : planned.held) {
      if (const auto why = rule(held.domain); !why.empty()) {
        EXPECT_EQ(held.why, why);
      } else {
        EXPECT_THAT(held.why, testing::MatchesRegex("held with (.*): no word of .*"));
      }
    }
  }
}

TEST(Plan, OfManyDomainsIsMadeInOnePass) {
  constexpr int kCount = 20'000;
  Table a, b;
  for (int i = 0; i < kCount; ++i) {
    const auto name = domain(fmt::format("d{:06}.example", i));
    const auto add = [&name](Table& table, int number) {
      const auto its_did = did(fmt::format("{:06}", number));
      table.domains.emplace(name, DomainEntry{its_did, {}, {}, {}});
      table.virtual_domains.emplace(its_did, identity::VirtualDomain{name, "alpha", {name}, {}});
    };
    add(a, i);
    add(b, (i + 1) % kCount);  // every domain moves to the next DID: one ring
  }
  EXPECT_EQ(plan(a, b, kNoHold).changes.size(), 2u * kCount);
  const auto planned = plan(a, b, holding({domain("d000007.example")}));
  EXPECT_TRUE(planned.changes.empty());
  EXPECT_THAT(planned.held, SizeIs(kCount));
}

TEST(State, HasAWordForEach) {
  EXPECT_EQ(toText(State::hosted), "hosted");
  EXPECT_EQ(toText(State::retiring), "retiring");
}

}  // namespace
}  // namespace zonecast::plan
