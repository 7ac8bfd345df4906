#include "app/zonecast/lint.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace zonecast {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

dns::Name name(std::string_view text) {
  return *dns::Name::fromText(text);
}

void addZone(loop::Settings& settings, std::string_view zone, std::uint32_t customer) {
  settings.secondary.zones.push_back({name(zone), {xfr::PrimaryId{0}}, {}});
  settings.zones.push_back({view::CustomerId{customer}, false});
}

loop::Settings operators() {
  loop::Settings settings;
  derive::EdgeRule rule;
  rule.name = "edge[0]";
  rule.hosts.push_back(name("sip.provider.example"));
  rule.ports.push_back({derive::Transport::udp, 5060});
  settings.edge.rules.push_back(std::move(rule));
  settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
  settings.customers.push_back({.name = "globex", .grants = {}, .attributes = {}});
  settings.attributes.undeclared = identity::Undeclared::keep;
  settings.secondary.primaries.push_back({"ns1", {dns::Ipv4{192, 0, 2, 53}, 53}, nullptr});
  addZone(settings, "acme.example", 0);
  addZone(settings, "acme.test", 0);
  addZone(settings, "sub.acme.example", 1);
  return settings;
}

const std::string kApex =
    "$ORIGIN acme.example.\n@ SOA ns1 host 7 3600 600 86400 300\n NS ns1\n";  // 3 lines

v1::ZoneLint lintOf(const std::string& records, std::string_view customer = "") {
  const loop::Settings settings = operators();
  RecordLines lines;
  const auto zone = zoneFromText(kApex + records, std::nullopt, settings.zone_limits, lines);
  EXPECT_TRUE(zone) << zone.error();
  const auto subject = lintSubject(settings, dns::Name(zone->apex()), customer);
  EXPECT_TRUE(subject) << subject.error();
  Rehearsal rehearsal(lintSettings(settings, *subject));
  restoreInto(rehearsal, *zone);
  rehearsal.begin();
  rehearsal.finish();
  return lint(rehearsal, *subject, lines);
}

std::vector<std::string> domainsOf(const v1::ZoneLint& lint) {
  std::vector<std::string> domains;
  for (const v1::LintDomain& one : lint.domains()) {
    domains.push_back(
        fmt::format("{} {} {} {}", one.line(), one.domain(), one.standing(), one.entry().did()));
  }
  return domains;
}

std::vector<std::string> warningsOf(const v1::ZoneLint& lint) {
  std::vector<std::string> warnings;
  for (const v1::LintWarning& one : lint.warnings()) {
    warnings.push_back(fmt::format("{} {}: {}", one.line(), one.name(), one.text()));
  }
  return warnings;
}

TEST(Lint, AGoodZoneIsHostedWithoutAWarning) {
  const v1::ZoneLint lint = lintOf(
      "_sip._udp SRV 1 1 5060 sip.provider.example.\n"
      "_sip._udp.sales SRV 1 1 5060 sip.provider.example.\n"
      "_sipvhost.sales TXT \"v=sipvhost1; did=acme.example; motd=hello\"\n");
  EXPECT_THAT(domainsOf(lint), ElementsAre("4 acme.example hosted acme.example",
                                           "5 sales.acme.example hosted acme.example"));
  EXPECT_THAT(warningsOf(lint), IsEmpty());
  ASSERT_EQ(lint.virtual_domains_size(), 1);
  EXPECT_EQ(lint.virtual_domains(0).domains_size(), 2);
  EXPECT_EQ(lint.serial(), 7u);
  EXPECT_EQ(lint.customer(), "acme");
}

