#include "adapters/logging/terminal_line.h"

#include <string>

#include <fmt/format.h>

namespace zonecast::logging {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
constexpr std::string_view kClearLine = "\r\x1b[K";

std::string secondsLeft(TerminalLine::Clock::duration took, std::uint64_t done,
                        std::uint64_t in_all) {
  if (done == 0 || done >= in_all) return {};
  const double left = std::chrono::duration<double>(took).count() / static_cast<double>(done) *
                      static_cast<double>(in_all - done);
  return fmt::format(", {:.0f} s left", left);
}

void write(int fd, std::string_view text) {
  static_cast<void>(!::write(fd, text.data(), text.size()));  // it is only for who looks at it
}

}  // namespace

TerminalLine::TerminalLine(int fd, Clock::duration patience)
    : fd_(fd), is_terminal_(::isatty(fd) == 1), due_(Clock::now() + patience) {}

void TerminalLine::show(std::string_view what, std::uint64_t done, std::uint64_t in_all) {
  if (!is_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (what != what_) {
    what_ = what;
    begun_ = now;
  }
  if (now < due_) return;
  due_ = now + kInterval;
  const std::string amount = in_all == 0 ? fmt::format("{}", done)
                                         : fmt::format("{} of {}{}", done, in_all,
                                                       secondsLeft(now - begun_, done, in_all));
  write(fd_, fmt::format("{}{}: {}", kClearLine, what, amount));
  is_shown_ = true;
}

void TerminalLine::clear() {
  if (is_shown_) write(fd_, kClearLine);
  is_shown_ = false;
}

}  // namespace zonecast::logging
