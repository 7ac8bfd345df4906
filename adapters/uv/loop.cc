#include "adapters/uv/loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace zonecast::uv {

namespace {

// Four datagrams of any size for one recvmmsg, or 64 KiB at a time of a stream (see TcpStream).
constexpr std::size_t kReadBufferOctets = 4 * 64 * 1024;

// Of callbacks that take longer the CPU time is read.
constexpr Duration kLongCallback = std::chrono::milliseconds{1};

// Closing takes a turn; a signal that was caught on the way takes another.
constexpr int kTurnsToClose = 4;

}  // namespace

void must(int result, std::string_view call) {
  if (result >= 0) return;
  fmt::print(stderr, "{}: {}\n", call, uv_strerror(result));
  std::abort();
}

std::string_view toText(Callback callback) {
  switch (callback) {
    case Callback::timer:
      return "timer";
    case Callback::work:
      return "work";
    case Callback::signal:
      return "signal";
    case Callback::wakeup:
      return "wakeup";
    case Callback::stream:
      return "stream";
    case Callback::datagram:
      return "datagram";
    case Callback::store:
      return "store";
    case Callback::control:
      return "control";
    case Callback::http:
      return "http";
    case Callback::turn:
      return "turn";
  }
  return "turn";
}

// -- Loop

Duration Loop::threadCpuTime() {
  timespec used{};
  must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 ? 0 : UV_EINVAL, "clock_gettime");
  return std::chrono::duration_cast<Duration>(std::chrono::seconds{used.tv_sec} +
                                              std::chrono::nanoseconds{used.tv_nsec});
}

Instant Loop::clockTime() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

Loop::Loop() : read_buffer_(kReadBufferOctets) {
  must(uv_loop_init(&loop_), "uv_loop_init");
  prepare_ = mustOpenHandle<uv_prepare_t>(this, "uv_prepare_init", [&](uv_prepare_t* handle) {
    return uv_prepare_init(&loop_, handle);
  });
  check_ = mustOpenHandle<uv_check_t>(
      this, "uv_check_init", [&](uv_check_t* handle) { return uv_check_init(&loop_, handle); });
  must(uv_prepare_start(
           prepare_.get(),
           [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->beforeWait(); }),
       "uv_prepare_start");
  must(uv_check_start(check_.get(),
                      [](uv_check_t* handle) { static_cast<Loop*>(handle->data)->afterReady(); }),
       "uv_check_start");
  uv_unref(asHandle(prepare_.get()));
  uv_unref(asHandle(check_.get()));
}

Loop::~Loop() {
  destroyDoomed();
  prepare_.reset();
  check_.reset();
  int result = uv_loop_close(&loop_);
  for (int turn = 0; result == UV_EBUSY && turn < kTurnsToClose; ++turn) {
    uv_run(&loop_, UV_RUN_NOWAIT);
    result = uv_loop_close(&loop_);
  }
  must(result, "uv_loop_close (does a handle outlive its loop?)");
}

void Loop::run() {
  now_.reset();
  cpu_at_last_reading_ = cpu_at_last_wait_ = threadCpuTime();
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(&loop_);
}

Now Loop::now() const {
  using std::chrono::system_clock;
  using std::chrono::time_point_cast;
  if (!now_) {
    now_ = Now{.mono = clockTime(), .wall = time_point_cast<Duration>(system_clock::now())};
  }
  return *now_;
}

void Loop::beforeWait() {
  dispatch(Callback::turn, [this] {
    destroyDoomed();
    observeTurn();
  });
  now_.reset();
}

// Timers come next. They are compared with a clock read after this, so their turn has its own time:
// in an older one they would not be due yet.
void Loop::afterReady() {
  now_.reset();
}

void Loop::destroyDoomed() {
  while (!doomed_.empty()) std::exchange(doomed_, {}).clear();
}

void Loop::observeTurn() {
  if (!observer_) return;
  cpu_at_last_reading_ = threadCpuTime();
  observer_(cpu_at_last_reading_ - std::exchange(cpu_at_last_wait_, cpu_at_last_reading_));
}

// Since the last reading short callbacks may have used some of it, and none of it while this one
// did not run.
void Loop::observeCallback(Callback callback, Duration took) {
  if (took < kLongCallback) return callback_observer_(callback, took);
  const Duration cpu = threadCpuTime();
  callback_observer_(callback, std::min(took, cpu - std::exchange(cpu_at_last_reading_, cpu)));
}

// -- Timer

Timer::Timer(Loop& loop, std::function<void()> on_due, Callback callback)
    : loop_(loop), callback_(callback), on_due_(std::move(on_due)) {
  handle_ = mustOpenHandle<uv_timer_t>(
      this, "uv_timer_init", [&](uv_timer_t* handle) { return uv_timer_init(loop.raw(), handle); });
}

void Timer::startAt(Instant at) {
  // libuv counts whole milliseconds of the same clock; rounding up keeps a timer from being early.
  const auto due = std::chrono::ceil<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto present = static_cast<std::int64_t>(uv_now(loop_.raw()));
  const auto delay = static_cast<std::uint64_t>(std::max<std::int64_t>(due - present, 1));
  must(uv_timer_start(
           handle_.get(), [](uv_timer_t* handle) { static_cast<Timer*>(handle->data)->onDue(); },
           delay, 0),
       "uv_timer_start");
}

void Timer::stop() {
  must(uv_timer_stop(handle_.get()), "uv_timer_stop");
}

// -- Soon

Soon::Soon(Loop& loop, std::function<void()> on_turn, Callback callback)
    : loop_(loop), callback_(callback), on_turn_(std::move(on_turn)) {
  handle_ = mustOpenHandle<uv_idle_t>(
      this, "uv_idle_init", [&](uv_idle_t* handle) { return uv_idle_init(loop.raw(), handle); });
}

void Soon::schedule() {
  must(uv_idle_start(handle_.get(),
                     [](uv_idle_t* handle) { static_cast<Soon*>(handle->data)->onTurn(); }),
       "uv_idle_start");
}

void Soon::cancel() {
  must(uv_idle_stop(handle_.get()), "uv_idle_stop");
}

void Soon::onTurn() {
  cancel();
  loop_.dispatch(callback_, on_turn_);
}

// -- Signal

Signal::Signal(Loop& loop, int number, std::function<void()> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  handle_ = mustOpenHandle<uv_signal_t>(this, "uv_signal_init", [&](uv_signal_t* handle) {
    return uv_signal_init(loop.raw(), handle);
  });
  must(
      uv_signal_start(
          handle_.get(),
          [](uv_signal_t* handle, int) { static_cast<Signal*>(handle->data)->onSignal(); }, number),
      "uv_signal_start");
}

// -- Wakeup

Wakeup::Wakeup(Loop& loop, std::function<void()> on_wake)
    : loop_(loop), on_wake_(std::move(on_wake)) {
  handle_ = mustOpenHandle<uv_async_t>(this, "uv_async_init", [&](uv_async_t* handle) {
    return uv_async_init(loop.raw(), handle,
                         [](uv_async_t* woken) { static_cast<Wakeup*>(woken->data)->onWake(); });
  });
  uv_unref(asHandle(handle_.get()));
}

void Wakeup::wake() {
  must(uv_async_send(handle_.get()), "uv_async_send");
}

}  // namespace zonecast::uv
