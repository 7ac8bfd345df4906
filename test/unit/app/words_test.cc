#include "app/zonecast/words.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "adapters/logging/printable.h"

namespace zonecast {
namespace {

v1::DomainEntry entryOf(const std::string& domain, const std::string& did = "acme") {
  v1::DomainEntry entry;
  entry.set_domain(domain);
  entry.set_did(did);
  entry.set_state(v1::STATE_HOSTED);
  entry.add_transports(v1::TRANSPORT_UDP);
  entry.add_transports(v1::TRANSPORT_TLS);
  entry.set_role(v1::ROLE_PRIMARY);
  return entry;
}

v1::Attribute attributeOf(const std::string& name, const std::vector<std::string>& texts) {
  v1::Attribute attribute;
  attribute.set_name(name);
  for (const std::string& text : texts) attribute.add_values()->set_text(text);
  return attribute;
}

TEST(Words, AReloadSaysWhatIsOtherwiseOrWhyNothingIs) {
  v1::ReloadReport report;
  report.set_applied(true);
  EXPECT_EQ(reloadText(report), "reloaded: nothing changed\n");
  report.add_changed("log.level: info -> debug");
  EXPECT_EQ(reloadText(report), "reloaded:\n  log.level: info -> debug\n");
  report.set_applied(false);
  report.add_at_restart("user: none -> \x1b[2J");
  EXPECT_EQ(reloadText(report),
            "not reloaded: this takes a restart\n  user: none -> \\027[2J\n"
            "with it waits\n  log.level: info -> debug\n");
  report.Clear();
  report.add_errors("c.yaml:1:1: expected a mapping");
  EXPECT_EQ(reloadText(report),
            "not reloaded: the configuration has errors\n  c.yaml:1:1: expected a mapping\n");
}

TEST(Words, ADurationIsTwoUnits) {
  EXPECT_EQ(durationText(0), "0s");
  EXPECT_EQ(durationText(59), "59s");
  EXPECT_EQ(durationText(60), "1m 0s");
  EXPECT_EQ(durationText(3'599), "59m 59s");
  EXPECT_EQ(durationText(3'600), "1h 0m");
  EXPECT_EQ(durationText(86'399), "23h 59m");
  EXPECT_EQ(durationText(86'400 + 4 * 3'600), "1d 4h");
  EXPECT_EQ(durationText(std::numeric_limits<std::uint64_t>::max()), "213503982334601d 7h");
}

TEST(Words, LongWorkSaysHowFarItIs) {
  v1::Status status;
  EXPECT_EQ(workText(status), "");
  status.set_transfers_under_way(2);
  status.set_records_arriving(5000);
  status.set_domains_to_derive(70);
  status.set_store_entries_done(40);
  status.set_store_entries(100);
  EXPECT_EQ(workText(status),
            "2 transfers, 5000 records so far, 70 domains to derive, 40 of 100 entries read or "
            "staged in Redis");
}

TEST(Words, NothingIsADash) {
  EXPECT_EQ(orDash(""), "-");
  EXPECT_EQ(orDash("x"), "x");
}

TEST(Words, AnEntryIsStateTransportsRoleAndDid) {
  EXPECT_EQ(entryText(entryOf("a.example")), "hosted udp,tls primary did=acme");
  EXPECT_EQ(domainRow(entryOf("a.example")),
            (std::vector<std::string>{"a.example", "acme", "hosted", "udp,tls", "primary"}));
}

TEST(Words, AnEnumeratorOfALaterVersionIsAQuestionMark) {
  v1::DomainEntry entry = entryOf("a.example");
  entry.set_state(static_cast<v1::State>(99));
  entry.set_transports(0, static_cast<v1::Transport>(99));
  EXPECT_EQ(entryText(entry), "? ?,tls primary did=acme");
}

TEST(Words, ValuesOfEachTypeAreTold) {
  v1::Attribute attribute;
  attribute.add_values()->set_integer(-5);
  attribute.add_values()->set_text("auth");
  attribute.add_values()->set_boolean(true);
  attribute.add_values()->set_boolean(false);
  attribute.add_values()->set_seconds(90);
  attribute.add_values();
  EXPECT_EQ(valuesText(attribute), "-5, auth, true, false, 90s, ?");
  EXPECT_EQ(valuesText({}), "");
}

TEST(Words, AZonesRowTellsItsState) {
  v1::ZoneStatus zone;
  zone.set_zone("acme.example");
  zone.set_customer("acme");
  zone.set_activity("waiting");
  zone.set_next_check_seconds(30);
  EXPECT_EQ(zoneRow(zone), (std::vector<std::string>{"acme.example", "acme", "config", "-", "empty",
                                                     "-", "never", "30s", "0", "-"}));
  zone.set_serial(0);
  zone.set_primary("ns1");
  zone.set_checked_seconds_ago(61);
  zone.set_records(12);
  zone.set_trouble("timeout");
  zone.set_from("cat.example");
  EXPECT_EQ(zoneRow(zone),
            (std::vector<std::string>{"acme.example", "acme", "cat.example", "0", "unconfirmed",
                                      "ns1", "1m 1s ago", "30s", "12", "timeout"}));
  zone.set_confirmed(true);
  EXPECT_EQ(zoneRow(zone)[4], "current");
  zone.set_expired(true);
  EXPECT_EQ(zoneRow(zone)[4], "expired");
  zone.set_activity("transferring");
  EXPECT_EQ(zoneRow(zone)[4], "transferring");
  zone.set_leaves_in_seconds(60);
  EXPECT_EQ(zoneRow(zone)[4], "leaving");
}

TEST(Words, TimesThatLieOnTheWrongSideAreNow) {
  v1::ZoneStatus zone;
  zone.set_checked_seconds_ago(-3'600);
  zone.set_next_check_seconds(-1);
  EXPECT_EQ(zoneRow(zone)[6], "0s ago");
  EXPECT_EQ(zoneRow(zone)[7], "0s");
}

TEST(Words, AStepIsIndentedByItsDepthAndSaysWhereItComesFrom) {
  v1::ExplanationStep step;
  step.set_depth(1);
  step.set_question("_sip._udp.acme.example SRV");
  step.set_answer("0 0 5060 edge.example");
  step.set_outcome("reaches-edge");
  EXPECT_EQ(stepText(step), "  _sip._udp.acme.example SRV: 0 0 5060 edge.example  reaches-edge");
  step.set_ttl(60);
  step.set_source("zone acme.example serial 7");
  step.set_note("by name");
  EXPECT_EQ(stepText(step),
            "  _sip._udp.acme.example SRV: 0 0 5060 edge.example  ttl 60  "
            "[zone acme.example serial 7]  reaches-edge: by name");
}

TEST(Words, ADepthThatCannotBeIsHarmless) {
  v1::ExplanationStep step;
  step.set_depth(std::numeric_limits<int>::min());
  EXPECT_EQ(stepText(step), ":   ");
  step.set_depth(std::numeric_limits<int>::max());
  EXPECT_LT(stepText(step).size(), 100U);
}

TEST(Words, AnEventIsALineForEachChange) {
  v1::WatchEvent event;
  event.set_version(17);
  event.add_causes("zone acme.example serial 7 -> 8");
  event.add_causes("start");
  event.set_edit_seconds(0.0123);
  *event.add_domains()->mutable_after() = entryOf("new.example");
  *event.add_domains()->mutable_before() = entryOf("old.example");
  auto& changed = *event.add_domains();
  *changed.mutable_before() = entryOf("same.example", "acme");
  *changed.mutable_after() = entryOf("same.example", "other");
  v1::VirtualDomain& added = *event.add_virtual_domains()->mutable_after();
  added.set_did("acme");
  added.add_domains("a.example");
  added.add_domains("b.example");
  *added.add_attributes() = attributeOf("peering", {"open", "closed"});
  event.add_virtual_domains()->mutable_before()->set_did("gone");
  EXPECT_EQ(eventText(event),
            "version 17  zone acme.example serial 7 -> 8, start  12.3 ms from edit to published\n"
            "  + new.example  hosted udp,tls primary did=acme\n"
            "  - old.example  was hosted udp,tls primary did=acme\n"
            "  ~ same.example  hosted udp,tls primary did=acme -> hosted udp,tls primary "
            "did=other\n"
            "  + DID acme  domains=a.example, b.example peering=open, closed\n"
            "  - DID gone\n");
}

TEST(Words, AnEventSaysWhenItIsNotAll) {
  v1::WatchEvent event;
  event.set_rebased(true);
  event.set_truncated(true);
  EXPECT_EQ(eventText(event),
            "version 0 (everything anew)  \n"
            "  ... and more: zonecast domain-list shows all\n");
}

TEST(Words, WhatZoneOwnersWroteReachesNoTerminal) {
  const std::string hostile = "\x1b[2J\nversion 18\r\u202e\u009b";
  v1::WatchEvent event;
  v1::VirtualDomain& added = *event.add_virtual_domains()->mutable_after();
  *added.add_attributes() = attributeOf("greeting", {hostile});
  const std::string text = eventText(event);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  v1::ExplanationStep step;
  step.set_answer(hostile);
  for (const std::string& shown : {text, stepText(step)}) {
    EXPECT_TRUE(std::ranges::all_of(shown, [](char c) {
      return c == '\n' || (c >= ' ' && c <= '~');
    })) << shown;
  }
  EXPECT_EQ(logging::printable("a\x1b\\b"), "a\\027\\b");
}

}  // namespace
}  // namespace zonecast
