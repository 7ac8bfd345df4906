// Rows of a table that was printed as text: CSV (RFC 4180), or, when there is a tab in the first
// line, what `mysql -B` prints, where \t, \n, \\ and \0 stand for what they do in C, and NULL for
// no value. Not thread-safe.
#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace zonecast::kamailio {

struct Row {
  std::vector<std::string> cells;  // one at least
};

class RowReader {
 public:
  // A row has at most so many octets. The text must outlive the reader.
  RowReader(std::istream& text, std::size_t row_octets_max);

  // Nothing: there are no more. Lines with nothing in them are no rows.
  tl::expected<std::optional<Row>, std::string> next();
  // Where the row begins that was read last, or could not be.
  std::size_t line() const { return row_line_; }

 private:
  // Of the text as it is: the lines of one row, without the last one's end. False: there is none.
  tl::expected<bool, std::string> readLines();
  tl::expected<bool, std::string> addLine();
  tl::expected<Row, std::string> commaSeparated() const;
  Row tabSeparated() const;

  std::istream& text_;
  const std::size_t row_octets_max_;
  std::size_t line_ = 0, row_line_ = 0;
  std::optional<bool> has_tabs_;
  std::string row_;
};

}  // namespace zonecast::kamailio
