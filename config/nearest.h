// What somebody probably meant to write.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace zonecast::config {

// "; did you mean `notify`?" for the candidate that the fewest slips of the pen make of `text` (a
// letter too many, too few, wrong, or swapped with its neighbour), at most one in three letters.
// Empty when there is none.
std::string suggestion(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace zonecast::config
