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

std::uint32_t Errors::addFile(std::string file) {
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

void Errors::add(Position where, std::string text) {
  errors_.push_back({where, std::move(text)});
}

void Errors::addForWholeFile(std::string text, std::uint32_t file) {
  errors_.push_back({{0, 0, file}, std::move(text)});
}

std::vector<ConfigError> Errors::takeInFileOrder() {
  std::ranges::stable_sort(errors_, {}, [](const Error& error) {
    return std::tuple(error.where.file, error.where.line, error.where.column);
  });
  std::vector<ConfigError> all;
  for (Error& error : errors_) {
    const Position& where = error.where;
    all.push_back({files_[where.file], where.line, where.column, std::move(error.text)});
  }
  errors_.clear();
  return all;
}

std::string Errors::placeOf(Position other, Position where) const {
  const std::string place = fmt::format("{}:{}", other.line, other.column);
  return other.file == where.file ? place : fmt::format("{}:{}", files_[other.file], place);
}

std::string shown(std::string_view text) {
  std::string name = identity::quoted(text);
  name.front() = '`';
  name[name.rfind('"')] = '`';
  return name;
}

}  // namespace zonecast::config
