#include "adapters/logging/printable.h"

#include <iterator>

#include <fmt/format.h>

namespace zonecast::logging {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace zonecast::logging
