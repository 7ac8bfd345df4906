// Calls back once a second from now on, as long as it lives.
#pragma once

#include <functional>
#include <utility>

#include "adapters/uv/loop.h"

namespace zonecast::uv {

class EverySecond {
 public:
  EverySecond(Loop& loop, std::function<void()> on_second)
      : on_second_(std::move(on_second)), timer_(loop, [this] { onSecond(); }) {
    timer_.after(kSecond);
  }

 private:
  static constexpr std::chrono::seconds kSecond{1};

  void onSecond() {
    on_second_();
    timer_.after(kSecond);
  }

  const std::function<void()> on_second_;
  Timer timer_;
};

}  // namespace zonecast::uv
