#include "reconciler/loop/domain_book.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/manual_clock.h"
#include "test/support/records.h"
#include "test/support/world.h"

namespace zonecast::loop {
namespace {

using derive::Standing;
using test::nameFromText;
using Names = std::set<std::string>;

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}
identity::Did did(std::string_view text) {
  return identity::Did::fromText(text).value();
}

// A book over zones given as text; what is evaluated runs on until nothing is left to be.
class Book : public testing::Test {
 protected:
  Book() {
    derive::EdgeRule rule{.name = "edge[0]"};
    rule.hosts.push_back(nameFromText("sip.provider.example"));
    rule.prefixes.push_back(derive::prefixFromText("192.0.2.10").value());
    rule.ports.push_back({derive::Transport::udp, 5060});
    rule.ports.push_back({derive::Transport::tcp, 5060});
    settings_.edge.rules.push_back(std::move(rule));
    settings_.customers.push_back({.name = "acme", .grants = {.dids = {"acme"}}, .attributes = {}});
    view_.addZone(acme_, nameFromText("acme.example"), view::CustomerId{0}, false);
    view_.addZone(second_, nameFromText("second.example"), view::CustomerId{0}, false);
    install(second_, "");
  }

  void install(view::ZoneIndex index, std::string_view records) {
    const dns::Name apex(view_.apex(index));
    view::Zone zone{dns::Name(apex)};
    add(zone, test::recordFromText(apex.toText() + " IN SOA ns. host. 1 3600 600 86400 300"));
    for (const auto& record : test::recordsFromText(records)) add(zone, record);
    ASSERT_TRUE(zone.finish());
    view_.install(index, std::make_unique<view::Zone>(std::move(zone)));
  }
  static void add(view::Zone& zone, const test::OwnedRecord& record) {
    ASSERT_TRUE(zone.add(record.view()));
  }

  // The names of the domains that were evaluated, the first one's followers too.
  Names evaluate(std::string_view first) {
    Names evaluated;
    std::vector<DomainId> open{book_.ensure(domain(first))}, undecided;
    while (!open.empty()) {
      const DomainId id = open.back();
      open.pop_back();
      const std::string name(book_.node(id).domain.text());
      book_.markChanged(id);
      const auto evaluation = book_.evaluate(id, clock_.now());
      std::ranges::copy(evaluation.also, std::back_inserter(open));
      std::ranges::copy(evaluation.undecided, std::back_inserter(undecided));
      evaluated.insert(name);
      for (; open.empty() && !undecided.empty(); undecided.pop_back()) {
        if (book_.decide(undecided.back())) open.push_back(undecided.back());
      }
    }
    return evaluated;
  }

  void publish(std::string_view name, std::string_view under, std::vector<derive::Domain> members) {
    published_.domains.insert_or_assign(
        domain(name),
        plan::DomainEntry{.did = did(under), .transports = derive::TransportSet::fromBits(1)});
    published_.virtual_domains.insert_or_assign(
        did(under), identity::VirtualDomain{domain(name), "acme", std::move(members), {}});
    if (const auto id = book_.find(domain(name))) book_.adoptPublished(*id);
  }

  template <typename Dependents>
  Names names(Dependents dependents) const {
    Names found;
    dependents([&](DomainId id) { found.emplace(book_.node(id).domain.text()); });
    return found;
  }
  Names ofOwner(std::string_view owner) const {
    const dns::Name name = nameFromText(owner);
    return names([&](auto visit) { book_.dependentsOfOwner(name, visit); });
  }
  Names ofSubtree(std::string_view top) const {
    const dns::Name name = nameFromText(top);
    return names([&](auto visit) {
      DomainBook::SubtreeCursor cursor;
      while (!book_.dependentsOfSubtree(name, cursor, 1, visit)) {
      }
    });
  }
  Standing standing(std::string_view name) const {
    return book_.node(book_.find(domain(name)).value()).verdict.standing;
  }
  std::string didOf(std::string_view name) const {
    const auto entry = book_.desired(domain(name));
    return entry ? std::string(entry->did.text()) : "";
  }

