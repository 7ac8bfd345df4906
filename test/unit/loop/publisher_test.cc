#include "reconciler/loop/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/records.h"
#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using plan::Position;
using plan::Term;
using plan::Version;
using testing::HasSubstr;

// Remembers what it was asked for; the test reports what comes of it.
class RecordingStore final : public ports::StateStore {
 public:
  void open(Term term_known, const std::optional<Position>& known) override {
    ++opens;
    opened_with_term = term_known;
    opened_with = known;
  }
  void publish(ports::Publication publication, const plan::Table&) override {
    published = std::move(publication);
  }
  void rebase(const std::optional<Position>& expected, Position next,
              const plan::Table& table) override {
    rebased_from = expected;
    rebased = std::move(next);
    rebased_table = table;
  }

  int opens = 0;
  Term opened_with_term{};
  std::optional<Position> opened_with;
  std::optional<ports::Publication> published;
  std::optional<Position> rebased_from, rebased;
  plan::Table rebased_table;
};

Position position(std::string lineage, std::uint64_t version, std::uint8_t chain = 0) {
  return {{std::move(lineage)}, Version{version}, {chain}};
}

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}

// One domain, of a customer whose zone is never transferred: it is unknown, and stays as published.
plan::Table tableOf(std::string_view name) {
  const auto did = identity::Did::fromText(name).value();
  plan::Table table;
  table.domains.emplace(domain(name), plan::DomainEntry{.did = did, .transports = {}});
  table.virtual_domains.emplace(did,
                                identity::VirtualDomain{domain(name), "acme", {domain(name)}, {}});
  return table;
}

ports::StoredState state(std::optional<Position> at, plan::Table table = {}) {
  ports::StoredState state;
  state.term = Term{7};
  state.position = std::move(at);
  if (state.position) state.newest = state.position->version;
  state.table = std::move(table);
  return state;
}

class PublisherTest : public testing::Test {
 protected:
  PublisherTest() {
    settings_.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    view_.addZone(view::ZoneIndex{0}, test::nameFromText("acme.example"), view::CustomerId{0},
                  false);
  }

  static constexpr view::ZoneIndex kZone{0};
  void installEmptyZone() { installZone({}); }
  // In which the labels are domains that point at the edge.
  void installZone(std::initializer_list<std::string> labels) {
    auto zone = std::make_unique<view::Zone>(test::nameFromText("acme.example"));
    const auto soa = test::recordFromText("acme.example. 300 IN SOA ns. h. 1 3600 600 86400 300");
    EXPECT_TRUE(zone->add(soa.view()));
    for (const std::string& label : labels) {
      const auto srv = test::recordFromText("_sip._udp." + label +
                                            ".acme.example. IN SRV 1 1 5060 sip.provider.example.");
      EXPECT_TRUE(zone->add(srv.view()));
    }
    EXPECT_TRUE(zone->finish());
    view_.install(kZone, std::move(zone));
    derive::EdgeRule rule;
    rule.hosts.push_back(test::nameFromText("sip.provider.example"));
    rule.ports.push_back({derive::Transport::udp, 5060});
    settings_.edge.rules.push_back(std::move(rule));
  }

  // The look at everything that follows an open(), and all planning that it makes.
  void reconcile() {
    Publisher::Work everything{{}, {"the store was read back", std::nullopt}};
    for (const auto& [name, entry] : published_.domains) {
      book_.adoptPublished(book_.ensure(name));
      everything.domains.push_back(name);
    }
    publisher_.onReconciled(std::move(everything));
    while (publisher_.advance()) {
    }
  }
  // As a process that had published up to `ours` finds the store.
  void find(std::optional<Position> ours, ports::StoredState found) {
    publisher_.start({Term{6}, std::move(ours)});
    EXPECT_TRUE(publisher_.onOpened(std::move(found), false).replaced);
    reconcile();
  }
  const std::string& lastFact() const { return trace_.back(); }

  Settings settings_;
  view::View view_;
  plan::Table published_;
  test::Trace trace_;
  test::ManualClock clock_;
  RecordingStore store_;
  test::WorldDisk disk_;
  test::WorldJournal journal_{trace_};
  DidRegistry dids_{settings_, published_, disk_, journal_};
  query::Answers answers_{settings_.answers, {}, 1};
  DomainBook book_{settings_,
                   view_,
                   answers_,
                   published_,
                   dids_,
                   {[](view::ZoneIndex, Instant) { return true; },
                    [](view::CustomerId, dns::NameView) { return std::nullopt; }}};
  std::mt19937_64 random_{1};
  std::string held_;  // why, while it is not empty
  bool zones_answered_ = true;
  Publisher publisher_{settings_,
                       {clock_, store_, disk_, journal_},
                       published_,
                       book_,
                       dids_,
                       {[this](const derive::Domain&) { return held_; }, [this] { return zones_answered_; }},
                       random_};
};

