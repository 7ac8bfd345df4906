// Zones as anybody writes them down. The input is the text. Holds: each record is canonical and has
// the line of the text that it begins in, lines only grow, and trouble has a line and says
// something printable or quotes the text.
#include <algorithm>
#include <string>

#include "adapters/master_file/master_file.h"
#include "test/fuzz/fuzzing.h"

// ldns leaks some octets of fields that it refuses, and reading ends there.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const dns::Name kOrigin = *dns::Name::fromText("example.com");
  const auto lines = static_cast<std::uint32_t>(1 + std::ranges::count(text, '\n'));
  std::uint32_t last = 0;
  const auto done =
      master_file::read(text, &kOrigin, [&](const dns::RecordView& record, std::uint32_t line) {
        require(line > last && line <= lines, "each record has a line of its own");
        last = line;
        require(dns::checkCanonical(record.type, record.rdata).has_value(),
                "a record is canonical");
        return tl::expected<void, std::string>();
      });
  if (done) return 0;
  require(done.error().line >= 1 && done.error().line <= lines, "trouble has a line");
  require(!done.error().text.empty(), "and says what it is");
  return 0;
}