  Settings settings_;
  view::View view_;
  view::ZoneIndex acme_{0}, second_{1};
  plan::Table published_;
  test::WorldDisk disk_;
  test::Trace trace_;
  test::WorldJournal journal_{trace_};
  DidRegistry dids_{settings_, published_, disk_, journal_};
  query::Answers answers_{settings_.answers, {}, 1};
  test::ManualClock clock_;
  std::optional<WallTime> leaves_at_;         // both zones
  Instant confirmed_at_ = clock_.now().mono;  // both zones
  DomainBook book_{settings_,
                   view_,
                   answers_,
                   published_,
                   dids_,
                   {[this](view::ZoneIndex, Instant then) { return confirmed_at_ > then; },
                    [this](view::CustomerId, dns::NameView) { return leaves_at_; }}};
};

TEST_F(Book, AnOwnerConcernsItsDomainAndThoseThatReadIt) {
  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 sip.second.example");
  install(second_, "sip.second.example IN A 192.0.2.10");
  evaluate("acme.example");
  EXPECT_EQ(ofOwner("_sip._udp.acme.example"), (Names{"acme.example"}));
  EXPECT_EQ(ofOwner("_sipvhost.acme.example"), (Names{"acme.example"}));
  EXPECT_EQ(ofOwner("sip.second.example"), (Names{"acme.example", "sip.second.example"}));
  EXPECT_EQ(ofOwner("www.acme.example"), Names{});
}

TEST_F(Book, ASubtreeConcernsTheDomainsAndTheReadersOfNamesInIt) {
  install(acme_, R"(
    _sip._udp.acme.example IN SRV 1 1 5060 host.pop.second.example
    _sip._udp.a.acme.example IN SRV 1 1 5060 sip.provider.example
  )");
  evaluate("acme.example");
  evaluate("a.acme.example");
  EXPECT_EQ(ofSubtree("pop.second.example"), (Names{"acme.example"}));
  EXPECT_EQ(ofSubtree("a.acme.example"), (Names{"a.acme.example"}));
  EXPECT_EQ(ofSubtree("_udp.a.acme.example"), (Names{"a.acme.example"}));
  EXPECT_EQ(ofSubtree("acme.example"), (Names{"acme.example", "a.acme.example"}));
  EXPECT_EQ(ofSubtree("b.acme.example"), Names{});
}

TEST_F(Book, AClaimDependsOnWhereItsAliasLeads) {
  install(acme_, R"(
    _sip._udp.acme.example IN SRV 1 1 5060 sip.provider.example
    _sipvhost.acme.example IN CNAME middle.acme.example
    middle.acme.example IN CNAME claims.second.example
  )");
  install(second_, R"(claims.second.example IN TXT "v=sipvhost1; did=acme")");
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "acme");
  EXPECT_EQ(ofOwner("claims.second.example"), (Names{"acme.example"}));
  EXPECT_EQ(ofOwner("middle.acme.example"), (Names{"acme.example"}));
  EXPECT_THAT(book_.sources(domain("acme.example")), testing::Contains(second_));
}

TEST_F(Book, WhatIsReadNoMoreIsNotDependedOn) {
  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 host.second.example");
  evaluate("acme.example");
  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 sip.provider.example");
  evaluate("acme.example");
  EXPECT_EQ(ofOwner("host.second.example"), Names{});
}

TEST_F(Book, AnAddressAloneMakesNoDomain) {
  install(acme_, "www.acme.example IN A 192.0.2.10");
  evaluate("www.acme.example");
  EXPECT_EQ(standing("www.acme.example"), Standing::foreign);
  EXPECT_FALSE(book_.desired(domain("www.acme.example")));
}

TEST_F(Book, ATargetJoinsThoseThatNameItWhileTheyAgree) {
  install(acme_, R"(
    _sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example
    sip.acme.example IN A 192.0.2.10
  )");
  EXPECT_EQ(evaluate("acme.example"), (Names{"acme.example", "sip.acme.example"}));
  EXPECT_EQ(didOf("sip.acme.example"), "acme.example");

  install(second_, "_sip._tcp.second.example IN SRV 1 1 5060 sip.acme.example");
  evaluate("second.example");
  EXPECT_EQ(didOf("sip.acme.example"), "sip.acme.example");
  EXPECT_EQ(book_.members(did("acme.example")).size(), 1u);

  install(acme_, "sip.acme.example IN A 192.0.2.10");
  EXPECT_EQ(evaluate("acme.example"), (Names{"acme.example", "sip.acme.example"}));
  EXPECT_EQ(didOf("sip.acme.example"), "second.example");
}

