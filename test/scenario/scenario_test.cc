// Runs every script of test/scenario/scripts as a test of its own.

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "test/scenario/script.h"

namespace zonecast::test {
namespace {

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(ZONECAST_SCENARIOS))
    files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, GoesAsWritten) {
  const bool rewrite = std::getenv("ZONECAST_REWRITE_SCENARIOS") != nullptr;
  for (const Mismatch& mismatch : runScript(GetParam(), rewrite)) {
    ADD_FAILURE_AT(GetParam().c_str(), mismatch.line)
        << fmt::format("expected:\n  {}\nseen:\n  {}", fmt::join(mismatch.expected, "\n  "),
                       fmt::join(mismatch.seen, "\n  "));
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, Scenario, testing::ValuesIn(scripts()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace zonecast::test
