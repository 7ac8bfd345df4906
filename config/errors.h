// What is wrong with a configuration file, gathered while it is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace zonecast::config {

struct Position {
  int line = 1, column = 1;  // in octets
};

class Errors {
 public:
  explicit Errors(std::string file) : file_(std::move(file)) {}

  void add(Position where, std::string text);
  void addForWholeFile(std::string text);
  bool empty() const { return errors_.empty(); }
  std::size_t count() const { return errors_.size(); }
  std::vector<ConfigError> takeInFileOrder();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
};

// A key or a value in a message: in backticks, made printable, its beginning when it is long.
std::string shown(std::string_view text);

}  // namespace zonecast::config