TEST_F(Book, ATargetIsRegroupedWhenItsNamerMoves) {
  const std::string_view records = R"(
    _sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example
    sip.acme.example IN A 192.0.2.10
  )";
  install(acme_, records);
  evaluate("acme.example");
  install(acme_, std::string(records) + R"(_sipvhost.acme.example IN TXT "v=sipvhost1; did=acme")");
  const DomainId id = book_.find(domain("acme.example")).value();
  book_.markChanged(id);
  const auto evaluation = book_.evaluate(id, clock_.now());
  EXPECT_TRUE(evaluation.changed);
  ASSERT_EQ(evaluation.regrouped.size(), 1u);
  EXPECT_EQ(book_.node(evaluation.regrouped[0]).domain.text(), "sip.acme.example");
  EXPECT_EQ(didOf("sip.acme.example"), "acme");
}

TEST_F(Book, AnUnknownDomainDesiresWhatIsPublished) {
  publish("acme.example", "acme", {domain("acme.example")});
  evaluate("acme.example");  // its zone is not transferred yet
  EXPECT_EQ(standing("acme.example"), Standing::unknown);
  EXPECT_EQ(book_.desired(domain("acme.example")), published_.domains.at(domain("acme.example")));
  EXPECT_EQ(book_.desired(did("acme")), published_.virtual_domains.at(did("acme")));

  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 sip.carrier.example");  // outside
  evaluate("acme.example");
  EXPECT_EQ(standing("acme.example"), Standing::unknown);
  EXPECT_EQ(didOf("acme.example"), "acme");

  published_ = {};
  book_.adoptPublished(book_.find(domain("acme.example")).value());
  EXPECT_FALSE(book_.desired(domain("acme.example")));
}

TEST_F(Book, TwoThatNothingAsksForDoNotWaitForEachOther) {
  settings_.retire.absent = {};
  const std::vector members{domain("acme.example"), domain("sip.acme.example")};
  publish("acme.example", "acme", members);
  publish("sip.acme.example", "acme", members);
  evaluate("acme.example");
  evaluate("sip.acme.example");
  install(acme_, "sip.acme.example IN A 192.0.2.10");
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "acme");  // sip may still name it, for all that is known
  evaluate("sip.acme.example");
  EXPECT_EQ(standing("acme.example"), Standing::foreign);
  EXPECT_EQ(standing("sip.acme.example"), Standing::foreign);
}

TEST_F(Book, ATargetWaitsForItsNamerAndIsFreedByIt) {
  const std::string_view target = "sip.acme.example IN A 192.0.2.10\n";
  install(acme_, std::string(target) + "_sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example");
  evaluate("acme.example");
  publish("sip.acme.example", "sip.acme.example", {domain("sip.acme.example")});

  install(acme_, "_sip._udp.acme.example IN NS ns.elsewhere.example");  // the namer is cut off
  evaluate("acme.example");
  evaluate("sip.acme.example");
  ASSERT_EQ(standing("acme.example"), Standing::unknown);
  EXPECT_EQ(standing("sip.acme.example"), Standing::unknown);
  EXPECT_TRUE(book_.desired(domain("sip.acme.example")));

  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example");
  EXPECT_TRUE(evaluate("acme.example").contains("sip.acme.example"));
  EXPECT_EQ(standing("sip.acme.example"), Standing::foreign);
}

TEST_F(Book, WhatNothingNeedsIsForgotten) {
  install(
      acme_,
      "_sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example\nsip.acme.example IN A 192.0.2.10");
  evaluate("acme.example");
  const DomainId namer = book_.find(domain("acme.example")).value();
  const DomainId target = book_.find(domain("sip.acme.example")).value();
  book_.forgetIfIdle(namer);
  book_.forgetIfIdle(target);
  EXPECT_TRUE(book_.find(domain("acme.example")) && book_.find(domain("sip.acme.example")));

  install(acme_, "");
  evaluate("acme.example");
  book_.markQueued(target);
  book_.forgetIfIdle(namer);
  book_.forgetIfIdle(target);
  EXPECT_FALSE(book_.find(domain("acme.example")));
  EXPECT_TRUE(book_.find(domain("sip.acme.example"))) << "it is queued";
  book_.evaluate(target, clock_.now());
  book_.forgetIfIdle(target);
  EXPECT_FALSE(book_.find(domain("sip.acme.example")));
  EXPECT_EQ(ofSubtree("."), Names{});
  EXPECT_FALSE(book_.exists(namer));
  EXPECT_FALSE(book_.exists(target));
}

