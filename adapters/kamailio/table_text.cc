#include "adapters/kamailio/table_text.h"

#include <functional>

#include <fmt/format.h>

namespace zonecast::kamailio {
namespace {

// MySQL and MariaDB execute these comments, and nobody else does.
constexpr std::string_view kPreamble =
    "/*!40101 SET NAMES utf8mb4 */;\n"
    "/*!40101 SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''),"
    " 'NO_BACKSLASH_ESCAPES') */;\n";

Expected<void> forEachRow(const Database& database, const TableText& table,
                          const std::function<void(const Statement&)>& take) {
  const std::string query =
      fmt::format("SELECT {} FROM {} ORDER BY {}", table.columns, table.name, table.order);
  auto rows = database.prepare(query.c_str());
  if (!rows) return tl::unexpected(rows.error());
  auto there = rows->begin({});
  for (; there && *there; there = rows->next()) take(*rows);
  if (!there) return tl::unexpected(there.error());
  return {};
}

std::string cells(const Statement& row, std::string_view between,
                  std::string (*text)(const Cell& cell)) {
  std::string line;
  for (int i = 0; i < row.columns(); ++i) {
    if (i > 0) line += between;
    line += text(row.cell(i));
  }
  return line;
}

std::string quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result + quote;
}

}  // namespace

const std::array<TableText, 4> kTables{{
    {"domain", "domain, did", "domain", true},
    {"domain_attrs", "did, name, type, value", "did, id", true},
    {"uid_domain", "did, domain, flags", "domain", false},
    {"uid_domain_attrs", "did, name, type, value, flags", "did, id", false},
}};

std::string sqlLiteral(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  return quoted(std::get<std::string_view>(cell), '\'');
}

std::string csvField(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  const auto text = std::get<std::string_view>(cell);
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  return quoted(text, '"');
}

Expected<void> writeSql(const Database& database, std::span<const TableText* const> tables,
                        const table::Position& position, std::ostream& out) {
  out << fmt::format("-- zonecast: lineage {}, version {}\n", position.lineage, position.version);
  out << kPreamble << "BEGIN;\n";
  for (const TableText* table : tables) {
    const char* more = table->has_last_modified ? ", last_modified" : "";
    const char* now = table->has_last_modified ? ", CURRENT_TIMESTAMP" : "";
    out << fmt::format("DELETE FROM {};\n", table->name);
    auto written = forEachRow(database, *table, [&](const Statement& row) {
      out << fmt::format("INSERT INTO {} ({}{}) VALUES ({}{});\n", table->name, table->columns,
                         more, cells(row, ", ", sqlLiteral), now);
    });
    if (!written) return written;
  }
  out << "COMMIT;\n";
  return {};
}

Expected<void> writeCsv(const Database& database, const TableText& table, std::ostream& out) {
  std::string header = table.columns;
  for (std::size_t blank; (blank = header.find(", ")) != std::string::npos;)
    header.erase(blank + 1, 1);
  out << header << "\r\n";
  return forEachRow(database, table,
                    [&](const Statement& row) { out << cells(row, ",", csvField) << "\r\n"; });
}

}  // namespace zonecast::kamailio
