#include "reconciler/identity/virtual_domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}
Did did(std::string_view text) {
  return Did::fromText(text).value();
}

constexpr view::CustomerId kAlpha{1};
constexpr view::CustomerId kBeta{2};

class World final : public IdentityContext {
 public:
  std::optional<Did> didOf(const derive::Domain& d) const override {
    const auto it = dids.find(d);
    return it == dids.end() ? std::nullopt : std::optional(it->second);
  }
  bool speaksFor(view::CustomerId customer, dns::NameView name) const override {
    const auto zone = dns::Name::fromText(customer == kAlpha ? "alpha.example" : "beta.example");
    return name.isAtOrUnder(zone.value());
  }
  const Grants& grants(view::CustomerId customer) const override {
    return customer == kAlpha ? alpha_grants : no_grants;
  }
  std::optional<view::CustomerId> customerOf(const derive::Domain& d) const override {
    return d.text().ends_with("beta.example") ? kBeta : kAlpha;
  }
  bool isFreeFor(view::CustomerId customer, const Did& d) const override {
    const auto it = holders.find(d.text());
    return it == holders.end() || it->second == customer;
  }
  std::string tenureOf(const Did& d) const override {
    const auto it = holders.find(d.text());
    const std::string who =
        it == holders.end() ? "nobody" : "customer \"" + nameOf(it->second) + '"';
    return who + " holds it";
  }
  std::string nameOf(view::CustomerId customer) const override {
    return customer == kAlpha ? "alpha" : "beta";
  }

  Grants alpha_grants{{"iptel", "acme-*"}, Setter::customer};
  Grants no_grants;
  std::map<derive::Domain, Did> dids;
  std::map<std::string, view::CustomerId, std::less<>> holders;
};

constexpr std::string_view kAliasMark = "alias ";

struct Case {
  std::string_view fact;
  std::string_view record;  // behind the version tag; empty: no TXT
  // Domains and their DIDs; an alias= is written "alias NAME".
  std::vector<std::pair<std::string_view, std::string_view>> named_by;
  std::map<std::string, view::CustomerId, std::less<>> holders;
  std::string_view did;
  Assignment::Reason reason;
  bool contested = false;
  std::size_t warnings = 0;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.fact;
}

class Assign : public testing::TestWithParam<Case> {};

// Every row is about sip.alpha.example, of customer alpha.
TEST_P(Assign, GivesTheDidOfItsRow) {
  const auto& row = GetParam();
  World world;
  world.holders = row.holders;
  const auto claim = parseClaimRecord(std::string("v=sipvhost1;").append(row.record), {}).value();
  Candidate candidate{
      domain("sip.alpha.example"), kAlpha, row.record.empty() ? nullptr : &claim, {}, {}};
  for (auto [name, its_did] : row.named_by) {
    const bool is_alias = name.starts_with(kAliasMark);
    if (is_alias) name.remove_prefix(kAliasMark.size());
    (is_alias ? candidate.aliased_by : candidate.named_by).push_back(domain(name));
    if (!its_did.empty()) world.dids.emplace(domain(name), did(its_did));
  }
  const auto given = assign(candidate, world);
  EXPECT_EQ(given.did.text(), row.did);
  EXPECT_EQ(given.reason, row.reason);
  EXPECT_EQ(given.contested, row.contested);
  EXPECT_THAT(given.warnings, SizeIs(row.warnings));
}

using enum Assignment::Reason;
const auto kOwn = "sip.alpha.example";