TEST_F(Book, WhatIsPublishedIsNotForgotten) {
  publish("acme.example", "acme", {domain("acme.example")});
  install(acme_, "");
  evaluate("acme.example");
  book_.forgetIfIdle(book_.find(domain("acme.example")).value());
  EXPECT_TRUE(book_.find(domain("acme.example")));
}

TEST_F(Book, ADomainWaitsWithThoseThatNameIt) {
  install(
      acme_,
      "_sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example\nsip.acme.example IN A 192.0.2.10");
  evaluate("acme.example");
  EXPECT_FALSE(book_.isWaiting(domain("sip.acme.example")));
  book_.markQueued(book_.find(domain("acme.example")).value());
  EXPECT_TRUE(book_.isWaiting(domain("acme.example")));
  EXPECT_TRUE(book_.isWaiting(domain("sip.acme.example")));
}

// -- domains that DNS points here no more

class Kept : public Book {
 protected:
  static constexpr std::string_view kHosted = R"(
    _sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example
    _sipvhost.acme.example IN TXT "v=sipvhost1; did=acme"
    sip.acme.example IN A 192.0.2.10
  )";

  // As DNS has it and as it is published, under the DID that it claims.
  void host(std::string_view records = kHosted) {
    install(acme_, records);
    evaluate("acme.example");
    publishDesired();
  }
  void publishDesired() {
    for (const auto& name : {"acme.example", "sip.acme.example"}) {
      published_.domains.erase(domain(name));
      const auto entry = book_.desired(domain(name));
      if (entry) published_.domains.emplace(domain(name), *entry);
    }
    decltype(published_.virtual_domains) virtual_domains;
    for (const auto& [name, entry] : published_.domains) {
      virtual_domains.insert_or_assign(entry.did, *book_.desired(entry.did));
    }
    published_.virtual_domains = std::move(virtual_domains);
    for (const auto& name : {"acme.example", "sip.acme.example"}) {
      if (const auto id = book_.find(domain(name))) book_.adoptPublished(*id);
    }
  }
  void change(std::string_view records) {
    install(acme_, records);
    evaluate("acme.example");
    publishDesired();
  }
  // The zone is confirmed once more, and it is looked at again.
  void pass(Duration by, bool confirms = true) {
    clock_.advance(by);
    if (confirms) confirmed_at_ = clock_.now().mono;
    for (const DomainId id : book_.partings().takeDue(clock_.now().mono, 100)) {
      evaluate(book_.node(id).domain.text());
    }
    publishDesired();
  }
  std::string stateOf(std::string_view name) const {
    const auto entry = book_.desired(domain(name));
    if (!entry) return "-";
    return std::string(plan::toText(entry->state)) + " " + std::string(plan::toText(entry->cause));
  }
};

constexpr Duration kGrace = std::chrono::minutes(10);

TEST_F(Kept, WhatIsGoneIsServedForAWhileAndUntilASecondOpinion) {
  host();
  change("");
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  const auto entry = *book_.desired(domain("acme.example"));
  EXPECT_EQ(entry.until, plan::deadlineAt(clock_.now().wall + kGrace));
  EXPECT_EQ(entry.did.text(), "acme");
  EXPECT_EQ(entry.transports, derive::TransportSet::fromBits(1));
  pass(kGrace - std::chrono::seconds(1));
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  pass(std::chrono::seconds(1), false);
  EXPECT_EQ(stateOf("acme.example"), "-") << "it was confirmed a second before";
  for (const auto& name : {"acme.example", "sip.acme.example"}) {
    book_.forgetIfIdle(book_.find(domain(name)).value());
  }
  EXPECT_FALSE(book_.partings().nextDeadline());
}

TEST_F(Kept, WithoutASecondOpinionItIsServedOn) {
  host();
  change("");
  pass(2 * kGrace, false);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  pass(std::chrono::seconds(5), false);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  pass(std::chrono::seconds(5), true);
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, ItsTargetsStayWithItAndGoWithIt) {
  host();
  ASSERT_EQ(didOf("sip.acme.example"), "acme");
  change("sip.acme.example IN A 192.0.2.10");
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  EXPECT_EQ(stateOf("sip.acme.example"), "hosted ");
  EXPECT_EQ(didOf("sip.acme.example"), "acme");
  pass(kGrace);
  EXPECT_EQ(stateOf("acme.example"), "-");
  EXPECT_EQ(stateOf("sip.acme.example"), "-");
}

