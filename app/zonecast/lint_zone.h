// `zonecast lint-zone`: what a zone would mean here before it is published, from a file or from the
// primary that has it. No daemon is asked.
#pragma once

#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

namespace zonecast {

inline constexpr const char* kDefaultConfiguration = "/etc/zonecast/zonecast.yaml";

struct LintOptions {
  std::filesystem::path configuration = kDefaultConfiguration;
  std::string file;
  std::string primary, zone, customer;
  std::filesystem::path key_file;
};

void describeLintZone(CLI::App& verb, LintOptions& options);

// Exit codes as in its --help.
int lintZone(const LintOptions& options, bool json);

}  // namespace zonecast
