#include "adapters/kamailio/held_tables.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/kamailio/row_reader.h"

namespace zonecast::kamailio {
namespace {

Expected<void> checkName(std::string_view what, std::string_view name) {
  if (name.empty()) return tl::unexpected(fmt::format("the {} is empty", what));
  if (name.size() <= kHeldNameOctetsMax) return {};
  return tl::unexpected(
      fmt::format("the {} has {} octets, and may have {}", what, name.size(), kHeldNameOctetsMax));
}

Expected<void> takeDomain(const HeldTablesReader& reader, std::string_view domain,
                          std::string_view did) {
  if (did.empty()) did = domain;
  return checkName("domain", domain).and_then([&] { return checkName("DID", did); }).and_then([&] {
    return reader.take_domain(domain, did);
  });
}

Expected<void> takeAttribute(const HeldTablesReader& reader, const HeldAttribute& attribute) {
  if (attribute.value.size() > kHeldValueOctetsMax) {
    return tl::unexpected(fmt::format("the value has {} octets, and may have {}",
                                      attribute.value.size(), kHeldValueOctetsMax));
  }
  return checkName("DID", attribute.did)
      .and_then([&] { return checkName("attribute's name", attribute.name); })
      .and_then([&] { return reader.take_attribute(attribute); });
}

Expected<void> forEachRow(const Database& database, const char* query, std::string_view table,
                          const std::function<Expected<void>(const Statement&)>& take) {
  auto rows = database.prepare(query);
  if (!rows) return tl::unexpected(rows.error());
  std::size_t number = 0;
  auto there = rows->begin({});
  for (; there && *there; there = rows->next()) {
    const bool is_too_much = ++number > kHeldRowsMax;
    const Expected<void> taken =
        is_too_much ? tl::unexpected(fmt::format("more than {} rows", kHeldRowsMax)) : take(*rows);
    if (!taken) return tl::unexpected(fmt::format("{}, row {}: {}", table, number, taken.error()));
  }
  if (!there) return tl::unexpected(there.error());
  return {};
}

Expected<bool> hasAttributes(const Database& database) {
  auto found = database.prepare(
      "SELECT count(*) FROM sqlite_master WHERE name = 'domain_attrs' AND type = 'table'");
  if (!found) return tl::unexpected(found.error());
  const auto count = found->number({});
  if (!count) return tl::unexpected(count.error());
  return count->value_or(0) > 0;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

struct Columns {
  std::size_t domain = 0;
  std::optional<std::size_t> did;
};

Expected<Columns> columnsIn(const Row& header) {
  Columns columns;
  std::optional<std::size_t> domain;
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    const std::string name = lower(header.cells[i]);
    auto* column = name == "domain" ? &domain : name == "did" ? &columns.did : nullptr;
    if (column == nullptr) continue;
    if (*column) return tl::unexpected(fmt::format("column {} stands there twice", name));
    *column = i;
  }
  if (!domain) return tl::unexpected<std::string>("a line of columns is expected, with `domain`");
  columns.domain = *domain;
  return columns;
}

Expected<void> takeRow(const HeldTablesReader& reader, const Row& row, std::size_t width,
                       const Columns& columns) {
  if (row.cells.size() != width) {
    return tl::unexpected(fmt::format("{} cells are expected, as there are columns, not {}", width,
                                      row.cells.size()));
  }
  return takeDomain(reader, row.cells[columns.domain],
                    columns.did ? std::string_view(row.cells[*columns.did]) : std::string_view());
}

}  // namespace

// One transaction, so that both tables are of the same moment.
Expected<HeldTables> readSqlite(const std::string& path, std::chrono::milliseconds patience,
                                const HeldTablesReader& reader) {
  const auto database = Database::openToRead(path, patience);
  if (!database) return tl::unexpected(database.error());
  const auto told = [&path](const std::string& why) {
    return why.starts_with("database ") ? why : fmt::format("database {}: {}", path, why);
  };
  // Whoever made the file made its schema: nothing in it may do more than read.
  auto done = (*database)->run("PRAGMA trusted_schema = OFF; BEGIN");
  if (done) {
    done = forEachRow(**database, "SELECT domain, did FROM domain", "domain", [&](const auto& row) {
      return takeDomain(reader, row.text(0), row.text(1));
    });
  }
  HeldTables tables;
  if (done) {
    const auto has_attributes = hasAttributes(**database);
    if (!has_attributes) return tl::unexpected(told(has_attributes.error()));
    tables.has_attributes = *has_attributes;
  }
  if (done && tables.has_attributes) {
    done = forEachRow(
        **database, "SELECT did, name, type, value FROM domain_attrs ORDER BY rowid",
        "domain_attrs", [&](const auto& row) {
          return takeAttribute(
              reader, {row.text(0), row.text(1), static_cast<int>(row.integer(2)), row.text(3)});
        });
  }
  if (!done) return tl::unexpected(told(done.error()));
  return tables;
}

Expected<HeldTables> readText(std::istream& text, const std::string& name,
                              const HeldTablesReader& reader) {
  RowReader rows(text, kHeldLineOctetsMax);
  const auto failed = [&](const std::string& why) {
    return tl::unexpected(fmt::format("{}:{}: {}", name, rows.line(), why));
  };
  const auto header = rows.next();
  if (!header) return failed(header.error());
  if (!*header) return failed("it is empty: a line of columns is expected, with `domain`");
  const auto columns = columnsIn(**header);
  if (!columns) return failed(columns.error());
  const std::size_t width = (*header)->cells.size();
  for (std::size_t count = 0;; ++count) {
    const auto row = rows.next();
    if (!row) return failed(row.error());
    if (!*row) return HeldTables();
    if (count == kHeldRowsMax) return failed(fmt::format("more than {} rows", kHeldRowsMax));
    if (const auto taken = takeRow(reader, **row, width, *columns); !taken)
      return failed(taken.error());
  }
}

}  // namespace zonecast::kamailio
