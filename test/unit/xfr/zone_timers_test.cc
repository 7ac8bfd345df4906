#include "reconciler/xfr/zone_timers.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace zonecast::xfr {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kNoJitter = 0;
constexpr std::uint32_t kMostJitter = std::numeric_limits<std::uint32_t>::max();
constexpr TimerClamps kClamps;
constexpr SoaIntervals kIntervals{.refresh = 1h, .retry = 1min, .expire = 24h * 7};

Now at(Duration since_start) {
  return {Instant(1h) + since_start, WallTime(24h * 20'000) + since_start};
}

dns::Soa soa(std::uint32_t refresh_s, std::uint32_t retry_s, std::uint32_t expire_s) {
  dns::Soa soa;
  soa.refresh_s = refresh_s;
  soa.retry_s = retry_s;
  soa.expire_s = expire_s;
  return soa;
}

ZoneTimers timersAfterSuccess(const SoaIntervals& intervals = kIntervals) {
  ZoneTimers timers(kClamps);
  timers.succeeded(intervals, at(0s), kNoJitter);
  return timers;
}

// How long the zone waits after its n-th failure in a row.
Duration waitAfter(ZoneTimers timers, int failures, std::uint32_t jitter) {
  for (int i = 0; i < failures; ++i) timers.failed(at(0s), jitter);
  return timers.nextCheck() - at(0s).mono;
}

TEST(SoaIntervals, SaneOnesAreKept) {
  const auto intervals = clamped(soa(7200, 900, 1'209'600), kClamps);
  EXPECT_EQ(intervals.refresh, 7200s);
  EXPECT_EQ(intervals.retry, 900s);
  EXPECT_EQ(intervals.expire, 1'209'600s);
}

TEST(SoaIntervals, ZeroesAreRaisedToTheMinima) {
  const auto intervals = clamped(soa(0, 0, 0), kClamps);
  EXPECT_EQ(intervals.refresh, 30s);
  EXPECT_EQ(intervals.retry, 10s);
  EXPECT_EQ(intervals.expire, 1h);
}

TEST(SoaIntervals, TheLargestAreLoweredToTheMaxima) {
  const auto intervals = clamped(soa(0xffffffff, 0xffffffff, 0xffffffff), kClamps);
  EXPECT_EQ(intervals.refresh, 24h);
  EXPECT_EQ(intervals.retry, 1h);
  EXPECT_EQ(intervals.expire, 24h * 30);
}

TEST(ZoneTimers, AZoneThatHoldsNothingIsDueAtOnceAndNeverExpires) {
  const ZoneTimers timers(kClamps);
  EXPECT_LE(timers.nextCheck(), at(0s).mono);
  EXPECT_FALSE(timers.expired(at(24h * 10'000)));
  EXPECT_EQ(timers.lastSuccess(), std::nullopt);
  EXPECT_EQ(timers.failures(), 0u);
}

TEST(ZoneTimers, AfterASuccessRefreshIsShortenedByAtMostATenth) {
  ZoneTimers timers(kClamps);
  timers.succeeded(kIntervals, at(0s), kNoJitter);
  EXPECT_EQ(timers.nextCheck(), at(1h).mono);
  timers.succeeded(kIntervals, at(0s), kMostJitter);
  EXPECT_GE(timers.nextCheck(), at(54min).mono);
  EXPECT_LT(timers.nextCheck(), at(54min + 1s).mono);
  EXPECT_EQ(timers.lastSuccess(), at(0s).wall);
}

TEST(ZoneTimers, JitterDoesNotLeadBelowTheSmallestRefresh) {
  ZoneTimers timers(kClamps);
  timers.succeeded({.refresh = 30s, .retry = 10s, .expire = 1h}, at(0s), kMostJitter);
  EXPECT_EQ(timers.nextCheck(), at(30s).mono);
}

TEST(ZoneTimers, IntervalsFromElsewhereAreClampedToo) {
  ZoneTimers timers(kClamps);
  timers.restore({.refresh = 0s, .retry = 0s, .expire = 0s}, at(0s).wall);
  EXPECT_FALSE(timers.expired(at(1h - 1s)));
  EXPECT_EQ(waitAfter(timers, 1, kNoJitter), 10s);
  timers.succeeded({.refresh = 9'000h, .retry = 1min, .expire = 1h}, at(0s), kNoJitter);
  EXPECT_EQ(timers.nextCheck(), at(24h).mono);
}

TEST(ZoneTimers, FailuresDoubleFromRetryUpToFourFifthsOfRefresh) {
  const auto timers = timersAfterSuccess();
  EXPECT_EQ(waitAfter(timers, 1, kNoJitter), 1min);
  EXPECT_EQ(waitAfter(timers, 2, kNoJitter), 2min);
  EXPECT_EQ(waitAfter(timers, 3, kNoJitter), 4min);
  EXPECT_EQ(waitAfter(timers, 6, kNoJitter), 32min);
  EXPECT_EQ(waitAfter(timers, 7, kNoJitter), 48min);
  EXPECT_EQ(waitAfter(timers, 1000, kNoJitter), 48min);
}

TEST(ZoneTimers, JitterLengthensABackoffByAtMostAQuarter) {
  const auto timers = timersAfterSuccess();
  EXPECT_GT(waitAfter(timers, 1, kMostJitter), 74s);
  EXPECT_LE(waitAfter(timers, 1, kMostJitter), 75s);
  EXPECT_GT(waitAfter(timers, 1000, kMostJitter), 59min);
  EXPECT_LE(waitAfter(timers, 1000, kMostJitter), 1h);
}

TEST(ZoneTimers, EveryBackoffLiesBetweenRetryAndRefresh) {
  std::mt19937 random(1912);
  for (int round = 0; round < 10'000; ++round) {
    const auto refresh_s = static_cast<std::uint32_t>(random() % 100'000);
    const auto retry_s = static_cast<std::uint32_t>(random() % 5'000);
    const auto intervals = clamped(soa(refresh_s, retry_s, 0), kClamps);
    const auto wait = waitAfter(timersAfterSuccess(intervals), 1 + static_cast<int>(random() % 40),
                                static_cast<std::uint32_t>(random()));
    EXPECT_GE(wait, intervals.retry);
    EXPECT_LE(wait, std::max(intervals.retry, intervals.refresh));
  }
}

TEST(ZoneTimers, AZoneThatWasNeverTransferredBacksOffFromTheMinima) {
  const ZoneTimers timers(kClamps);
  EXPECT_EQ(waitAfter(timers, 1, kNoJitter), 10s);
  EXPECT_EQ(waitAfter(timers, 2, kNoJitter), 20s);
  EXPECT_EQ(waitAfter(timers, 1000, kNoJitter), 240s);
  EXPECT_LE(waitAfter(timers, 1000, kMostJitter), 300s);
}

TEST(ZoneTimers, ASuccessEndsTheBackoff) {
  auto timers = timersAfterSuccess();
  timers.failed(at(1h), kNoJitter);
  timers.failed(at(2h), kNoJitter);
  EXPECT_EQ(timers.failures(), 2u);
  timers.succeeded(kIntervals, at(3h), kNoJitter);
  EXPECT_EQ(timers.failures(), 0u);
  EXPECT_EQ(timers.nextCheck(), at(4h).mono);
  timers.failed(at(4h), kNoJitter);
  EXPECT_EQ(timers.nextCheck(), at(4h + 1min).mono);
}

TEST(ZoneTimers, ExpireCountsFromTheLastSuccessWhateverFailsMeanwhile) {
  auto timers = timersAfterSuccess();
  timers.failed(at(24h * 6), kNoJitter);
  EXPECT_FALSE(timers.expired(at(24h * 7 - 1us)));
  EXPECT_TRUE(timers.expired(at(24h * 7)));
  timers.succeeded(kIntervals, at(24h * 8), kNoJitter);
  EXPECT_FALSE(timers.expired(at(24h * 8)));
}

TEST(ZoneTimers, ARestoredCopyIsDueAtOnceAndExpiresByTheWallClock) {
  ZoneTimers timers(kClamps);
  timers.restore(kIntervals, at(0s).wall - 24h * 7 + 1s);
  EXPECT_LE(timers.nextCheck(), at(0s).mono);
  EXPECT_FALSE(timers.expired(at(0s)));
  EXPECT_TRUE(timers.expired(at(1s)));
}

TEST(ZoneTimers, AbsurdTimesFromADiskOverflowNothing) {
  ZoneTimers timers(kClamps);
  timers.restore(kIntervals, WallTime::min());
  EXPECT_TRUE(timers.expired(at(0s)));
  timers.restore(kIntervals, WallTime::max());
  EXPECT_FALSE(timers.expired(at(0s)));
}

}  // namespace
}  // namespace zonecast::xfr