INSTANTIATE_TEST_SUITE_P(
    Table, Assign,
    testing::Values(
        Case{"own name without a record", "", {}, {}, kOwn, own},
        Case{"own name without a did tag", "peering=open", {}, {}, kOwn, own},
        Case{"own name that it holds", "", {}, {{kOwn, kAlpha}}, kOwn, own},
        Case{"a name spoken for", "did=alpha.example", {}, {}, "alpha.example", claimed},
        Case{"a name that its customer holds",
             "did=alpha.example",
             {},
             {{"alpha.example", kAlpha}},
             "alpha.example",
             claimed},
        Case{"its own name, said aloud", "did=sip.alpha.example", {}, {}, kOwn, claimed},
        Case{"a grant", "did=iptel", {}, {}, "iptel", claimed},
        Case{"a pattern of a grant", "did=acme-7", {}, {{"acme-7", kAlpha}}, "acme-7", claimed},
        Case{"did= before its namers", "did=iptel", {{"alpha.example", "x"}}, {}, "iptel", claimed},
        Case{"a grant that another holds", "did=iptel", {}, {{"iptel", kBeta}}, kOwn, own, true, 1},
        Case{"a name spoken for that another holds",
             "did=alpha.example",
             {},
             {{"alpha.example", kBeta}},
             kOwn,
             own,
             true,
             1},
        Case{"another's name", "did=beta.example", {}, {}, kOwn, own, true, 1},
        Case{"another's name, held",
             "did=beta.example",
             {},
             {{"beta.example", kBeta}},
             kOwn,
             own,
             true,
             1},
        Case{"no grant, though its customer holds it",
             "did=other",
             {},
             {{"other", kAlpha}},
             kOwn,
             own,
             true,
             1},
        Case{"a name in capitals is another DID", "did=Alpha.example", {}, {}, kOwn, own, true, 1},
        Case{"a name with a final dot is another DID",
             "did=alpha.example.",
             {},
             {},
             kOwn,
             own,
             true,
             1},
        Case{"no suffix of a name", "did=xalpha.example", {}, {}, kOwn, own, true, 1},
        Case{"refused, it joins as if it had not asked",
             "did=beta.example",
             {{"alpha.example", "iptel"}},
             {},
             "iptel",
             joined,
             true,
             1},
        Case{"no DID", "did=a b", {}, {}, kOwn, own, false, 1},
        Case{"no DID at all", "did=", {}, {}, kOwn, own, false, 1},
        Case{"no DID for its grammar", "did=%", {}, {}, kOwn, own, false, 0},
        Case{"several", "did=iptel;did=acme-1", {}, {}, kOwn, own, false, 1},
        Case{"twice the same", "did=iptel;did=iptel", {}, {}, kOwn, own, false, 1},
        Case{"one good and one spoiled", "did=iptel;did=%", {}, {}, kOwn, own, false, 1},
        Case{"no DID, and it joins",
             "did=;",
             {{"alpha.example", "iptel"}},
             {},
             "iptel",
             joined,
             false,
             1},
        Case{"a smuggled separator", "did=iptel%3Bpeering=open", {}, {}, kOwn, own, false, 1},
        Case{"namers that agree",
             "",
             {{"alpha.example", "iptel"}, {"b.alpha.example", "iptel"}},
             {},
             "iptel",
             joined},
        Case{"namers that agree, their DID held by its customer",
             "",
             {{"alpha.example", "iptel"}},
             {{"iptel", kAlpha}},
             "iptel",
             joined},
        Case{"namers that agree on what another holds",
             "",
             {{"alpha.example", "iptel"}},
             {{"iptel", kBeta}},
             kOwn,
             own},
        Case{"namers that disagree",
             "",
             {{"alpha.example", "iptel"}, {"b.alpha.example", "x"}},
             {},
             kOwn,
             own},
        Case{"a namer without a DID",
             "",
             {{"alpha.example", "iptel"}, {"b.alpha.example", ""}},
             {},
             "iptel",
             joined},
        Case{"only namers without a DID", "", {{"alpha.example", ""}}, {}, kOwn, own},
        Case{"itself", "", {{"sip.alpha.example", "old"}}, {}, kOwn, own},
        Case{"itself and another",
             "",
             {{"sip.alpha.example", "old"}, {"alpha.example", "iptel"}},
             {},
             "iptel",
             joined},
        Case{"a namer of another customer", "", {{"beta.example", "beta.example"}}, {}, kOwn, own},
        Case{"own name that another holds",
             "",
             {},
             {{kOwn, kBeta}},
             "sip.alpha.example~2",
             own,
             true,
             1},
        Case{"own name and the next that another holds",
             "",
             {},
             {{kOwn, kBeta}, {"sip.alpha.example~2", kBeta}},
             "sip.alpha.example~3",
             own,
             true,
             1},
        Case{"the fresh DID, for ever",
             "",
             {},
             {{kOwn, kBeta}, {"sip.alpha.example~2", kAlpha}},
             "sip.alpha.example~2",
             own,
             true,
             1},
        Case{"refused twice",
             "did=beta.example",
             {},
             {{kOwn, kBeta}},
             "sip.alpha.example~2",
             own,
             true,
             2},
        Case{"both customers say so",
             "did=iptel",
             {{"alias hub.beta.example", "iptel"}},
             {{"iptel", kBeta}},
             "iptel",
             shared},
        Case{"also what is no name or grant of its",
             "did=beta.example",
             {{"alias hub.beta.example", "beta.example"}},
             {{"beta.example", kBeta}},
             "beta.example",
             shared},
        Case{"only the holder says so",
             "",
             {{"alias hub.beta.example", "beta.example"}},
             {{"beta.example", kBeta}},
             kOwn,
             own},
        Case{"who lets in what is not its own",
             "did=iptel",
             {{"alias b.alpha.example", "iptel"}},
             {{"iptel", kBeta}},
             kOwn,
             own,
             true,
             1},
        Case{"who lets into another virtual domain",
             "did=iptel",
             {{"alias hub.beta.example", "beta.example"}},
             {{"iptel", kBeta}, {"beta.example", kBeta}},
             kOwn,
             own,
             true,
             1},
        Case{"an alias of its own customer",
             "",
             {{"alias b.alpha.example", "iptel"}},
             {},
             "iptel",
             joined},
        Case{"its own record says otherwise",
             "did=acme-1",
             {{"alias b.alpha.example", "iptel"}},
             {},
             "acme-1",
             claimed},
        Case{"alias and target disagree",
             "",
             {{"alias b.alpha.example", "iptel"}, {"c.alpha.example", "acme-1"}},
             {},
             kOwn,
             own}));

