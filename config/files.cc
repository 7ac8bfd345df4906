#include "config/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace zonecast::config {

tl::expected<std::string, std::string> readFile(const std::filesystem::path& file,
                                                std::size_t octets_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rbe"),
                                                               &std::fclose);
  if (!stream) return tl::unexpected<std::string>(std::strerror(errno));
  // No second buffer: what is read may be a secret, which its reader wipes.
  std::setvbuf(stream.get(), nullptr, _IONBF, 0);
  std::string content;
  for (std::size_t octets = 1; octets > 0;) {
    constexpr std::size_t kChunk = 1u << 16;
    const std::size_t start = content.size();
    content.resize(start + kChunk);
    octets = std::fread(content.data() + start, 1, kChunk, stream.get());
    content.resize(start + octets);
    if (content.size() > octets_max) {
      return tl::unexpected(fmt::format("it is longer than {} octets", octets_max));
    }
  }
  if (std::ferror(stream.get()) != 0) return tl::unexpected<std::string>(std::strerror(errno));
  return content;
}

tl::expected<std::string, std::string> readSecret(const std::filesystem::path& file,
                                                  std::size_t octets_max,
                                                  std::vector<std::string>& warnings) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(file, error).permissions();
  if (!error && (mode & perms::others_read) != perms::none) {
    warnings.push_back(
        fmt::format("everybody may read {}, where a secret stands: chmod o-r", file.native()));
  }
  return readFile(file, octets_max);
}

}  // namespace zonecast::config
