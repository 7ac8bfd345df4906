#include "adapters/journal/line.h"

#include <iterator>

namespace zonecast::journal {
namespace {

void appendPrintable(std::string& out, char c) {
  if (c >= ' ' && c <= '~') {
    out += c;
  } else {
    fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
  }
}

}  // namespace

Line::Line(std::string_view words) {
  for (const char c : words) appendPrintable(text_, c);
}

Line& Line::addText(std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(text_), " {}=", name);
  const bool quotes = value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
  if (quotes) text_ += '"';
  for (const char c : value) {
    if (quotes && (c == '"' || c == '\\')) text_ += '\\';
    appendPrintable(text_, c);
  }
  if (quotes) text_ += '"';
  return *this;
}

}  // namespace zonecast::journal
