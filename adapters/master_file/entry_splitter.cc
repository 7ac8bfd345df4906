#include "adapters/master_file/entry_splitter.h"

#include <algorithm>

#include <fmt/format.h>

namespace zonecast::master_file {

namespace {

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

}  // namespace

char EntrySplitter::take() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  if (c == '\n') ++line_;
  return c;
}

void EntrySplitter::skipComment() {
  rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
}

tl::expected<std::optional<Entry>, Trouble> EntrySplitter::next() {
  while (!rest_.empty()) {
    Entry entry{.line = line_, .text = {}};
    if (auto read = readEntry(entry); !read) return tl::unexpected(std::move(read.error()));
    if (!std::ranges::all_of(entry.text, isBlank)) return entry;
  }
  return std::nullopt;
}

tl::expected<void, Trouble> EntrySplitter::readEntry(Entry& entry) {
  const auto fail = [&entry](std::string text) {
    return tl::unexpected(Trouble{entry.line, std::move(text)});
  };
  std::uint32_t open = 0;
  while (!rest_.empty()) {
    if (entry.text.size() >= kEntryOctetsMax) {
      return fail(fmt::format("it is longer than {} octets", kEntryOctetsMax));
    }
    const std::uint32_t line = line_;
    const char c = take();
    if (c == '\0') return tl::unexpected(Trouble{line, "a NUL octet: this is no text"});
    if (c == '\n') {
      if (open == 0) return {};
      entry.text += ' ';
    } else if (c == ';') {
      skipComment();
    } else if (c == '(') {
      ++open;
      entry.text += ' ';
    } else if (c == ')') {
      if (open == 0) return fail("a ) without a (");
      --open;
      entry.text += ' ';
    } else if (c == '"') {
      if (auto quoted = readQuoted(entry); !quoted) return quoted;
    } else if (c == '\\' && !rest_.empty() && rest_.front() != '\n') {
      entry.text += c;
      if (rest_.front() == '\0') return fail("a NUL octet: this is no text");
      entry.text += take();
    } else {
      entry.text += isBlank(c) ? ' ' : c;
    }
  }
  if (open > 0) return fail("a ( that is not closed");
  return {};
}

tl::expected<void, Trouble> EntrySplitter::readQuoted(Entry& entry) {
  entry.text += '"';
  while (!rest_.empty() && rest_.front() != '\n' && entry.text.size() < kEntryOctetsMax) {
    const char c = take();
    if (c == '\0') break;
    entry.text += c;
    if (c == '"') return {};
    const bool escapes =
        c == '\\' && !rest_.empty() && rest_.front() != '\n' && rest_.front() != '\0';
    if (escapes) entry.text += take();
  }
  return tl::unexpected(Trouble{line_, "a \" that is not closed in its line"});
}

}  // namespace zonecast::master_file