TEST_F(Kept, WhatComesBackIsAsItWas) {
  host();
  const auto before = published_;
  change("");
  ASSERT_EQ(stateOf("acme.example"), "retiring absent");
  change(kHosted);
  EXPECT_EQ(published_, before);
  EXPECT_EQ(book_.partings().size(), 0u);
}

TEST_F(Kept, ItKeepsItsAttributesToo) {
  settings_.attributes.specs["greeting"] = {.name = "greeting",
                                            .setter = identity::Setter::customer};
  host(std::string(kHosted).replace(kHosted.find("did=acme"), 8, "did=acme; greeting=hi"));
  const auto before = published_.virtual_domains.at(did("acme"));
  change("");
  EXPECT_EQ(published_.virtual_domains.at(did("acme")), before);
}

TEST_F(Kept, WhatPointsElsewhereGoesAtOnce) {
  host();
  change("_sip._udp.acme.example IN SRV 1 1 5060 sip.second.example");
  EXPECT_EQ(stateOf("acme.example"), "retiring absent") << "the target has no address";
  install(second_, "sip.second.example IN A 203.0.113.1");
  change("_sip._udp.acme.example IN SRV 1 1 5060 sip.second.example");
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, WhatIsClosedGoesAtOnce) {
  host();
  change("_sip._udp.acme.example IN SRV 0 0 0 .");
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, WhatFallsThroughToALaterStepStaysForAWhile) {
  host();
  change("acme.example IN A 203.0.113.1");
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
}

