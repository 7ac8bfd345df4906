// A table of domains that somebody else printed as text.
//
// Holds: what is told is within its bounds; an error is one printable sentence that says in which
// line of the text; and the rows, written as CSV, are read back the same.
#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "adapters/kamailio/held_tables.h"
#include "adapters/kamailio/table_text.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

struct Read {
  std::vector<std::pair<std::string, std::string>> rows;
  std::string error;
};

Read readAll(std::string_view text) {
  Read read;
  std::istringstream in{std::string(text)};
  const kamailio::HeldTablesReader reader{
      [&read](std::string_view domain, std::string_view did) -> kamailio::Expected<void> {
        read.rows.emplace_back(domain, did);
        return {};
      },
      {}};
  const auto held = kamailio::readText(in, "t", reader);
  if (!held) read.error = held.error();
  return read;
}

void checkError(const std::string& error, std::string_view text) {
  require(isPrintable(error), "an error is one printable sentence");
  require(error.starts_with("t:"), "an error has its place");
  std::size_t line = 0;
  const auto [end, wrong] = std::from_chars(error.data() + 2, error.data() + error.size(), line);
  require(wrong == std::errc() && *end == ':', "an error has its line");
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  require(line >= 1 && line <= lines, "an error's line is one of the text's");
}

void checkRows(const Read& read) {
  std::string written = "domain,did\n";
  for (const auto& [domain, did] : read.rows) {
    for (const std::string& name : {domain, did}) {
      require(!name.empty() && name.size() <= kamailio::kHeldNameOctetsMax, "names are bounded");
    }
    written += kamailio::csvField(std::string_view(domain)) + ',' +
               kamailio::csvField(std::string_view(did)) + '\n';
  }
  const Read again = readAll(written);
  require(again.error.empty() && again.rows == read.rows, "written as CSV, the rows are the same");
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast::fuzz;
  const std::string_view text = asChars({data, size});
  const Read read = readAll(text);
  if (!read.error.empty()) checkError(read.error, text);
  checkRows(read);
  return 0;
}
