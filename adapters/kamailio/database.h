// SQLite by RAII: a connection and its prepared statements.
//
// Errors are sentences that name the file. Statements must be gone before their database is. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <sqlite3.h>
#include <tl/expected.hpp>

namespace zonecast::kamailio {

template <typename T>
using Expected = tl::expected<T, std::string>;

using Cell = std::variant<std::int64_t, std::string_view>;

class Database;

class Statement {
 public:
  Statement() = default;  // of no use

  // The first row, or the next one, of what it gives with these values; false: there is none.
  // Values are kept until it has given its last row, or is begun anew.
  Expected<bool> begin(std::initializer_list<Cell> values);
  Expected<bool> next();
  // For statements that give no rows.
  Expected<void> run(std::initializer_list<Cell> values);
  // For those that give one number, or nothing.
  Expected<std::optional<std::int64_t>> number(std::initializer_list<Cell> values);

  // Of the present row; texts live until the next call.
  int columns() const { return sqlite3_column_count(statement_.get()); }
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  Cell cell(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(const Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}

  const Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // Makes the file if there is none; an empty path is a database of its own that goes with it.
  // `patience` is how long a call waits for somebody else who writes.
  static Expected<std::unique_ptr<Database>> open(const std::string& path,
                                                  std::chrono::milliseconds patience);
  // A file that must be there, of which nothing is changed.
  static Expected<std::unique_ptr<Database>> openToRead(const std::string& path,
                                                        std::chrono::milliseconds patience);

  // Statements without values; what they give is ignored.
  Expected<void> run(const char* statements) const;
  Expected<Statement> prepare(const char* statement) const;

  bool isWithinTransaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }
  std::string trouble() const;  // of the last call that failed

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Database(std::string path) : path_(std::move(path)) {}
  static Expected<std::unique_ptr<Database>> open(const std::string& path,
                                                  std::chrono::milliseconds patience, int flags);

  const std::string path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace zonecast::kamailio
