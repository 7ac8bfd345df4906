#include "config/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/errors.h"

namespace zonecast::config {
namespace {

constexpr std::size_t kOctetsMax = 64;  // a longer text is no slip of the pen

// Damerau and Levenshtein's distance, no substring edited twice (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kOctetsMax + 1>;
  Row before{}, last{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view text, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = kOctetsMax;
  for (const std::string_view candidate : candidates) {
    const auto [shorter, longer] = std::minmax({text.size(), candidate.size()});
    const std::size_t allowed = longer / 3;
    if (longer > kOctetsMax || longer - shorter > allowed) continue;
    const std::size_t slips = distance(text, candidate);
    if (slips > allowed || slips >= best_distance) continue;
    best = candidate;
    best_distance = slips;
  }
  return best.empty() ? "" : fmt::format("; did you mean {}?", shown(best));
}

}  // namespace zonecast::config
