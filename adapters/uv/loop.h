// The event loop: libuv's, with the time, timers, signals and wake-ups that the adapters share.
//
// A turn is what runs between two waits: the callbacks of what became ready, or of the timers that
// became due. The clock is read at most once in it (libuv tells nobody when a wait ends, so the
// first now() of a turn reads it). No callback is called from inside a call. What fails only for
// want of memory or descriptors while a process starts ends it, with a sentence.
//
// Everything made with a loop must be gone before the loop is. Thread-safety: none, except for
// Wakeup::wake().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "adapters/uv/handle.h"
#include "reconciler/ports/clock.h"
#include "reconciler/time.h"

namespace zonecast::uv {

// What libuv calls back for.
enum class Callback { timer, work, signal, wakeup, stream, datagram, store, control, http, turn };

std::string_view toText(Callback callback);

class Loop final : public ports::Clock {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop(), or until nothing is left that could happen
  void stop();  // after the present callback

  Now now() const override;

  // Destroys `owner` before the next wait: the way for something to end inside its own callback.
  void deleteLater(std::shared_ptr<void> owner) { doomed_.push_back(std::move(owner)); }

  // Told before each wait how much CPU time this thread used since the last one.
  using TurnObserver = std::function<void(Duration cpu)>;
  void observeTurns(TurnObserver observer) { observer_ = std::move(observer); }

  // Told after each callback how much CPU time of this thread it used, and nothing else could
  // happen meanwhile; of a short one, how long it took, which is never less and much cheaper to
  // know.
  using CallbackObserver = std::function<void(Callback callback, Duration cpu)>;
  void observeCallbacks(CallbackObserver observer) { callback_observer_ = std::move(observer); }

  // What libuv calls back comes through here, one line in a C function. `call` may destroy its
  // owner, but not the loop.
  template <typename Call>
  void dispatch(Callback callback, Call&& call) {
    if (!callback_observer_) return call();
    const Instant began = clockTime();
    call();
    observeCallback(callback, clockTime() - began);
  }

  // Where sockets read to, one read at a time: what a callback is given is gone when it returns.
  std::span<char> readBuffer() { return read_buffer_; }

  uv_loop_t* raw() { return &loop_; }

 private:
  static Duration threadCpuTime();
  static Instant clockTime();
  void observeCallback(Callback callback, Duration took);
  void beforeWait();
  void afterReady();
  void destroyDoomed();
  void observeTurn();

  uv_loop_t loop_{};
  Handle<uv_prepare_t> prepare_;
  Handle<uv_check_t> check_;
  mutable std::optional<Now> now_;
  TurnObserver observer_;
  CallbackObserver callback_observer_;
  Duration cpu_at_last_wait_{}, cpu_at_last_reading_{};
  std::vector<std::shared_ptr<void>> doomed_;
  std::vector<char> read_buffer_;
};

// Calls back once, at a time or later. A time that has passed means the next millisecond: a timer
// that is set again in its own callback never starves the rest.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_due, Callback callback = Callback::timer);
  void startAt(Instant at);  // instead of what was set before
  void after(Duration delay) { startAt(loop_.now().mono + delay); }
  void stop();

 private:
  void onDue() { loop_.dispatch(callback_, on_due_); }

  Loop& loop_;
  const Callback callback_;
  std::function<void()> on_due_;
  Handle<uv_timer_t> handle_;
};

// Calls back once, when the present callback has returned and what is ready had its turn: for work
// done in slices, and for what must not be reported from inside a call.
class Soon {
 public:
  Soon(Loop& loop, std::function<void()> on_turn, Callback callback = Callback::work);
  void schedule();
  void cancel();

 private:
  void onTurn();

  Loop& loop_;
  const Callback callback_;
  std::function<void()> on_turn_;
  Handle<uv_idle_t> handle_;
};

class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> on_signal);

 private:
  void onSignal() { loop_.dispatch(Callback::signal, on_signal_); }

  Loop& loop_;
  std::function<void()> on_signal_;
  Handle<uv_signal_t> handle_;
};

// Calls back on the loop after wake() from any thread; several wakes may make one call. The threads
// that wake it must be joined before it goes. It does not keep the loop running.
class Wakeup {
 public:
  Wakeup(Loop& loop, std::function<void()> on_wake);
  void wake();

 private:
  void onWake() { loop_.dispatch(Callback::wakeup, on_wake_); }

  Loop& loop_;
  std::function<void()> on_wake_;
  Handle<uv_async_t> handle_;
};

}  // namespace zonecast::uv
