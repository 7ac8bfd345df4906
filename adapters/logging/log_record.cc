#include "adapters/logging/log_record.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace zonecast::logging {
namespace {

constexpr std::string_view kBeforeFields = "\x1f\x1e";
constexpr char kBeforeNumber = '\x1e';

// RFC 8259 section 7. What is not ASCII is not sent by whom we know, and is no reason to write what
// is no UTF-8.
std::string jsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

std::string upperCase(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return out;
}

}  // namespace

LogRecord parseRecord(std::string_view message) {
  std::size_t end = std::min(message.find_first_of(kBeforeFields), message.size());
  LogRecord record{message.substr(0, end), {}};
  while (end < message.size()) {
    const bool is_number = message[end] == kBeforeNumber;
    message.remove_prefix(end + 1);
    end = std::min(message.find_first_of(kBeforeFields), message.size());
    const std::string_view field = message.substr(0, end);
    const std::size_t name_end = std::min(field.find('='), field.size());
    record.fields.push_back(
        {field.substr(0, name_end), field.substr(std::min(name_end + 1, field.size())), is_number});
  }
  return record;
}

std::string jsonMembers(const LogRecord& record) {
  std::string out = ",\"message\":" + jsonString(record.words);
  for (const LogField& field : record.fields) {
    out += ',' + jsonString(field.name) + ':';
    out += field.is_number ? std::string(field.value) : jsonString(field.value);
  }
  return out;
}

std::vector<std::string> journalFields(const LogRecord& record) {
  std::vector<std::string> fields{fmt::format("MESSAGE={}", record.words)};
  for (const LogField& field : record.fields) {
    fields.push_back(fmt::format("{}={}", upperCase(field.name), field.value));
  }
  return fields;
}

}  // namespace zonecast::logging
