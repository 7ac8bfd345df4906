// Small files, whole, and who may read them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace zonecast::config {

// The error says why it cannot be read, or that it is longer than `octets_max`.
tl::expected<std::string, std::string> readFile(const std::filesystem::path& file,
                                                std::size_t octets_max);

// Likewise, and warns when everybody may read it.
tl::expected<std::string, std::string> readSecret(const std::filesystem::path& file,
                                                  std::size_t octets_max,
                                                  std::vector<std::string>& warnings);

}  // namespace zonecast::config
