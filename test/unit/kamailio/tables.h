// What tests put into Kamailio's tables, and what they find there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/kamailio/database.h"
#include "adapters/kamailio/domain_tables.h"

namespace zonecast::kamailio {

inline table::Position positionAt(std::uint64_t version) {
  // The digests are octets and numbers of any kind.
  return {"11111111-2222-3333-4444-555555555555", 7, version, ~std::uint64_t{0} - version,
          std::string(1, '\0') + std::string(30, '\xff') + std::string(1, '\0')};
}

inline std::unique_ptr<DomainTables> mustOpen(const std::string& path) {
  auto tables = DomainTables::open({.path = path, .patience = std::chrono::milliseconds(20)});
  if (!tables) {
    ADD_FAILURE() << tables.error();
    std::abort();
  }
  return std::move(*tables);
}

// The rows that a query gives, cells with a blank between.
inline std::vector<std::string> rows(const Database& database, const std::string& query) {
  std::vector<std::string> found;
  auto statement = database.prepare(query.c_str());
  if (!statement) {
    ADD_FAILURE() << statement.error();
    return found;
  }
  auto there = statement->begin({});
  for (; there && *there; there = statement->next()) {
    std::string& row = found.emplace_back();
    for (int i = 0; i < statement->columns(); ++i)
      row += (i == 0 ? "" : " ") + std::string(statement->text(i));
  }
  EXPECT_TRUE(there) << there.error();
  return found;
}

// As Kamailio reads them, on a connection of its own.
inline std::vector<std::string> rowsOf(const std::string& path, const std::string& query) {
  const auto database = Database::open(path, std::chrono::milliseconds(0));
  if (!database) {
    ADD_FAILURE() << database.error();
    return {};
  }
  return rows(**database, query);
}

inline table::DomainRow domainRow(std::string_view name, std::string_view did,
                                  std::uint64_t sum = 1) {
  return {.name = name, .did = did, .transports = 2, .sum = sum};
}

inline table::VirtualDomainRow virtualDomainRow(std::string_view did, std::string_view canonical,
                                                std::span<const table::Attribute> attributes = {},
                                                std::uint64_t sum = 1) {
  return {.did = did, .canonical = canonical, .attributes = attributes, .sum = sum};
}

}  // namespace zonecast::kamailio
