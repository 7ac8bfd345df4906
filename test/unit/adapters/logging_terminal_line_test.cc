#include <array>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/logging/terminal_line.h"

namespace zonecast::logging {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;

// A terminal, and what is written to it.
class Terminal {
 public:
  Terminal() : screen_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    grantpt(screen_);
    unlockpt(screen_);
    line_ = open(ptsname(screen_), O_RDWR | O_NOCTTY);
  }
  ~Terminal() {
    close(line_);
    close(screen_);
  }
  int line() const { return line_; }
  std::string shown() const {
    std::array<char, 4096> octets;
    const ssize_t count = read(screen_, octets.data(), octets.size());
    return count > 0 ? std::string(octets.data(), static_cast<std::size_t>(count)) : std::string();
  }

 private:
  int screen_, line_;
};

TEST(TerminalLine, ShowsHowFarItIsAndGoesAway) {
  const Terminal terminal;
  {
    TerminalLine line(terminal.line(), milliseconds{0});
    line.show("seeds", 0, 10);
    EXPECT_EQ(terminal.shown(), "\r\x1b[Kseeds: 0 of 10");
    std::this_thread::sleep_for(milliseconds{250});
    line.show("seeds", 5, 10);
    EXPECT_THAT(terminal.shown(), HasSubstr("seeds: 5 of 10, 0 s left"));
  }
  EXPECT_EQ(terminal.shown(), "\r\x1b[K");
}

TEST(TerminalLine, WhatIsNotKnownInAllIsAnAmount) {
  const Terminal terminal;
  TerminalLine line(terminal.line(), milliseconds{0});
  line.show("zones", 7, 0);
  EXPECT_THAT(terminal.shown(), EndsWith("zones: 7"));
}

TEST(TerminalLine, ShortWorkLeavesNoTrace) {
  const Terminal terminal;
  {
    TerminalLine line(terminal.line());
    for (std::uint64_t done = 0; done < 1000; ++done) line.show("seeds", done, 1000);
  }
  EXPECT_EQ(terminal.shown(), "");
}

TEST(TerminalLine, IsNotRewrittenMoreOftenThanAnybodyReads) {
  const Terminal terminal;
  TerminalLine line(terminal.line(), milliseconds{0});
  for (std::uint64_t done = 0; done < 1000; ++done) line.show("seeds", done, 1000);
  EXPECT_LT(terminal.shown().size(), 200u);
}

TEST(TerminalLine, IsNothingWhereThereIsNoTerminal) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_NONBLOCK), 0);
  { TerminalLine(ends[1], milliseconds{0}).show("seeds", 1, 2); }
  char octet = 0;
  EXPECT_EQ(read(ends[0], &octet, 1), -1);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace zonecast::logging
