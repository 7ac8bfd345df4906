// A log message that may carry fields, and how it is written for machines.
//
// What comes: words, and behind them fields, each with an octet before it: 0x1f before `name=text`,
// 0x1e before `name=number`. These two stand nowhere else; whoever sends fields has made all octets
// printable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zonecast::logging {

struct LogField {
  std::string_view name, value;
  bool is_number = false;
};
struct LogRecord {
  std::string_view words;
  std::vector<LogField> fields;
};
LogRecord parseRecord(std::string_view message);  // refers to it

// The members of a JSON object behind its first ones: `,"message":"...","zone":"..."`.
std::string jsonMembers(const LogRecord& record);

// For sd_journal_sendv(3): "MESSAGE=...", "ZONE=...", each an item.
std::vector<std::string> journalFields(const LogRecord& record);

}  // namespace zonecast::logging
