// Kamailio's table `domain`, and `domain_attrs`, as somebody else keeps them: read once, from an
// SQLite database or a file of text, and never changed.
//
// Text is CSV (RFC 4180), as `psql --csv` and `zonecast export --format csv` print it, or, when
// there is a tab in its first line, what `mysql -B` prints. Its first line names the columns.
//
// What is read is hostile: there is a bound on rows and on what is in them, and an error says in
// which line or row. Names and DIDs are octets as they stand there, whatever they are.
#pragma once

#include <chrono>
#include <functional>
#include <istream>
#include <string>
#include <string_view>

#include "adapters/kamailio/database.h"

namespace zonecast::kamailio {

struct HeldAttribute {
  std::string_view did, name;
  int type = 0;
  std::string_view value;
};

// Told of each row; what they complain of is told with its place.
struct HeldTablesReader {
  // A domain without a DID has its own name for one, as Kamailio has it.
  std::function<Expected<void>(std::string_view domain, std::string_view did)> take_domain;
  std::function<Expected<void>(const HeldAttribute& attribute)> take_attribute;
};

struct HeldTables {
  bool has_attributes = false;  // there is such a table
};

inline constexpr std::size_t kHeldRowsMax = 20'000'000;
inline constexpr std::size_t kHeldNameOctetsMax = 255;  // of a domain, a DID, or an attribute
inline constexpr std::size_t kHeldValueOctetsMax = 64 << 10;
inline constexpr std::size_t kHeldLineOctetsMax = 64 << 10;  // of one row of text

// `patience` is how long somebody else who writes is waited for.
Expected<HeldTables> readSqlite(const std::string& path, std::chrono::milliseconds patience,
                                const HeldTablesReader& reader);
// `name` is what the text is called in errors.
Expected<HeldTables> readText(std::istream& text, const std::string& name,
                              const HeldTablesReader& reader);

}  // namespace zonecast::kamailio
