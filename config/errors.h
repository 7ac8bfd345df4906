// What is wrong with a configuration, gathered while its files are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace zonecast::config {

struct Position {
  int line = 1, column = 1;  // in octets
  std::uint32_t file = 0;    // 0: the configuration file; others have their number from addFile()
};

class Errors {
 public:
  explicit Errors(std::string file) : files_{std::move(file)} {}

  std::uint32_t addFile(std::string file);
  void add(Position where, std::string text);
  void addForWholeFile(std::string text, std::uint32_t file = 0);
  bool empty() const { return errors_.empty(); }
  std::size_t count() const { return errors_.size(); }
  std::vector<ConfigError> takeInFileOrder();

  // Where something else stands, as a message at `where` says it: "3:14", in another file
  // "FILE:3:14".
  std::string placeOf(Position other, Position where) const;

 private:
  struct Error {
    Position where;  // line 0: the file as a whole
    std::string text;
  };
  std::vector<std::string> files_;
  std::vector<Error> errors_;
};

// A key or a value in a message: in backticks, made printable, its beginning when it is long.
std::string shown(std::string_view text);

}  // namespace zonecast::config
