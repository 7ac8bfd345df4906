#include "app/zonecast-mirror/place.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace zonecast {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kNameOctetsMax = 64;
constexpr std::size_t kIdOctetsMax = 253;
constexpr mode_t kFolderMode = 0755;

std::optional<std::uint16_t> portFromText(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end || port == 0) return std::nullopt;
  return port;
}

bool isWord(const std::string& text, std::size_t octets_max) {
  const auto is_octet = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= octets_max && text.front() != '.' &&
         std::ranges::all_of(text, is_octet);
}

}  // namespace

tl::expected<std::variant<redis::UnixSocket, xfr::Endpoint>, std::string> serverFromText(
    std::string_view text) {
  const auto fail = [&] {
    return tl::unexpected(
        fmt::format("--redis {}: unix:PATH, ADDRESS:PORT or [IPV6]:PORT is expected", text));
  };
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty()) return fail();
    return redis::UnixSocket{std::string(path)};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail();
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const auto address = xfr::parseAddress(host);
  const auto port = portFromText(text.substr(colon + 1));
  if (!address || !port) return fail();
  if (has_brackets != std::holds_alternative<dns::Ipv6>(*address)) return fail();
  return xfr::Endpoint{*address, *port};
}

std::string validDeployment(const std::string& name) {
  if (isWord(name, kNameOctetsMax)) return {};
  return fmt::format("{}: 1 to {} letters, digits, '.', '_' or '-' are expected", name,
                     kNameOctetsMax);
}

std::string validId(const std::string& id) {
  if (isWord(id, kIdOctetsMax)) return {};
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
