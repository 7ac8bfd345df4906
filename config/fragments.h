// Further files of a configuration: `conf.d/*.yaml` beside it, in the order of their names.
//
// Each adds to what was there before: keys to mappings, items to lists. A value that is neither
// stands once in all files. Relative paths are relative to the configuration file in all of them.
#pragma once

#include <filesystem>
#include <vector>

#include "config/document.h"
#include "config/errors.h"

namespace zonecast::config {

inline constexpr const char* kFragmentFolder = "conf.d";

// Names that begin with a dot are passed over. None when there is no such folder; one that cannot
// be read is an error.
std::vector<std::filesystem::path> findFragments(const std::filesystem::path& file, Errors& errors);

void addFragment(Node& root, Node fragment, Errors& errors);

}  // namespace zonecast::config
