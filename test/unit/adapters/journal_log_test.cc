#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include "adapters/journal/log.h"
#include "test/unit/adapters/journal_testing.h"

namespace zonecast::journal {
namespace {

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    out_->set_pattern("%l %v");
    out_->set_level(spdlog::level::debug);
  }

  // What has been logged since the last look.
  std::string logged() {
    std::string text = stream_.str();
    stream_.str("");
    return text;
  }
  std::string lineOf(const ports::Fact& fact) {
    log_.record(fact);
    return logged();
  }

  std::ostringstream stream_;
  std::shared_ptr<spdlog::logger> out_ = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(stream_));
  const loop::Settings settings_ = someSettings();
  FakeClock clock_;
  Log log_{settings_, clock_, out_};
};

TEST_F(LogTest, OneFactIsOneLine) {
  EXPECT_EQ(lineOf(xfr::ZoneCurrent{kAcme, kNs1, dns::Serial(7), zoneName(kAcme)}),
            "debug zone is current zone=acme.example serial=7 primary=ns1\n");
  EXPECT_EQ(lineOf(xfr::ZoneTransferred{.zone = kAcme,
                                        .primary = kNs1,
                                        .shape = xfr::TransferShape::ixfr,
                                        .from = dns::Serial(7),
                                        .to = dns::Serial(8),
                                        .records = 4,
                                        .octets = 200,
                                        .took = Duration{2'345},
                                        .name = zoneName(kAcme)}),
            "info zone transferred zone=acme.example from=7 to=8 shape=ixfr primary=ns1 records=4 "
            "octets=200 took_ms=2.345\n");
  EXPECT_EQ(lineOf(failureOf(kAcme, "timeout")),
            "warning it did not work; next try in 10 s zone=acme.example primary=ns1 "
            "reason=timeout\n");
  EXPECT_EQ(
      lineOf(xfr::ConnectionsScarce{512, 3}),
      "warning SOA queries wait for a connection: limits.connections_max are open; raise it, or "
      "lower limits.transfers_max connections_max=512 servers_waiting=3\n");
  EXPECT_EQ(lineOf(xfr::ZoneExpired{kAcme, zoneName(kAcme)}),
            "error zone has expired: no primary has confirmed it for its EXPIRE; see to them. Its "
            "domains stay, or retire, as retire.on_expire says zone=acme.example\n");
  EXPECT_EQ(lineOf(strangerFrom("192.0.2.1")),
            "warning NOTIFY stranger zone=acme.example sender=192.0.2.1\n");
  EXPECT_EQ(lineOf(ports::StoreOpened{plan::Term{3}, plan::Version{17}, "nothing changed"}),
            "info store open: nothing changed term=3 version=17\n");
  EXPECT_EQ(lineOf(ports::StoreLost{"Redis at x: gone"}), "warning store lost: Redis at x: gone\n");
  EXPECT_EQ(lineOf(ports::StoreTrouble{"WRONGPASS"}), "warning store: WRONGPASS\n");
  EXPECT_EQ(lineOf(ports::DiskTrouble{"full"}), "warning disk: full\n");
  EXPECT_EQ(lineOf(ports::ClaimWarning{"acme.example", "tag did is ignored"}),
            "warning claim not honoured in full: tag did is ignored domain=acme.example\n");
}

TEST_F(LogTest, APublicationIsToldWithWhatItChangedAndWhy) {
  plan::ChangeSet changes;
  changes.domains = {changeOf("a.example", false, true), changeOf("b.example", true, true),
                     changeOf("c.example", true, false), changeOf("d.example", true, false)};
  changes.causes = {{"zone acme.example serial 7 -> 8", std::nullopt}};
  EXPECT_EQ(lineOf(publishedOf(changes)),
            "info published version=17 domains=\"+1 ~1 -2\" virtual_domains=\"+0 ~0 -0\" "
            "cause=\"zone acme.example serial 7 -> 8\" store_ms=1.500\n");
  EXPECT_TRUE(lineOf(publishedOf({}, true)).ends_with(" rebased=yes\n"));
}

TEST_F(LogTest, ManyCausesAreCutShort) {
  plan::ChangeSet changes;
  for (int i = 0; i < 1'000; ++i) changes.causes.push_back({"zone acme.example", std::nullopt});
  const std::string line = lineOf(publishedOf(changes));
  EXPECT_LT(line.size(), 400U);
  EXPECT_NE(line.find(", ...\""), std::string::npos) << line;
}

TEST_F(LogTest, WhatIsAllWellIsForDebuggingOnly) {
  out_->set_level(spdlog::level::info);
  EXPECT_EQ(lineOf(xfr::ZoneCurrent{kAcme, kNs1, dns::Serial(7), zoneName(kAcme)}), "");
  EXPECT_EQ(lineOf(ports::NotifyReceived{xfr::NotifyResult::accepted, "acme.example", "::1"}), "");
}

TEST_F(LogTest, AnUnreadableNotifyHasNoZone) {
  EXPECT_EQ(lineOf(ports::NotifyReceived{xfr::NotifyResult::malformed, "", "192.0.2.1"}),
            "warning NOTIFY malformed zone=- sender=192.0.2.1\n");
}

TEST_F(LogTest, TextOfZoneOwnersStaysOnItsLineAndInItsField) {
  const std::string line =
      lineOf(ports::ClaimWarning{"acme.example", "tag x\nerror zone has expired zone=y\x1b[2J"});
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_TRUE(line.ends_with(" domain=acme.example\n"));
  EXPECT_TRUE(lineOf(failureOf(kOdd, "tsig"))
                  .ends_with(R"( zone="a\\032zone=x.example" primary=ns1 reason=tsig)"
                             "\n"));
}

TEST_F(LogTest, BracesInATextAreNoFormat) {
  EXPECT_EQ(lineOf(ports::StoreTrouble{"zonecast:{test}:log {} {0}"}),
            "warning store: zonecast:{test}:log {} {0}\n");
}

TEST_F(LogTest, TheSameFailureIsToldOnceAMinuteWithItsRepeats) {
  EXPECT_NE(lineOf(failureOf(kAcme, "timeout")), "");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(lineOf(failureOf(kAcme, "timeout")), "");
  EXPECT_NE(lineOf(failureOf(kAcme, "tsig")), "") << "another reason";
  EXPECT_NE(lineOf(failureOf(kOdd, "timeout")), "") << "another zone";
  clock_.advance(std::chrono::seconds{60});
  EXPECT_TRUE(lineOf(failureOf(kAcme, "timeout")).ends_with(" reason=timeout repeats=5\n"));
}

TEST_F(LogTest, StrangersWithInventedAddressesDoNotFillTheLog) {
  for (int i = 0; i < 5'000; ++i) log_.record(strangerFrom(std::to_string(i)));
  for (int i = 0; i < 5'000; ++i) {
    log_.record(ports::ClaimWarning{std::to_string(i) + ".example", "spoilt"});
  }
  const std::string text = logged();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 * Repeats::kLinesMax);
  EXPECT_NE(lineOf(failureOf(kAcme, "timeout")), "") << "one kind does not silence another";
  clock_.advance(std::chrono::seconds{60});
  EXPECT_TRUE(lineOf(strangerFrom("::1")).ends_with(" sender=::1 others=4900\n"));
}

}  // namespace
}  // namespace zonecast::journal
