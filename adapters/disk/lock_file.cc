#include "adapters/disk/lock_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace zonecast::disk {

namespace {

// The process that wrote its number into the file.
std::string holder(int fd) {
  std::array<char, 20> text;
  const ssize_t count = pread(fd, text.data(), text.size(), 0);
  if (count <= 0) return "another process";
  return fmt::format("process {}", std::string_view(text.data(), static_cast<std::size_t>(count)));
}

// Only for holder() to tell: a disk that is too full for it is no reason to fail.
void writeNumber(int fd) {
  const std::string number = fmt::format("{}", getpid());
  if (ftruncate(fd, 0) == 0) static_cast<void>(!pwrite(fd, number.data(), number.size(), 0));
}

}  // namespace

tl::expected<LockFile, std::string> LockFile::take(const std::string& path) {
  LockFile file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd_ < 0) {
    return tl::unexpected(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  if (flock(file.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return tl::unexpected(fmt::format("cannot lock {}: {}", path, std::strerror(errno)));
    }
    return tl::unexpected(fmt::format("{} is locked by {}: stop it, or use another state directory",
                                      path, holder(file.fd_)));
  }
  writeNumber(file.fd_);
  return file;
}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace zonecast::disk
