// One line of the log: words first, then name=value fields.
//
// Invariants: one line of printable ASCII, whatever was put in; other octets stand as \DDD, as in a
// zone file. A value that is empty, or has a blank, a quote or a `=`, stands in double quotes, with
// a \ before each quote and \ in it. So whoever chose a value cannot forge a field.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace zonecast::journal {

class Line {
 public:
  explicit Line(std::string_view words);

  template <typename T>
  Line& add(std::string_view name, const T& value) {
    return addText(name, fmt::format("{}", value));
  }

  const std::string& text() const { return text_; }

 private:
  Line& addText(std::string_view name, std::string_view value);

  std::string text_;
};

}  // namespace zonecast::journal
