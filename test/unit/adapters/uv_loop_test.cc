#include <algorithm>
#include <csignal>
#include <ctime>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/uv/loop.h"
#include "test/unit/adapters/uv_testing.h"

namespace zonecast::uv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(UvLoop, EndsByItselfWhenNothingCanHappen) {
  Loop loop;
  loop.run();
}

TEST(UvLoop, TheTimeStandsStillWithinATurnAndMovesBetweenTurns) {
  Loop loop;
  Instant first{};
  Instant later{};
  Timer next(loop, [&] { later = loop.now().mono; });
  Timer timer(loop, [&] {
    first = loop.now().mono;
    std::this_thread::sleep_for(milliseconds{3});
    EXPECT_EQ(loop.now().mono, first);
    next.after(milliseconds{1});
  });
  timer.after(milliseconds{1});
  loop.run();
  EXPECT_GE(later - first, milliseconds{3});
}

TEST(UvLoop, TimesAreThoseOfTheSystemClocks) {
  Loop loop;
  const Now now = loop.now();
  EXPECT_LT(std::chrono::steady_clock::now() - now.mono, seconds{5});
  EXPECT_LT(std::chrono::system_clock::now() - now.wall, seconds{5});
}

TEST(UvTimer, IsNeverEarlyByTheTurnsOwnTime) {
  Loop loop;
  int fired = 0;
  Instant due{};
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    EXPECT_GE(loop.now().mono, due);
    if (++fired == 50) return;
    due = loop.now().mono + Duration{777};
    timer->startAt(due);
  });
  due = loop.now().mono + Duration{1};
  timer->startAt(due);
  loop.run();
  EXPECT_EQ(fired, 50);
}

TEST(UvTimer, WhoseTimeHasPassedFiresInALaterTurnAndStarvesNobody) {
  Loop loop;
  bool other_fired = false;
  std::unique_ptr<Timer> greedy;
  greedy = std::make_unique<Timer>(loop, [&] {
    if (!other_fired) greedy->startAt(loop.now().mono - seconds{1});
  });
  Timer other(loop, [&] { other_fired = true; });
  greedy->after(Duration{0});
  other.after(milliseconds{5});
  loop.run();
  EXPECT_TRUE(other_fired);
}

TEST(UvTimer, StoppedOrSetAnewForgetsTheOldTime) {
  Loop loop;
  int fired = 0;
  Timer stopped(loop, [&] { ++fired; });
  Timer moved(loop, [&] { fired += 10; });
  stopped.after(milliseconds{1});
  moved.after(milliseconds{1});
  stopped.stop();
  moved.after(milliseconds{2});
  loop.run();
  EXPECT_EQ(fired, 10);
}

TEST(UvTimer, SetForTheEndOfTimeWaits) {
  Loop loop;
  bool fired = false;
  Timer never(loop, [&] { fired = true; });
  never.startAt(Instant::max());
  runFor(loop, milliseconds{5});
  EXPECT_FALSE(fired);
}

TEST(UvSoon, RunsOncePerScheduleWithoutWaitingAndNotInsideTheCall) {
  Loop loop;
  int turns = 0;
  std::unique_ptr<Soon> soon;
  soon = std::make_unique<Soon>(loop, [&] {
    if (++turns < 1000) soon->schedule();
  });
  soon->schedule();
  EXPECT_EQ(turns, 0);
  const Instant start = loop.now().mono;
  loop.run();
  EXPECT_EQ(turns, 1000);
  EXPECT_LT(loop.now().mono - start, milliseconds{900});
}

TEST(UvSoon, LetsTimersHaveTheirTurn) {
  Loop loop;
  bool fired = false;
  std::unique_ptr<Soon> soon;
  soon = std::make_unique<Soon>(loop, [&] {
    if (!fired) soon->schedule();
  });
  Timer timer(loop, [&] { fired = true; });
  timer.after(milliseconds{3});
  soon->schedule();
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(UvSoon, CancelledDoesNotRun) {
  Loop loop;
  bool ran = false;
  Soon soon(loop, [&] { ran = true; });
  soon.schedule();
  soon.cancel();
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(UvLoop, DeletesLaterWhatEndsInItsOwnCallback) {
  struct SelfEnding {
    explicit SelfEnding(Loop& on) : loop(on), timer(on, [this] { end(); }) {
      timer.after(Duration{1});
    }
    ~SelfEnding() { *gone = true; }
    void end() {
      loop.deleteLater(std::move(self));
      EXPECT_FALSE(*gone);
      ended = true;  // still there
    }
    Loop& loop;
    Timer timer;
    bool* gone = nullptr;
    bool ended = false;
    std::shared_ptr<SelfEnding> self;
  };
  Loop loop;
  bool gone = false;
  {
    auto owner = std::make_shared<SelfEnding>(loop);
    owner->gone = &gone;
    owner->self = owner;
  }
  EXPECT_FALSE(gone);
  loop.run();
  EXPECT_TRUE(gone);
}

TEST(UvLoop, TellsTheCpuTimeOfATurnButNotTheWait) {
  Loop loop;
  std::vector<Duration> turns;
  loop.observeTurns([&](Duration cpu) { turns.push_back(cpu); });
  Timer busy(loop, [&] {
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 50;
    while (std::clock() < end) {
    }
  });
  busy.after(milliseconds{100});
  loop.run();
  ASSERT_FALSE(turns.empty());
  const Duration longest = *std::max_element(turns.begin(), turns.end());
  EXPECT_GE(longest, milliseconds{18});
  EXPECT_LT(longest, milliseconds{90});
}

TEST(UvLoop, TellsTheCpuTimeOfEachCallbackByItsKind) {
  Loop loop;
  std::map<Callback, Duration> longest;
  loop.observeCallbacks([&](Callback callback, Duration cpu) {
    longest[callback] = std::max(longest[callback], cpu);
  });
  Soon cheap(
      loop, [] {}, Callback::store);
  Timer busy(loop, [&] {
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 50;
    while (std::clock() < end) {
    }
    cheap.schedule();
  });
  busy.after(milliseconds{10});
  loop.run();
  EXPECT_GE(longest.at(Callback::timer), milliseconds{18});
  EXPECT_LT(longest.at(Callback::store), milliseconds{18});
  EXPECT_LT(longest.at(Callback::turn), milliseconds{18});
}

TEST(UvSignal, CallsBackOnTheLoop) {
  Loop loop;
  int seen = 0;
  Signal signal(loop, SIGUSR1, [&] {
    ++seen;
    loop.stop();
  });
  ASSERT_EQ(std::raise(SIGUSR1), 0);
  EXPECT_EQ(seen, 0);
  loop.run();
  EXPECT_EQ(seen, 1);
}

TEST(UvWakeup, ComesFromAnotherThread) {
  Loop loop;
  const auto main_thread = std::this_thread::get_id();
  bool woken = false;
  Wakeup wakeup(loop, [&] {
    EXPECT_EQ(std::this_thread::get_id(), main_thread);
    woken = true;
  });
  std::thread other([&] { wakeup.wake(); });
  EXPECT_TRUE(runUntil(loop, [&] { return woken; }));
  other.join();
}

TEST(UvLoopDeathTest, AHandleThatOutlivesItsLoopIsABug) {
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>();
        Timer timer(*loop, [] {});
        timer.after(seconds{1});
        loop.reset();
      },
      "does a handle outlive its loop");
}

}  // namespace
}  // namespace zonecast::uv
