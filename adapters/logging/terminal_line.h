// How far long work is, in one line of a terminal that is rewritten: nothing where there is none,
// and nothing of work that is short. The line is gone when it is destroyed. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <unistd.h>

namespace zonecast::logging {

class TerminalLine {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TerminalLine(int fd = STDERR_FILENO, Clock::duration patience = std::chrono::seconds{2});
  ~TerminalLine() { clear(); }
  TerminalLine(const TerminalLine&) = delete;
  TerminalLine& operator=(const TerminalLine&) = delete;

  // Whether show() would write: for who must reckon first.
  bool isDue() const { return is_terminal_ && Clock::now() >= due_; }
  // Asked as often as one likes. `what` is one of a few literals; with another, the time that is
  // left is reckoned anew. 0 in all: it is not known.
  void show(std::string_view what, std::uint64_t done, std::uint64_t in_all);
  void clear();

 private:
  const int fd_;
  const bool is_terminal_;
  Clock::time_point due_;
  std::string_view what_;
  Clock::time_point begun_;
  bool is_shown_ = false;
};

}  // namespace zonecast::logging
