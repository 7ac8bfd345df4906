#include "adapters/kamailio/attribute_row.h"

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace zonecast::kamailio {
namespace {

using namespace std::string_view_literals;

void expectRow(const table::Value& value, int type, std::string_view text) {
  const auto row = attributeRow(value);
  ASSERT_TRUE(row) << text;
  EXPECT_EQ(row->type, type) << text;
  EXPECT_EQ(row->value, text);
}

TEST(AttributeRow, IntegersAreIntegersAndAllElseIsText) {
  expectRow(std::int64_t{7}, 0, "7");
  expectRow(std::int64_t{0}, 0, "0");
  expectRow(std::int64_t{-7}, 0, "-7");
  expectRow("open"sv, 2, "open");
  expectRow("7"sv, 2, "7");
  expectRow(""sv, 2, "");
  expectRow(true, 2, "true");
  expectRow(false, 2, "false");
  expectRow(table::Seconds{3600}, 2, "3600s");
}

TEST(AttributeRow, AnIntegerThatKamailioCannotHoldIsText) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  expectRow(kMin, 0, "-2147483648");
  expectRow(kMax, 0, "2147483647");
  expectRow(kMin - 1, 2, "-2147483649");
  expectRow(kMax + 1, 2, "2147483648");
  expectRow(std::numeric_limits<std::int64_t>::min(), 2, "-9223372036854775808");
}

TEST(AttributeRow, AnythingButANulIsTakenAsItIs) {
  expectRow("'; DROP TABLE domain; -- \\ \xc3\xa9 \x01 \r\n"sv, 2,
            "'; DROP TABLE domain; -- \\ \xc3\xa9 \x01 \r\n");
  EXPECT_FALSE(attributeRow("open\0evil"sv));
  EXPECT_FALSE(attributeRow("\0"sv));
}

}  // namespace
}  // namespace zonecast::kamailio
