#include "app/zonecast-mirror/place.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/redis/server_text.h"

namespace zonecast {
namespace {

constexpr std::size_t kIdOctetsMax = 253;
constexpr mode_t kFolderMode = 0755;

}  // namespace

std::string validId(const std::string& id) {
  if (redis::isWord(id, kIdOctetsMax)) return {};
  return fmt::format("{}: 1 to {} letters, digits, '.', '_' or '-' are expected", id, kIdOctetsMax);
}

std::string validMode(const std::string& octal) {
  unsigned mode = 0;
  const char* end = octal.data() + octal.size();
  const auto [stopped, error] = std::from_chars(octal.data(), end, mode, 8);
  const bool is_mode = error == std::errc() && stopped == end && mode <= 0777;
  return is_mode ? std::string() : octal + ": an octal mode like 0640 is expected";
}

unsigned modeFromText(const std::string& octal) {
  return static_cast<unsigned>(std::stoul(octal, nullptr, 8));
}

std::string hostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

// A table is trusted by all proxies of the host, and /dev/shm is everybody's.
tl::expected<void, std::string> makeFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(fmt::format("folder {}: {}", folder.native(), why));
  };
  if (::mkdir(folder.c_str(), kFolderMode) == 0) return {};
  if (errno != EEXIST) return fail(std::strerror(errno));
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return fail(std::strerror(errno));
  if (!S_ISDIR(found.st_mode)) return fail("is none");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) return fail("belongs to another user");
  const bool is_anyones = (found.st_mode & S_IWOTH) != 0 && (found.st_mode & S_ISVTX) == 0;
  if (is_anyones) return fail("everybody may write there");
  return {};
}

}  // namespace zonecast
