#include "adapters/logging/line.h"

#include "adapters/logging/printable.h"

namespace zonecast::logging {
namespace {

constexpr char kField = '\x1f', kNumber = '\x1e';

// As it was given: what stands for an octet is made afterwards, and needs no \ before its own.
std::string quoted(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Line::Line(std::string_view words) : words_(printable(words)) {}

Line& Line::addText(std::string_view name, std::string_view value, bool is_number) {
  fields_.push_back({std::string(name), std::string(value), is_number});
  return *this;
}

std::string Line::text() const {
  std::string text = words_;
  for (const Field& field : fields_) {
    const std::string& value = field.value;
    const bool quotes = value.empty() || value.find_first_of(" \"=") != std::string::npos;
    text += ' ' + field.name + '=';
    text += quotes ? '"' + printable(quoted(value)) + '"' : printable(value);
  }
  return text;
}

std::string Line::record() const {
  std::string record = words_;
  for (const Field& field : fields_) {
    record += field.is_number ? kNumber : kField;
    record += field.name + '=' + printable(field.value);
  }
  return record;
}

}  // namespace zonecast::logging
