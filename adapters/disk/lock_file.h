// A lock on a directory: held by one process, by this object, and gone with either.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace zonecast::disk {

class LockFile {
 public:
  // Fails with a sentence that names the process that holds it, as far as it is known.
  static tl::expected<LockFile, std::string> take(const std::string& path);

  LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace zonecast::disk
