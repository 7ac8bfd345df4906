// Kamailio's table of domains, which others may keep by hand, as a side of a comparison; and what
// is here, as far as such a table says it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "app/zonecast/comparison.h"

namespace zonecast {

// What a place begins with that is an SQLite database.
inline constexpr std::string_view kSqliteFile = "sqlite:";

struct DomainTable {
  Holding holding;
  bool has_attributes = false;
};

// `where`: sqlite:FILE, or a file of text (adapters/kamailio/held_tables.h). Names are taken as
// zonecast writes them, where they can be; what is no domain or DID stays as it stands there, in
// printable form. The error is a sentence.
tl::expected<DomainTable, std::string> readDomainTable(const std::string& where,
                                                       std::chrono::milliseconds patience);

// A domain and its DID, and attributes as rows of `domain_attrs`.
Holding asDomainTable(const Holding& holding, bool with_attributes);

}  // namespace zonecast