TEST(Lint, WarningsHaveTheirLineAndARemedy) {
  const v1::ZoneLint lint = lintOf(
      "_sip._udp SRV 1 1 5060 sip.provider.example.\n"
      "_sipvhost TXT \"v=sipvhost1; did=globex; oops\"\n"
      "_sip._udp.lab SRV 1 1 5060 pbx\n"
      "_sipvhost.lab TXT \"v=sipvhost1\"\n"
      "pbx A 198.51.100.7\n"
      "_sipvhost.x TXT \"v=sipvhost2\"\n"
      "_sipvhost.* TXT \"v=sipvhost1\"\n"
      "cut NS ns.elsewhere.example.\n"
      "_sip._udp.cut SRV 1 1 5060 sip.provider.example.\n");
  EXPECT_THAT(warningsOf(lint),
              ElementsAre("5 acme.example: tag \"oops\" is ignored: write it as name=value",
                          HasSubstr("5 acme.example: did=globex is contested"),
                          HasSubstr("7 lab.acme.example: it has a _sipvhost record, and DNS does"),
                          HasSubstr("9 _sipvhost.x.acme.example: no TXT record here begins with"),
                          HasSubstr("10 _sipvhost.*.acme.example: it is of no domain"),
                          HasSubstr("12 _sip._udp.cut.acme.example: the delegation at cut.")));
  EXPECT_THAT(lint.warnings(2).remedy(),
              testing::Contains("_sip._udp.lab.acme.example. 3600 IN SRV 10 10 5060 "
                                "sip.provider.example."));
}

TEST(Lint, WhatLiesOutsideOfTheZoneIsUnknownAndNoWarning) {
  const v1::ZoneLint lint = lintOf(
      "_sip._udp SRV 1 1 5060 sip.acme.test.\n"
      "_sip._udp.b SRV 1 1 5060 sip.elsewhere.example.\n");
  EXPECT_THAT(domainsOf(lint), ElementsAre("4 acme.example unknown ", "5 b.acme.example unknown "));
  EXPECT_THAT(lint.domains(0).why(), HasSubstr("sip.acme.test"));
  EXPECT_THAT(warningsOf(lint), IsEmpty());
}

TEST(Lint, ANameOfAnotherCustomersZoneMeansNothingHere) {
  const v1::ZoneLint lint = lintOf("_sip._udp.sub SRV 1 1 5060 sip.provider.example.\n");
  EXPECT_THAT(domainsOf(lint), ElementsAre("4 sub.acme.example unknown "));
  EXPECT_THAT(warningsOf(lint),
              ElementsAre(HasSubstr("4 sub.acme.example: customer globex speaks for it")));
}

TEST(Lint, TheCustomersOtherZonesMayNameADid) {
  EXPECT_THAT(warningsOf(lintOf("_sip._udp SRV 1 1 5060 sip.provider.example.\n"
                                "_sipvhost TXT \"v=sipvhost1; did=acme.test\"\n")),
              IsEmpty());
}

TEST(Lint, AZoneIsWhoseItIsConfiguredFor) {
  const loop::Settings settings = operators();
  EXPECT_EQ(lintSubject(settings, name("sub.acme.example"), "")->customer, view::CustomerId{1});
  EXPECT_EQ(lintSubject(settings, name("new.example"), "globex")->customer, view::CustomerId{1});
  EXPECT_EQ(lintSubject(settings, name("new.example"), "").error(),
            "no customer has a zone new.example: say --customer");
  EXPECT_EQ(lintSubject(settings, name("acme.example"), "globex").error(),
            "zone acme.example is customer acme's");
  EXPECT_EQ(lintSubject(settings, name("new.example"), "nobody").error(),
            "there is no customer nobody");
}

TEST(Lint, AFileThatIsNoZoneIsRefusedWithItsLine) {
  const auto troubleOf = [](std::string_view text, const std::optional<dns::Name>& origin = {}) {
    RecordLines lines;
    const auto zone = zoneFromText(text, origin, {.records_max = 4}, lines);
    return zone ? std::string("none") : zone.error();
  };
  EXPECT_EQ(troubleOf(""), "1: there is no record");
  EXPECT_THAT(troubleOf("\na.example. NS b\n"), HasSubstr("2: a zone begins with its SOA"));
  EXPECT_THAT(troubleOf("a NS b\n", name("a.example")), HasSubstr("1: a.example has no SOA"));
  EXPECT_THAT(troubleOf(kApex + "b.example. A 192.0.2.1\n"), HasSubstr("4: "));
  EXPECT_THAT(troubleOf(kApex + "@ SOA a b 8 1 1 1 1\n"), HasSubstr("4: "));
  EXPECT_THAT(troubleOf(kApex + "a A 192.0.2.1\na A 192.0.2.2\na A 192.0.2.3\n"),
              HasSubstr("6: the zone has more than 4 records (limits.zone_records_max)"));
}

}  // namespace
}  // namespace zonecast