TEST(Assignment, AContestNamesBothSides) {
  World world;
  world.holders = {{"iptel", kBeta}};
  const auto claim = parseClaimRecord("v=sipvhost1;did=iptel", {}).value();
  const Candidate candidate{domain("alpha.example"), kAlpha, &claim, {}, {}};
  EXPECT_THAT(
      assign(candidate, world).warnings,
      ElementsAre("did=iptel is contested: alpha.example of customer \"alpha\" asks for it, "
                  "customer \"beta\" holds it"));
  world.holders.clear();
  world.alpha_grants.dids.clear();
  EXPECT_THAT(
      assign(candidate, world).warnings,
      ElementsAre("did=iptel is contested: alpha.example of customer \"alpha\" asks for it, "
                  "nobody holds it; it is no name that the customer speaks for, nor granted "
                  "to it"));
}

TEST(Assignment, ADidHasAtMost253OctetsAlsoInAClaim) {
  World world;
  world.alpha_grants.dids = {"*"};
  const auto ask = [&world](std::size_t octets) {
    const auto claim = parseClaimRecord("v=sipvhost1;did=" + std::string(octets, 'd'), {}).value();
    return assign({domain("alpha.example"), kAlpha, &claim, {}, {}}, world);
  };
  EXPECT_EQ(ask(253).did.text(), std::string(253, 'd'));
  EXPECT_EQ(ask(254).did.text(), "alpha.example");
  EXPECT_THAT(ask(254).warnings, ElementsAre(HasSubstr("is not a DID")));
}

