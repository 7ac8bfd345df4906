#include "reconciler/view/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/view/zone_text.h"

namespace zonecast::view {
namespace {

using dns::RrType;
using Kind = Answer::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr CustomerId kAlice{1}, kBob{2}, kOperator{3};

class ViewTest : public testing::Test {
 protected:
  ZoneIndex addEmpty(const char* apex, CustomerId owner, bool shared = false) {
    const ZoneIndex index{zones_++};
    view_.addZone(index, name(apex), owner, shared);
    return index;
  }
  ZoneIndex add(const char* apex, CustomerId owner, std::initializer_list<const char*> texts,
                bool shared = false) {
    const ZoneIndex index = addEmpty(apex, owner, shared);
    std::vector<DeltaRecord> records = recordsFrom(texts);
    records.push_back({name(apex), RrType::soa, dns::Ttl(3600), soaRdata(17)});
    view_.install(index, std::make_unique<Zone>(zoneOf(apex, records)));
    return index;
  }

  Answer ask(CustomerId customer, std::string_view question, RrType type = RrType::a) {
    return view_.lookup(customer, name(question), type);
  }

  static std::vector<std::string> pathOf(const Answer& answer) {
    std::vector<std::string> path;
    for (const Evidence& e : answer.evidence) path.push_back(e.name.toText());
    return path;
  }

