#include "test/scenario/script.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "absl/strings/ascii.h"
#include "test/scenario/play.h"

namespace zonecast::test {
namespace {

std::string trimmed(std::string_view line) {
  return std::string(absl::StripAsciiWhitespace(absl::string_view(line.data(), line.size())));
}

class Runner {
 public:
  Runner(std::vector<std::string> lines, bool rewrite)
      : lines_(std::move(lines)), rewrite_(rewrite) {}

  std::vector<Mismatch> run() {
    while (next_ < lines_.size()) {
      const std::string& raw = lines_[next_++];
      const std::string line = trimmed(raw.substr(0, raw.find('#')));
      if (line.empty()) continue;
      try {
        if (line == "expect") {
          expect();
        } else {
          play_.perform({line, hasBlock(line) ? block() : std::vector<std::string>()});
        }
      } catch (const std::exception& error) {
        throw std::runtime_error(std::to_string(next_) + ": " + line + ": " + error.what());
      }
    }
    return std::move(mismatches_);
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> block() {
    std::vector<std::string> lines;
    while (next_ < lines_.size() && trimmed(lines_[next_]) != "end") {
      if (!trimmed(lines_[next_]).empty()) lines.push_back(lines_[next_]);
      ++next_;
    }
    if (next_ == lines_.size()) throw std::runtime_error("no end");
    ++next_;
    return lines;
  }

  void expect() {
    const std::size_t from = next_;
    Mismatch found{static_cast<int>(from), {}, std::exchange(play_.world().trace, {})};
    for (const std::string& line : block()) {
      const std::string_view text(line);
      found.expected.emplace_back(
          text.substr(std::min<std::size_t>(text.find_first_not_of(' '), 2)));
    }
    if (found.expected == found.seen) return;
    if (rewrite_) {
      const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(from);
      const auto at = lines_.erase(begin, lines_.begin() + static_cast<std::ptrdiff_t>(next_ - 1));
      std::vector<std::string> indented;
      for (const std::string& line : found.seen) indented.push_back("  " + line);
      lines_.insert(at, indented.begin(), indented.end());
      next_ = from + indented.size() + 1;
    }
    mismatches_.push_back(std::move(found));
  }

  std::vector<std::string> lines_;
  bool rewrite_;
  std::size_t next_ = 0;
  Play play_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace

std::vector<Mismatch> runScript(const std::filesystem::path& file, bool rewrite) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  Runner runner(std::move(lines), rewrite);
  std::vector<Mismatch> mismatches;
  try {
    mismatches = runner.run();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file.string() + ":" + error.what());
  }
  if (rewrite && !mismatches.empty()) {
    std::ofstream out(file);
    for (const std::string& line : runner.lines()) out << line << '\n';
  }
  return mismatches;
}

}  // namespace zonecast::test