TEST_F(PublisherTest, AnEmptyStoreBeginsTheFirstLineage) {
  find(std::nullopt, state(std::nullopt));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased_from, std::nullopt);
  EXPECT_EQ(store_.rebased->version, Version{1});
  EXPECT_EQ(store_.rebased->lineage.uuid.size(), 36u);
  EXPECT_EQ(store_.rebased->lineage.uuid[14], '4');  // RFC 9562 section 5.4
  EXPECT_THAT(lastFact(), HasSubstr("first lineage"));
}

TEST_F(PublisherTest, TheSamePositionIsContinued) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  EXPECT_FALSE(store_.rebased || store_.published);
  EXPECT_EQ(publisher_.state(), StoreState::idle);
  EXPECT_EQ(publisher_.position(), position("a", 5));
  EXPECT_EQ(disk_.publisher()->term, Term{7});
}

TEST_F(PublisherTest, AStoreThatIsAheadIsContinued) {
  find(position("a", 5), state(position("a", 9, 3)));
  EXPECT_FALSE(store_.rebased);
  EXPECT_EQ(publisher_.position(), position("a", 9, 3));
}

TEST_F(PublisherTest, AProcessThatKnowsNothingContinuesWhatItFinds) {
  find(std::nullopt, state(position("a", 9), tableOf("acme.example")));
  EXPECT_FALSE(store_.rebased || store_.published);
  EXPECT_EQ(publisher_.position(), position("a", 9));
}

TEST_F(PublisherTest, AnOlderStoreBeginsANewLineageBeyondAllVersions) {
  find(position("a", 5), state(position("a", 4), tableOf("acme.example")));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased_from, position("a", 4));
  EXPECT_NE(store_.rebased->lineage.uuid, "a");
  EXPECT_EQ(store_.rebased->version, Version{6});
  EXPECT_EQ(store_.rebased_table, tableOf("acme.example"));
  EXPECT_THAT(lastFact(), HasSubstr("older than our 5"));
}

TEST_F(PublisherTest, TheSameVersionWithAnotherHistoryIsAFork) {
  find(position("a", 5, 1), state(position("a", 5, 2)));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased->version, Version{6});
  EXPECT_THAT(lastFact(), HasSubstr("another history"));
}

TEST_F(PublisherTest, AnothersLineageIsNotContinued) {
  find(position("a", 5), state(position("b", 50)));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased_from, position("b", 50));
  EXPECT_EQ(store_.rebased->version, Version{51});
}

TEST_F(PublisherTest, ADamagedStoreIsRewrittenEvenAtOurPosition) {
  auto damaged = state(position("a", 5), tableOf("acme.example"));
  damaged.damage = "content digest differs";
  find(position("a", 5), std::move(damaged));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased->version, Version{6});
  EXPECT_THAT(lastFact(), HasSubstr("content digest differs"));
}

TEST_F(PublisherTest, TheNewestVersionSeenAnywhereIsPassed) {
  auto wiped = state(std::nullopt);
  wiped.newest = Version{80};
  find(position("a", 5), std::move(wiped));
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased->version, Version{81});
}

// However small the edit is that comes in before the store is written, and however small the calls
// are that a store takes: readers would take what is left out for removed.
TEST_F(PublisherTest, ANewLineageBeginsWithEverything) {
  settings_.publish_batch_max = 2;
  installZone({"a", "b", "c"});
  publisher_.start({Term{6}, position("a", 5)});
  EXPECT_TRUE(publisher_.onOpened(state(std::nullopt), false).replaced);
  Publisher::Work everything{{}, {"the store was read back", std::nullopt}};
  for (const char* name : {"a.acme.example", "b.acme.example", "c.acme.example"}) {
    book_.evaluate(book_.ensure(domain(name)), clock_.now());
    everything.domains.push_back(domain(name));
  }
  publisher_.onReconciled(std::move(everything));
  publisher_.submit({{domain("c.acme.example")}, {"zone acme.example serial 2", {}}, true});
  while (publisher_.advance()) {
  }
  ASSERT_TRUE(store_.rebased);
  EXPECT_THAT(store_.rebased_table.domains, testing::SizeIs(3));
}

TEST_F(PublisherTest, AStoreThatLosesDataGetsBackWhatItHad) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  held_ = "zone acme.example is not confirmed yet";
  publisher_.onLost("connection reset by peer");
  EXPECT_EQ(store_.opened_with, position("a", 5));
  EXPECT_TRUE(publisher_.onOpened(state(std::nullopt), false).replaced);
  reconcile();
  ASSERT_TRUE(store_.rebased);
  EXPECT_EQ(store_.rebased_table, tableOf("acme.example"));
}