  View view_;
  std::uint32_t zones_ = 0;
};

TEST_F(ViewTest, ACustomerIsAnsweredFromItsOwnZones) {
  const ZoneIndex zone = add("alice.example", kAlice, {"h.alice.example 60 A 192.0.2.1"});
  const Answer answer = ask(kAlice, "h.alice.example");
  EXPECT_EQ(answer.kind, Kind::data);
  EXPECT_EQ(answer.name, name("h.alice.example"));
  ASSERT_EQ(answer.evidence.size(), 1u);
  const Evidence& evidence = answer.evidence.front();
  EXPECT_EQ(std::get<FromZone>(evidence.source).zone, zone);
  EXPECT_EQ(std::get<FromZone>(evidence.source).serial, dns::Serial(17));
  EXPECT_EQ(evidence.name, name("h.alice.example"));
  EXPECT_EQ(evidence.type, RrType::a);
  EXPECT_EQ(evidence.kind, Evidence::Kind::rrset);
  EXPECT_EQ(evidence.ttl.seconds(), 60u);
}

TEST_F(ViewTest, AnotherCustomersZoneIsNotKnown) {
  add("alice.example", kAlice, {"h.alice.example A 192.0.2.1"});
  const Answer answer = ask(kBob, "h.alice.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_EQ(answer.why, "outside the customer's zones: h.alice.example");
  EXPECT_THAT(answer.evidence, IsEmpty());
}

TEST_F(ViewTest, ASharedZoneSpeaksToEverybody) {
  add("edge.example", kOperator, {"sip.edge.example A 192.0.2.1"}, true);
  EXPECT_EQ(ask(kBob, "sip.edge.example").kind, Kind::data);
}

TEST_F(ViewTest, AliasesAreFollowedFromZoneToZone) {
  const ZoneIndex alice =
      add("alice.example", kAlice,
          {"w.alice.example CNAME x.d.alice.example", "d.alice.example DNAME edge.example"});
  const ZoneIndex edge = add("edge.example", kOperator, {"x.edge.example A 192.0.2.1"}, true);
  const Answer answer = ask(kAlice, "w.alice.example");
  EXPECT_EQ(answer.kind, Kind::data);
  EXPECT_EQ(answer.name, name("x.edge.example"));
  EXPECT_THAT(pathOf(answer), ElementsAre("w.alice.example", "d.alice.example", "x.edge.example"));
  EXPECT_EQ(answer.evidence[0].kind, Evidence::Kind::cname);
  EXPECT_EQ(answer.evidence[0].type, RrType::cname);
  EXPECT_EQ(answer.evidence[1].kind, Evidence::Kind::dname);
  EXPECT_EQ(answer.evidence[1].type, RrType::dname);
  EXPECT_EQ(std::get<FromZone>(answer.evidence[1].source).zone, alice);
  EXPECT_EQ(std::get<FromZone>(answer.evidence[2].source).zone, edge);
}

TEST_F(ViewTest, AnAliasOutOfTheCustomersZonesIsNotKnownButKeepsItsEvidence) {
  add("alice.example", kAlice, {"w.alice.example CNAME w.bob.example"});
  add("bob.example", kBob, {"w.bob.example A 192.0.2.1"});
  const Answer answer = ask(kAlice, "w.alice.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_EQ(answer.name, name("w.bob.example"));
  EXPECT_THAT(pathOf(answer), ElementsAre("w.alice.example"));
}

TEST_F(ViewTest, EightAliasesAreFollowedAndNineAreNot) {
  View& view = view_;
  const ZoneIndex index = addEmpty("example", kAlice);
  std::vector<DeltaRecord> records{record("example SOA 1"), record("c0.example A 192.0.2.1")};
  for (int i = 1; i <= 9; ++i) {
    records.push_back(
        record("c" + std::to_string(i) + ".example CNAME c" + std::to_string(i - 1) + ".example"));
  }
  view.install(index, std::make_unique<Zone>(zoneOf("example", records)));
  EXPECT_EQ(ask(kAlice, "c8.example").kind, Kind::data);
  const Answer answer = ask(kAlice, "c9.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_EQ(answer.why, "more than 8 aliases in a row from c9.example (derive.alias_chain_max)");
}

TEST_F(ViewTest, AliasesInACircleEnd) {
  add("example", kAlice, {"a.example CNAME b.example", "b.example CNAME a.example"});
  EXPECT_EQ(ask(kAlice, "a.example").kind, Kind::notKnown);
}

TEST_F(ViewTest, AQuestionForAnAliasItselfIsAnswered) {
  add("example", kAlice, {"a.example CNAME b.example"});
  EXPECT_EQ(ask(kAlice, "a.example", RrType::cname).kind, Kind::data);
}

TEST_F(ViewTest, NegativeAnswersHaveTheNegativeTtl) {
  add("example", kAlice, {"a.example TXT x"});
  const Answer nodata = ask(kAlice, "a.example");
  EXPECT_EQ(nodata.kind, Kind::nodata);
  EXPECT_EQ(nodata.evidence.at(0).kind, Evidence::Kind::nodata);
  EXPECT_EQ(nodata.evidence.at(0).ttl.seconds(), 60u);
  const Answer nxdomain = ask(kAlice, "b.c.example");
  EXPECT_EQ(nxdomain.kind, Kind::nxdomain);
  EXPECT_EQ(nxdomain.evidence.at(0).kind, Evidence::Kind::nxdomain);
  EXPECT_EQ(nxdomain.evidence.at(0).name, name("b.c.example"));
  EXPECT_EQ(nxdomain.evidence.at(0).ttl.seconds(), 60u);
}

TEST_F(ViewTest, AWildcardIsNamedAsTheOwnerThatAnswered) {
  add("example", kAlice, {"*.example A 192.0.2.1"});
  EXPECT_THAT(pathOf(ask(kAlice, "b.example")), ElementsAre("*.example"));
}

TEST_F(ViewTest, WhatIsDelegatedAwayIsNotKnown) {
  add("example", kAlice, {"sub.example NS ns.sub.example", "h.sub.example A 192.0.2.1"});
  const Answer answer = ask(kAlice, "h.sub.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_EQ(answer.why, "delegated away at sub.example: h.sub.example");
}

TEST_F(ViewTest, TheMostSpecificZoneAnswersBelowACut) {
  add("example", kAlice, {"sub.example NS ns.sub.example"});
  add("sub.example", kAlice, {"h.sub.example A 192.0.2.1"});
  EXPECT_EQ(ask(kAlice, "h.sub.example").kind, Kind::data);
  EXPECT_EQ(ask(kAlice, "none.sub.example").kind, Kind::nxdomain);
}

TEST_F(ViewTest, AnotherCustomersZoneBelowACutStaysUnseen) {
  add("example", kAlice, {"sub.example NS ns.sub.example", "own.example A 192.0.2.1"});
  add("sub.example", kBob, {"h.sub.example A 192.0.2.1"});
  add("own.example", kBob, {});
  EXPECT_EQ(ask(kAlice, "h.sub.example").kind, Kind::notKnown);
  EXPECT_EQ(ask(kAlice, "own.example").kind, Kind::data);
  EXPECT_EQ(ask(kBob, "own.example").kind, Kind::nodata);
}

TEST_F(ViewTest, AZoneThatIsNotTransferredIsNotKnownAndHidesTheZoneAbove) {
  add("example", kAlice, {"h.sub.example A 192.0.2.1"});
  const ZoneIndex sub = addEmpty("sub.example", kAlice);
  EXPECT_EQ(view_.zone(sub), nullptr);
  const Answer answer = ask(kAlice, "h.sub.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_EQ(answer.why, "zone sub.example is not transferred yet");
}

TEST_F(ViewTest, AZoneCanBeTakenAwayAgain) {
  const ZoneIndex zone = add("example", kAlice, {"h.example A 192.0.2.1"});
  view_.install(zone, nullptr);
  EXPECT_EQ(ask(kAlice, "h.example").kind, Kind::notKnown);
}

TEST_F(ViewTest, ADnameThatMakesTooLongANameIsNotKnown) {
  const std::string label(60, 'x');
  const std::string target = "d.example DNAME " + label + "." + label + "." + label + ".net";
  add("example", kAlice, {target.c_str()});
  const Answer answer = ask(kAlice, label + "." + label + ".d.example");
  EXPECT_EQ(answer.kind, Kind::notKnown);
  EXPECT_THAT(answer.why, HasSubstr("the DNAME at d.example makes too long a name"));
}

TEST_F(ViewTest, TheMostSpecificZoneIsFoundAmongTheCustomersOwnAndShared) {
  const ZoneIndex top = add("example", kAlice, {});
  add("a.example", kBob, {});
  const ZoneIndex shared = add("b.a.example", kOperator, {}, true);
  EXPECT_EQ(view_.zoneFor(kAlice, name("example")), top);
  EXPECT_EQ(view_.zoneFor(kAlice, name("x.a.example")), top);
  EXPECT_EQ(view_.zoneFor(kAlice, name("x.b.a.example")), shared);
  EXPECT_EQ(view_.zoneFor(kAlice, name("net")), std::nullopt);
}

TEST_F(ViewTest, TheOwnerOfTheMostSpecificZoneSpeaksForAName) {
  add("example", kAlice, {});
  add("a.example", kBob, {});
  EXPECT_EQ(view_.speaker(name("x.example")), kAlice);
  EXPECT_EQ(view_.speaker(name("x.a.example")), kBob);
  EXPECT_EQ(view_.speaker(name("a.example")), kBob);
  EXPECT_EQ(view_.speaker(name("net")), std::nullopt);
}

TEST_F(ViewTest, AWatchedNameSpeaksForItsCustomerAsAZoneDoes) {
  add("example", kAlice, {});
  view_.addWatched(name("a.example"), kBob);
  view_.addWatched(name("net"), kAlice);
  EXPECT_EQ(view_.speaker(name("b.example")), kAlice);
  EXPECT_EQ(view_.speaker(name("a.example")), kBob);
  EXPECT_EQ(view_.speaker(name("x.a.example")), kBob);
  EXPECT_EQ(view_.speaker(name("x.net")), kAlice);
  EXPECT_EQ(view_.speaker(name("org")), std::nullopt);
}

TEST_F(ViewTest, WhatLiesOutsideIsSaidToBeSo) {
  add("example", kAlice, {"h.example A 192.0.2.1", "cut.example NS ns.example.net"});
  EXPECT_FALSE(view_.lookup(kAlice, name("h.example"), RrType::a).is_outside);
  EXPECT_TRUE(view_.lookup(kBob, name("h.example"), RrType::a).is_outside);
  EXPECT_TRUE(view_.lookup(kAlice, name("x.cut.example"), RrType::a).is_outside);
  addEmpty("net", kAlice);
  EXPECT_FALSE(view_.lookup(kAlice, name("h.net"), RrType::a).is_outside);
}

}  // namespace
}  // namespace zonecast::view