TEST(Assignment, AFreshDidOfTheLongestNameStillFits) {
  const auto label = std::string(63, 'a') + '.';
  const auto name = label + label + label + std::string(61, 'a');
  ASSERT_EQ(name.size(), 253u);
  World world;
  world.holders = {{name, kBeta}};
  const auto given = assign({domain(name), kAlpha, nullptr, {}, {}}, world);
  EXPECT_EQ(given.did.text(), name.substr(2) + "~2");
}

TEST(Pattern, AStarStandsForAnyRunOfCharacters) {
  struct {
    std::string_view pattern, text;
    bool matches;
  } constexpr kRows[] = {
      {"iptel", "iptel", true},
      {"iptel", "iptel2", false},
      {"iptel", "Iptel", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"**", "", true},
      {"acme-*", "acme-", true},
      {"acme-*", "acme-7", true},
      {"acme-*", "acme", false},
      {"*-acme", "x-acme", true},
      {"*-acme", "-acme-", false},
      {"a*b*c", "abc", true},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "acb", false},
      {"a*a", "a", false},
      {"a*a", "aa", true},
      {"ab*ba", "aba", false},
      {"*ab*ab", "ab", false},
      {"*ab*ab", "abab", true},
      {"*a*", "bab", true},
      {"*a*", "bbb", false},
      {"a*bc*bc", "abcbcbc", true},
      {"a.c", "abc", false},
      {"a?", "ab", false},
      {"[a]", "a", false},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(matchesPattern(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
  }
}

TEST(Pattern, ManyStarsDoNotMakeItSlow) {
  std::string pattern;
  for (int i = 0; i < 5000; ++i) pattern += "a*";
  EXPECT_FALSE(matchesPattern(pattern + "b", std::string(20'000, 'a')));
  EXPECT_TRUE(matchesPattern(pattern + "a", std::string(20'000, 'a')));
}

TEST(Canonical, ThePresentOneStaysWhileItIsAMember) {
  const Members members{domain("eldest.example"), domain("iptel"), domain("b.example")};
  const auto present = domain("b.example"), gone = domain("gone.example");
  EXPECT_EQ(canonicalOf(did("iptel"), &present, members), present);
  EXPECT_EQ(canonicalOf(did("iptel"), &gone, members), domain("iptel"));
}

TEST(Canonical, TheNamesakeOfTheDidComesBeforeTheEldest) {
  const Members members{domain("a.example"), domain("b.example")};
  EXPECT_EQ(canonicalOf(did("b.example"), nullptr, members), domain("b.example"));
  EXPECT_EQ(canonicalOf(did("B.example"), nullptr, members), domain("a.example"));
  EXPECT_EQ(canonicalOf(did("acme"), nullptr, members), domain("a.example"));
}

TEST(Canonical, TheEldestHasTheFewestLabelsAndOfTheseIsTheFirst) {
  EXPECT_EQ(canonicalOf(did("acme"), nullptr,
                        {domain("a.b.example"), domain("z.example"), domain("c.example")}),
            domain("c.example"));
}

TEST(Canonical, AnAddressIsItOnlyWhenItIsTheDidOrAllAreAddresses) {
  const auto address = [](std::string_view text) { return derive::Domain::fromHost(text).value(); };
  const Members mixed{address("192.0.2.1"), address("2001:db8::1"), domain("a.b.c.d.e.example")};
  EXPECT_EQ(canonicalOf(did("acme"), nullptr, mixed), domain("a.b.c.d.e.example"));
  EXPECT_EQ(canonicalOf(did("2001:db8::1"), nullptr, mixed), address("2001:db8::1"));
  const auto present = address("192.0.2.1");
  EXPECT_EQ(canonicalOf(did("acme"), &present, mixed), domain("a.b.c.d.e.example"));
  EXPECT_EQ(canonicalOf(did("acme"), &present, {present, address("2001:db8::1")}), present);
  EXPECT_EQ(canonicalOf(did("acme"), nullptr, {address("192.0.2.1"), address("2001:db8::1")}),
            address("2001:db8::1"));
}

}  // namespace
}  // namespace zonecast::identity
