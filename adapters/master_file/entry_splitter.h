// A master file's entries (RFC 1035 section 5.1): each one line again, without its comments and
// with what parentheses held together joined by blanks.
//
// Quotes and backslashes are left as they are, for whoever reads the entry's fields. Invariant: no
// entry is longer than kEntryOctetsMax, and none has a NUL or a line's end in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace zonecast::master_file {

// RDATA of 65,535 octets, each escaped as \DDD, and what stands before it.
inline constexpr std::size_t kEntryOctetsMax = 4 * 65'535 + 4096;

struct Trouble {
  std::uint32_t line = 0;  // counted from 1
  std::string text;
};

struct Entry {
  std::uint32_t line = 0;  // where it begins
  std::string text;        // begins with a blank when the owner is left out
};

class EntrySplitter {
 public:
  // `text` must outlive it.
  explicit EntrySplitter(std::string_view text) : rest_(text) {}

  // The next one that says anything, or nothing at the end.
  tl::expected<std::optional<Entry>, Trouble> next();

 private:
  tl::expected<void, Trouble> readEntry(Entry& entry);
  tl::expected<void, Trouble> readQuoted(Entry& entry);
  void skipComment();
  char take();

  std::string_view rest_;
  std::uint32_t line_ = 1;
};

}  // namespace zonecast::master_file
