// One line of the log: words first, then name=value fields.
//
// Invariants: one line of printable ASCII, whatever was put in; other octets stand as \DDD, as in a
// zone file. A value that is empty, or has a blank, a quote or a `=`, stands in double quotes, with
// a \ before each quote and \ in it. So whoever chose a value cannot forge a field.
//
// For outputs that keep fields apart there is record(): the same octets without quotes, and before
// each field an octet that stands nowhere else (log_record.h reads it).
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

namespace zonecast::logging {

class Line {
 public:
  explicit Line(std::string_view words);

  template <typename T>
  Line& add(std::string_view name, const T& value) {
    return addText(name, fmt::format("{}", value),
                   std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
  }

  std::string text() const;
  std::string record() const;

 private:
  struct Field {
    std::string name, value;  // as it was given
    bool is_number = false;
  };
  Line& addText(std::string_view name, std::string_view value, bool is_number);

  std::string words_;
  std::vector<Field> fields_;
};

}  // namespace zonecast::logging