TEST_F(PublisherTest, WhatAnotherPublishedMeanwhileIsTaken) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  publisher_.onLost("connection reset by peer");
  ports::StoredState found = state(position("a", 8), tableOf("sub.acme.example"));
  found.others_led = true;
  const Publisher::Opening opening = publisher_.onOpened(std::move(found), false);
  EXPECT_TRUE(opening.replaced);
  EXPECT_TRUE(opening.others_published);
  reconcile();
  EXPECT_FALSE(store_.rebased);
  EXPECT_EQ(published_, tableOf("sub.acme.example"));
}

TEST_F(PublisherTest, WhoLedAndPublishedNothingIsNoMatter) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  publisher_.onLost("connection reset by peer");
  ports::StoredState found = state(position("a", 5), tableOf("acme.example"));
  found.others_led = true;
  EXPECT_FALSE(publisher_.onOpened(std::move(found), false).others_published);
}

TEST_F(PublisherTest, APublicationWhoseAnswerWasLostIsNotAnothers) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  publisher_.onLost("connection reset by peer");
  const auto opening =
      publisher_.onOpened(state(position("a", 6), tableOf("sub.acme.example")), false);
  EXPECT_TRUE(opening.replaced);
  EXPECT_FALSE(opening.others_published);
}

TEST_F(PublisherTest, AnotherLineageIsAnothersOnceHoweverOftenItIsFound) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  publisher_.onLost("connection reset by peer");
  const auto found = state(position("b", 3), tableOf("sub.acme.example"));
  EXPECT_TRUE(publisher_.onOpened(found, false).others_published);
  publisher_.onLost("connection reset by peer");
  EXPECT_FALSE(publisher_.onOpened(found, false).others_published);
}

// Then what we had is not what the store lost: only what it still has is known to be good.
TEST_F(PublisherTest, AnOlderStoreThatAnotherWentOnFromIsTakenAsAtAStart) {
  find(position("a", 5), state(position("a", 5), tableOf("acme.example")));
  publisher_.onLost("connection reset by peer");
  ports::StoredState found = state(position("a", 4), tableOf("sub.acme.example"));
  found.others_led = true;
  EXPECT_TRUE(publisher_.onOpened(std::move(found), false).others_published);
  EXPECT_TRUE(publisher_.putsBack());
  EXPECT_EQ(published_, tableOf("sub.acme.example"));
}

TEST_F(PublisherTest, ANewLineageWhoseReportWasLostIsKnownAgain) {
  find(std::nullopt, state(std::nullopt));
  ASSERT_TRUE(store_.rebased);
  const Position begun = *store_.rebased;
  publisher_.onLost("connection reset by peer");
  EXPECT_EQ(store_.opened_with, std::nullopt) << "of a publication under way nothing is known";
  store_.rebased.reset();
  EXPECT_TRUE(publisher_.onOpened(state(begun), false).replaced);
  reconcile();
  EXPECT_FALSE(store_.rebased);
  EXPECT_EQ(publisher_.position(), begun);
}

TEST_F(PublisherTest, AnUnchangedStoreIsNotLookedAtAgain) {
  find(position("a", 5), state(position("a", 5)));
  publisher_.onLost("connection reset by peer");
  EXPECT_EQ(store_.opened_with, position("a", 5));
  EXPECT_FALSE(publisher_.onOpened(state(position("a", 5)), true).replaced);
  EXPECT_EQ(publisher_.state(), StoreState::idle);
}

TEST_F(PublisherTest, ALossDuringTheLookAtEverythingReadsBackAgain) {
  publisher_.start({Term{6}, position("a", 5)});
  EXPECT_EQ(store_.opened_with, std::nullopt) << "nothing is read yet";
  EXPECT_TRUE(publisher_.onOpened(state(position("a", 5)), false).replaced);
  publisher_.onLost("connection reset by peer");
  EXPECT_EQ(store_.opened_with, std::nullopt);
  EXPECT_EQ(store_.opens, 2);
}

TEST_F(PublisherTest, WhatIsHeldIsPlannedAgainWhenItIsReleased) {
  installEmptyZone();
  find(position("a", 5), state(position("a", 5), tableOf("gone.acme.example")));
  const auto gone = domain("gone.acme.example");
  const DomainId id = book_.find(gone).value();
  book_.markQueued(id);
  book_.evaluate(id, clock_.now());  // nothing asks for it
  held_ = "not yet";
  publisher_.submit({{gone}, {"an edit", std::nullopt}});
  while (publisher_.advance()) {
  }
  EXPECT_FALSE(store_.published);
  EXPECT_EQ(publisher_.held().at(gone), "not yet");

  held_.clear();
  publisher_.releaseHeld(kZone);
  while (publisher_.advance()) {
  }
  ASSERT_TRUE(store_.published);
  EXPECT_EQ(store_.published->expected, position("a", 5));
  EXPECT_EQ(store_.published->version, Version{6});
  EXPECT_TRUE(publisher_.held().empty());
}

}  // namespace
}  // namespace zonecast::loop
