#include "adapters/process/pid_file.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace zonecast::process {
namespace {

constexpr mode_t kMode = 0644;

}  // namespace

tl::expected<PidFile, std::string> PidFile::write(const std::filesystem::path& path) {
  const auto fail = [&](std::string_view why) {
    return tl::unexpected(fmt::format("PID file {}: {}", path.native(), why));
  };
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) return fail(std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail("a process that runs holds it");
  }
  PidFile file(path, fd);
  const std::string id = fmt::format("{}\n", ::getpid());
  const bool is_written =
      ::ftruncate(fd, 0) == 0 && ::write(fd, id.data(), id.size()) == std::ssize(id);
  if (!is_written) return fail(std::strerror(errno));
  return file;
}

// Whoever became another user meanwhile may not remove it, but can still write to it.
PidFile::~PidFile() {
  if (fd_ < 0) return;
  if (::unlink(path_.c_str()) != 0) [[maybe_unused]]
    const int emptied = ::ftruncate(fd_, 0);
  ::close(fd_);
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

}  // namespace zonecast::process
