#include "adapters/kamailio/row_reader.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace zonecast::kamailio {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

char unescaped(char escape) {
  switch (escape) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case '0':
      return '\0';
    default:
      return escape;
  }
}

}  // namespace

RowReader::RowReader(std::istream& text, std::size_t row_octets_max)
    : text_(text), row_octets_max_(row_octets_max) {}

tl::expected<std::optional<Row>, std::string> RowReader::next() {
  do {
    const auto read = readLines();
    if (!read) return tl::unexpected(read.error());
    if (!*read) return std::nullopt;
  } while (row_.empty());
  if (*has_tabs_) return tabSeparated();
  auto row = commaSeparated();
  if (!row) return tl::unexpected(row.error());
  return std::move(*row);
}

tl::expected<bool, std::string> RowReader::readLines() {
  row_.clear();
  row_line_ = line_ + 1;
  bool is_within_quotes = false;
  for (;;) {
    const std::size_t before = row_.size();
    const auto added = addLine();
    if (!added) return tl::unexpected(added.error());
    if (!*added) break;
    if (row_line_ == 1 && line_ == 1 && row_.starts_with(kByteOrderMark))
      row_.erase(0, kByteOrderMark.size());
    if (!has_tabs_ && !row_.empty()) has_tabs_ = row_.find('\t') != std::string::npos;
    const auto quotes =
        std::count(row_.begin() + static_cast<std::ptrdiff_t>(before), row_.end(), '"');
    is_within_quotes ^= quotes % 2 == 1;
    // RFC 4180 section 2, rule 6: within quotes a line's end is part of the cell.
    if (is_within_quotes && !has_tabs_.value_or(false)) {
      row_ += '\n';
      continue;
    }
    if (row_.ends_with('\r')) row_.pop_back();
    return true;
  }
  if (line_ < row_line_) {
    row_line_ = std::max<std::size_t>(line_, 1);  // the last one that there is
    return false;
  }
  return tl::unexpected<std::string>("a quote is opened that nobody closes");
}

// By octets: a line may be as long as the file is.
tl::expected<bool, std::string> RowReader::addLine() {
  constexpr int kEnd = std::char_traits<char>::eof();
  int octet = text_.get();
  if (text_.bad()) return tl::unexpected<std::string>("it cannot be read on");
  if (octet == kEnd) return false;
  ++line_;
  const auto too_long = [this] {
    return tl::unexpected(fmt::format("a row of more than {} octets", row_octets_max_));
  };
  if (row_.size() > row_octets_max_) return too_long();
  for (; octet != kEnd && octet != '\n'; octet = text_.get()) {
    if (row_.size() == row_octets_max_) return too_long();
    row_ += static_cast<char>(octet);
  }
  if (text_.bad()) return tl::unexpected<std::string>("it cannot be read on");
  return true;
}

tl::expected<Row, std::string> RowReader::commaSeparated() const {
  Row row;
  std::size_t at = 0;
  for (;;) {
    std::string& cell = row.cells.emplace_back();
    if (at < row_.size() && row_[at] == '"') {
      for (++at;; ++at) {  // the quotes are paired: there is another one
        if (row_[at] == '"' && (at + 1 == row_.size() || row_[at + 1] != '"')) break;
        if (row_[at] == '"') ++at;
        cell += row_[at];
      }
      ++at;
    } else {
      const std::size_t end = std::min(row_.find(',', at), row_.size());
      cell = row_.substr(at, end - at);
      if (cell.find('"') != std::string::npos)
        return tl::unexpected<std::string>(
            "a quote in the midst of a cell that does not begin with one");
      at = end;
    }
    if (at == row_.size()) return row;
    if (row_[at] != ',')
      return tl::unexpected<std::string>("a comma is expected behind what is quoted");
    ++at;
  }
}

Row RowReader::tabSeparated() const {
  Row row;
  for (std::size_t at = 0; at <= row_.size();) {
    const std::size_t end = std::min(row_.find('\t', at), row_.size());
    const std::string_view written = std::string_view(row_).substr(at, end - at);
    std::string& cell = row.cells.emplace_back();
    if (written != "NULL") {
      for (std::size_t i = 0; i < written.size(); ++i) {
        const bool is_escape = written[i] == '\\' && i + 1 < written.size();
        cell += is_escape ? unescaped(written[++i]) : written[i];
      }
    }
    at = end + 1;
  }
  return row;
}

}  // namespace zonecast::kamailio
