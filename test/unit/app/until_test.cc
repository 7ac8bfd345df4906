#include "app/zonecastd/until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::HasSubstr;

const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + hours(12);

std::string read(std::string_view text) {
  const auto until = untilFromText(text, kNow);
  return until ? untilText(*until) : until.error();
}

TEST(Until, IsADayATimeOrASpanFromNowOn) {
  EXPECT_EQ(read("2026-12-24"), "2026-12-24T00:00:00Z");
  EXPECT_EQ(read("2026-12-24T18:30:05Z"), "2026-12-24T18:30:05Z");
  EXPECT_EQ(read("45s"), "2026-11-27T12:00:45Z");
  EXPECT_EQ(read("30m"), "2026-11-27T12:30:00Z");
  EXPECT_EQ(read("2h"), "2026-11-27T14:00:00Z");
  EXPECT_EQ(read("3d"), "2026-11-30T12:00:00Z");
  EXPECT_EQ(read("2028-02-29"), "2028-02-29T00:00:00Z");
}

TEST(Until, IsNothingElse) {
  for (const char* text : {"", "h", "2", "2w", "2 h", "-2h", "+2h", "2h30m", "2027-02-29",
                           "2026-13-01", "2026-12-24T18:00", "2026-12-24T24:00:00Z",
                           "2026-12-24T18:60:00Z", "2026-12-24T18:00:00+01:00", "2026/12/24",
                           "2026-12-2x", "99999999999999h", "4294967295d", "tomorrow"}) {
    EXPECT_THAT(read(text), HasSubstr("such as 2026-12-24T18:00:00Z")) << text;
  }
}

TEST(Until, IsToComeAndNotForEver) {
  EXPECT_EQ(read("2026-11-27"), "2026-11-27 is over already");
  EXPECT_EQ(read("0s"), "0s is over already");
  EXPECT_EQ(read("3650d"), untilText(plan::deadlineAt(kNow + days(3650))));
  EXPECT_THAT(read("3651d"), HasSubstr("3650d at most"));
  EXPECT_THAT(read("2036-12-01"), HasSubstr("3650 days from now at most"));
}

}  // namespace
}  // namespace zonecast
