// A directory of configuration files that goes away with its test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.h"

namespace zonecast::config {

// What has no default, in two lines.
inline constexpr std::string_view kRequired =
    "redis: {unix: /run/redis.sock, deployment: main}\n"
    "edge: [{hosts: [sip.provider.example], udp: 5060}]\n";

class ConfigFiles {
 public:
  ConfigFiles() {
    std::string pattern = std::filesystem::temp_directory_path() / "zonecast-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~ConfigFiles() { std::filesystem::remove_all(directory_); }
  ConfigFiles(const ConfigFiles&) = delete;
  ConfigFiles& operator=(const ConfigFiles&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path write(std::string_view name, std::string_view content) const {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return directory_ / name;
  }

  auto load(std::string_view content) const { return config::load(write("c.yaml", content)); }

  // "LINE:COLUMN: TEXT", one each; empty when the file is good.
  std::vector<std::string> errors(std::string_view content) const {
    std::vector<std::string> texts;
    const auto loaded = load(content);
    if (loaded) return texts;
    const std::size_t prefix = (directory_ / "c.yaml").string().size();
    for (const ConfigError& error : loaded.error()) {
      texts.push_back(toText(error).substr(prefix + 1));
    }
    return texts;
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace zonecast::config
