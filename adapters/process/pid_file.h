// The file that tells others this process's ID. Locked as long as the process runs, so that a
// second one does not take it over; empty or gone afterwards.
#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

namespace zonecast::process {

class PidFile {
 public:
  // Made or written anew, readable by everybody; no symbolic link is followed.
  static tl::expected<PidFile, std::string> write(const std::filesystem::path& path);
  ~PidFile();
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;

 private:
  PidFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::filesystem::path path_;
  int fd_;
};

}  // namespace zonecast::process
