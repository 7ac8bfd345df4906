// Small files, whole.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <tl/expected.hpp>

namespace zonecast::config {

// The error says why it cannot be read, or that it is longer than `octets_max`.
tl::expected<std::string, std::string> readFile(const std::filesystem::path& file,
                                                std::size_t octets_max);

}  // namespace zonecast::config
