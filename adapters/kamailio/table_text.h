// Kamailio's tables as text: SQL that replaces their content, or CSV.
//
// SQL is what SQLite, PostgreSQL and MySQL or MariaDB read alike: standard string literals, in
// which only the quote is doubled. MySQL is told so by a comment that it alone executes, since it
// would take a backslash for an escape otherwise. CSV is that of RFC 4180.
#pragma once

#include <array>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "adapters/kamailio/database.h"
#include "adapters/table/rows.h"

namespace zonecast::kamailio {

struct TableText {
  const char* name;
  const char* columns;  // ", " between them
  const char* order;
  bool has_last_modified;
};

extern const std::array<TableText, 4> kTables;

// A cell that holds no NUL.
std::string sqlLiteral(const Cell& cell);
std::string csvField(const Cell& cell);

// One transaction that makes the tables what the database has, for one published version.
Expected<void> writeSql(const Database& database, std::span<const TableText* const> tables,
                        const table::Position& position, std::ostream& out);
// A header and the rows of one table.
Expected<void> writeCsv(const Database& database, const TableText& table, std::ostream& out);

}  // namespace zonecast::kamailio