TEST_F(Kept, AnEarlierStepThatLeadsElsewhereIsEnough) {
  host();
  install(second_, "sip.second.example IN A 203.0.113.1");
  change(R"(acme.example IN NAPTR 1 1 "A" "SIP+D2U" "" sip.second.example)");
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, WhatItSaysSinceTheLastProcessCounts) {
  const std::vector members{domain("acme.example")};
  publish("acme.example", "acme", members);
  auto& entry = published_.domains.at(domain("acme.example"));
  entry.state = plan::State::retiring;
  entry.cause = plan::RetireCause::absent;
  entry.until = plan::deadlineAt(clock_.now().wall + std::chrono::minutes(3));
  install(acme_, "");
  evaluate("acme.example");
  EXPECT_EQ(book_.desired(domain("acme.example")), entry);
  confirmed_at_ = clock_.now().mono + std::chrono::seconds(1);
  clock_.advance(std::chrono::minutes(3));
  evaluate("acme.example");
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, WhatTheLastProcessBeganGoesOnBeforeItsZoneIsConfirmed) {
  publish("acme.example", "acme", {domain("acme.example")});
  auto& entry = published_.domains.at(domain("acme.example"));
  entry.state = plan::State::retiring;
  entry.cause = plan::RetireCause::absent;
  entry.until = plan::deadlineAt(clock_.now().wall + std::chrono::minutes(1));
  install(acme_, "");
  confirmed_at_ = Instant::min();
  evaluate("acme.example");
  pass(std::chrono::seconds(1));  // it is confirmed, once
  pass(std::chrono::minutes(1), false);
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(Kept, WithItsZoneItLeavesAndComesBack) {
  host();
  const auto before = published_;
  leaves_at_ = clock_.now().wall + std::chrono::minutes(5);
  change(kHosted);
  EXPECT_EQ(stateOf("acme.example"), "retiring zone_gone");
  EXPECT_EQ(book_.desired(domain("acme.example"))->until, plan::deadlineAt(*leaves_at_));
  leaves_at_.reset();
  change(kHosted);
  EXPECT_EQ(published_.domains.at(domain("acme.example")),
            before.domains.at(domain("acme.example")));
}

class HeldByTheBrake : public Kept {
 protected:
  HeldByTheBrake() { settings_.brake.customer_percent = settings_.brake.customer_min = 0; }

  void decide(bool approve) {
    const plan::Party party = book_.plans().plans().begin()->first;
    for (const DomainId id : approve ? book_.approve(party) : book_.reject(party)) {
      evaluate(book_.node(id).domain.text());
    }
    publishDesired();
  }
};

TEST_F(HeldByTheBrake, ItGoesWhenItsGraceIsOverAndTheOperatorSaidYes) {
  host();
  change("");
  ASSERT_EQ(book_.plans().size(), 1u);
  decide(true);
  EXPECT_EQ(book_.plans().size(), 0u);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  pass(kGrace);
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(HeldByTheBrake, WithoutADecisionItStaysAndIsNotLookedAtAgainAndAgain) {
  host();
  change("");
  pass(kGrace);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  EXPECT_FALSE(book_.partings().nextDeadline());
  decide(true);
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(HeldByTheBrake, AYesBeforeTheSecondOpinionWaitsForIt) {
  host();
  change("");
  pass(kGrace);
  confirmed_at_ = Instant::min();  // another led
  decide(true);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  pass(std::chrono::seconds(5));
  EXPECT_EQ(stateOf("acme.example"), "-");
}

TEST_F(HeldByTheBrake, ANoKeepsItAsItWas) {
  host();
  const auto before = published_;
  change("");
  decide(false);
  EXPECT_EQ(published_, before);
  pass(kGrace);
  EXPECT_EQ(published_, before);
  EXPECT_FALSE(book_.partings().nextDeadline());
  change(kHosted);
  change("");
  EXPECT_EQ(book_.plans().size(), 1u) << "that is another matter";
}

TEST_F(HeldByTheBrake, WhatIsPublishedAsAnothersMeanwhileIsCountedAsTheirs) {
  host();
  change("");
  identity::VirtualDomain theirs = *published_.virtual_domains.at(did("acme"));
  theirs.customer = "globex";  // another leader's table has it so
  published_.virtual_domains.insert_or_assign(did("acme"), theirs);
  book_.adoptPublished(book_.find(domain("acme.example")).value());
  EXPECT_EQ(book_.plans().size(), 0u);
  evaluate("acme.example");
  ASSERT_EQ(book_.plans().size(), 1u);
  EXPECT_EQ(book_.nameOf(book_.plans().plans().begin()->first), "globex");
  theirs.customer = "acme";
  published_.virtual_domains.insert_or_assign(did("acme"), theirs);
  book_.adoptPublished(book_.find(domain("acme.example")).value());
  install(acme_, kHosted);
  evaluate("acme.example");
  EXPECT_EQ(book_.plans().size(), 0u);
}

TEST_F(HeldByTheBrake, AnotherPlaceToGoToIsAnotherPlan) {
  host();
  change(R"(_sip._udp.acme.example IN SRV 1 1 5060 sip.acme.example
            sip.acme.example IN A 192.0.2.10)");
  ASSERT_EQ(book_.plans().size(), 1u) << "its target stays with it";
  EXPECT_EQ(didOf("acme.example"), "acme");
  const std::string digest = book_.plans().plans().begin()->second.digest();
  change("");
  EXPECT_NE(book_.plans().plans().begin()->second.digest(), digest);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
}

class Static : public Book {
 protected:
  static derive::Domain host(std::string_view text) {
    return derive::Domain::fromHost(text).value();
  }
  void configure(std::vector<StaticVirtualDomain> statics) {
    settings_.statics = std::move(statics);
    book_.onSettingsChanged();
  }
  static StaticVirtualDomain office(std::vector<std::string> domains) {
    return {.did = "office", .domains = std::move(domains), .customer = {}, .attributes = {}};
  }
  void look(std::string_view text) {
    const DomainId id = book_.ensure(host(text));
    book_.markChanged(id);
    book_.evaluate(id, clock_.now());
  }
};

TEST_F(Static, AnAddressIsServedWithoutAnyDns) {
  StaticVirtualDomain entry = office({"2001:db8::1"});
  entry.transports = derive::TransportSet::fromBits(0x4);
  entry.role = derive::Role::backup;
  configure({std::move(entry)});
  look("[2001:DB8::1]");
  EXPECT_EQ(book_.desired(host("2001:db8::1")),
            (plan::DomainEntry{.did = did("office"),
                               .transports = derive::TransportSet::fromBits(0x4),
                               .role = derive::Role::backup}));
  EXPECT_TRUE(book_.sources(host("2001:db8::1")).empty());
}

TEST_F(Static, WhatIsNotConfiguredIsNoDomainThoughItIsAnAddress) {
  look("192.0.2.10");  // the edge's
  EXPECT_EQ(book_.desired(host("192.0.2.10")), std::nullopt);
}

TEST_F(Static, WhatDnsSaysOfItDoesNotCount) {
  install(acme_, R"(_sip._udp.acme.example IN SRV 1 1 5060 sip.provider.example
                    _sipvhost.acme.example IN TXT "v=sipvhost1; did=acme; max=7")");
  configure({office({"acme.example"})});
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "office");
  install(acme_, "_sip._udp.acme.example IN SRV 1 1 5060 sip.elsewhere.example");
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "office");
  configure({});
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "");
}

