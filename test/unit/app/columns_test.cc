#include "app/zonecast/columns.h"

#include <sstream>

#include <gtest/gtest.h>

namespace zonecast {
namespace {

std::string printed(const std::vector<std::vector<std::string>>& rows) {
  Columns table;
  for (const auto& row : rows) table.row(row);
  std::ostringstream out;
  table.print(out);
  return out.str();
}

TEST(Columns, ColumnsAreAsWideAsTheirWidestCellAndTwoBlanksApart) {
  EXPECT_EQ(printed({{"ZONE", "SERIAL", "STATE"}, {"acme.example", "7", "current"}}),
            "ZONE          SERIAL  STATE\n"
            "acme.example  7       current\n");
}

TEST(Columns, NoLineEndsInBlanks) {
  EXPECT_EQ(printed({{"a", "b"}, {"long", ""}, {"", ""}}), "a     b\nlong\n\n");
}

TEST(Columns, RowsMayBeOfDifferentLengths) {
  EXPECT_EQ(printed({{"a"}, {"b", "c", "d"}, {}}), "a\nb  c  d\n\n");
  EXPECT_EQ(printed({}), "");
}

TEST(Columns, ARowIsOneLineOfPrintableText) {
  EXPECT_EQ(printed({{"greeting", "hi\nzone  \x1b[31mdown"}, {"ü", "x"}}),
            "greeting  hi\\010zone  \\027[31mdown\n"
            "\\195\\188  x\n");
}

}  // namespace
}  // namespace zonecast
