// schema/kamailio.sql: the tables of an export's database.
#pragma once

namespace zonecast::kamailio {

extern const char* const kLayout;

// A database with another number was made by a zonecast that keeps other tables.
inline constexpr int kLayoutVersion = 1;

// What the column `flags` means to Kamailio (its lib/srdb2/db.h).
inline constexpr int kFlagLoad = 1;
inline constexpr int kFlagDisabled = 2;
inline constexpr int kFlagCanonical = 4;

// What the column `type` means.
inline constexpr int kTypeInteger = 0;
inline constexpr int kTypeText = 2;

}  // namespace zonecast::kamailio
