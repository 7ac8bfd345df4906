#include "config/errors.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "reconciler/identity/printable.h"

namespace zonecast::config {

std::string toText(const ConfigError& error) {
  if (error.line == 0) return fmt::format("{}: {}", error.file, error.text);
  return fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.text);
}

void Errors::add(Position where, std::string text) {
  errors_.push_back({file_, where.line, where.column, std::move(text)});
}

void Errors::addForWholeFile(std::string text) {
  errors_.push_back({file_, 0, 0, std::move(text)});
}

std::vector<ConfigError> Errors::takeInFileOrder() {
  std::ranges::stable_sort(
      errors_, {}, [](const ConfigError& error) { return std::tuple(error.line, error.column); });
  return std::move(errors_);
}

std::string shown(std::string_view text) {
  std::string name = identity::quoted(text);
  name.front() = '`';
  name[name.rfind('"')] = '`';
  return name;
}

}  // namespace zonecast::config
