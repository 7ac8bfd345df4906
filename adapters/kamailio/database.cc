#include "adapters/kamailio/database.h"

#include <utility>

#include <fmt/format.h>

namespace zonecast::kamailio {
namespace {

int bind(sqlite3_stmt* statement, int place, const Cell& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, place, *integer);
  const auto text = std::get<std::string_view>(value);
  // A null pointer would be NULL.
  return sqlite3_bind_text64(statement, place, text.empty() ? "" : text.data(), text.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace

Expected<bool> Statement::begin(std::initializer_list<Cell> values) {
  sqlite3_reset(statement_.get());
  int place = 0;
  for (const Cell& value : values) {
    if (bind(statement_.get(), ++place, value) != SQLITE_OK)
      return tl::unexpected(database_->trouble());
  }
  return next();
}

Expected<bool> Statement::next() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  std::string trouble = result == SQLITE_DONE ? std::string() : database_->trouble();
  sqlite3_reset(statement_.get());
  if (result == SQLITE_DONE) return false;
  return tl::unexpected(std::move(trouble));
}

Expected<void> Statement::run(std::initializer_list<Cell> values) {
  const auto begun = begin(values);
  if (!begun) return tl::unexpected(begun.error());
  return {};
}

Expected<std::optional<std::int64_t>> Statement::number(std::initializer_list<Cell> values) {
  const auto begun = begin(values);
  if (!begun) return tl::unexpected(begun.error());
  if (!*begun) return std::nullopt;
  const std::int64_t found = integer(0);
  sqlite3_reset(statement_.get());
  return found;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int count = sqlite3_column_bytes(statement_.get(), column);
  return {octets ? octets : "", static_cast<std::size_t>(count)};
}

Cell Statement::cell(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER) return integer(column);
  return text(column);
}

Expected<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                   std::chrono::milliseconds patience) {
  return open(path, patience, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Expected<std::unique_ptr<Database>> Database::openToRead(const std::string& path,
                                                         std::chrono::milliseconds patience) {
  return open(path, patience, SQLITE_OPEN_READONLY);
}

Expected<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                   std::chrono::milliseconds patience, int flags) {
  std::unique_ptr<Database> database(new Database(path));
  sqlite3* connection = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database->connection_.reset(connection);
  if (result != SQLITE_OK) return tl::unexpected(database->trouble());
  sqlite3_busy_timeout(connection, static_cast<int>(patience.count()));
  return database;
}

Expected<void> Database::run(const char* statements) const {
  if (sqlite3_exec(connection_.get(), statements, nullptr, nullptr, nullptr) != SQLITE_OK)
    return tl::unexpected(trouble());
  return {};
}

Expected<Statement> Database::prepare(const char* statement) const {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v3(connection_.get(), statement, -1, SQLITE_PREPARE_PERSISTENT,
                                        &prepared, nullptr);
  if (result != SQLITE_OK) return tl::unexpected(trouble());
  return Statement(*this, prepared);
}

std::string Database::trouble() const {
  return fmt::format("database {}: {}", path_.empty() ? "for the time being" : path_,
                     sqlite3_errmsg(connection_.get()));
}

}  // namespace zonecast::kamailio