TEST_F(Static, ItsCustomersDomainsMayClaimItsDid) {
  install(acme_, R"(_sip._udp.acme.example IN SRV 1 1 5060 sip.provider.example
                    _sipvhost.acme.example IN TXT "v=sipvhost1; did=office")");
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "acme.example");
  configure({office({"192.0.2.1"})});
  look("192.0.2.1");
  evaluate("acme.example");
  EXPECT_EQ(didOf("acme.example"), "office");
  EXPECT_EQ((*book_.desired(did("office")))->canonical, domain("acme.example"))
      << "an address only when all are";
}

TEST_F(Static, ItsAttributesHoldForAllThatShareItsDid) {
  settings_.attributes.undeclared = identity::Undeclared::keep;
  settings_.customers[0].attributes = {{"max", {"5"}}, {"other", {"1"}}};
  install(acme_, R"(_sip._udp.acme.example IN SRV 1 1 5060 sip.provider.example
                    _sipvhost.acme.example IN TXT "v=sipvhost1; did=office; max=7")");
  StaticVirtualDomain entry = office({"192.0.2.1"});
  entry.attributes = {{"max", {"9"}}};
  configure({std::move(entry)});
  look("192.0.2.1");
  evaluate("acme.example");
  const auto desired = book_.desired(did("office"));
  ASSERT_TRUE(desired);
  const identity::VirtualDomain& shared = **desired;
  ASSERT_EQ(shared.canonical, domain("acme.example"));
  EXPECT_EQ(shared.attributes,
            identity::resolveAttributes({}, identity::Setter::operatorOnly, settings_.attributes,
                                        {{"max", {"9"}}, {"other", {"1"}}}, {})
                .attributes);
}

TEST_F(Static, ADidOfAnotherCustomerIsContested) {
  settings_.customers.push_back({.name = "globex", .grants = {}, .attributes = {}});
  publish("acme.example", "office", {domain("acme.example")});
  StaticVirtualDomain entry = office({"192.0.2.1"});
  entry.customer = view::CustomerId{1};
  configure({std::move(entry)});
  look("192.0.2.1");
  EXPECT_EQ(book_.desired(host("192.0.2.1"))->did, did("192.0.2.1"));
  EXPECT_EQ(book_.contested(), 1u);
  EXPECT_THAT(book_.warnings(book_.find(host("192.0.2.1")).value()),
              testing::Contains(testing::HasSubstr("did=office is contested")));
}

TEST_F(Kept, ADeadlineFarAwayIsNotBelieved) {
  publish("acme.example", "acme", {domain("acme.example")});
  auto& entry = published_.domains.at(domain("acme.example"));
  entry.state = plan::State::retiring;
  entry.cause = plan::RetireCause::absent;
  entry.until = plan::deadlineAt(clock_.now().wall + std::chrono::hours(10'000));
  install(acme_, "");
  evaluate("acme.example");
  EXPECT_EQ(book_.desired(domain("acme.example"))->until,
            plan::deadlineAt(clock_.now().wall + kGrace));
}

TEST_F(Kept, WhileItIsUnknownNothingIsDecided) {
  host();
  change("");
  ASSERT_EQ(stateOf("acme.example"), "retiring absent");
  change("_sip._udp.acme.example IN SRV 1 1 5060 sip.carrier.example");  // outside
  ASSERT_EQ(standing("acme.example"), Standing::unknown);
  pass(2 * kGrace);
  EXPECT_EQ(stateOf("acme.example"), "retiring absent");
  change("");
  EXPECT_EQ(stateOf("acme.example"), "-") << "its grace is over, and the zone confirmed";
}

}  // namespace
}  // namespace zonecast::loop
