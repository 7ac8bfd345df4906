// A folder for one test's table, and what a test puts into tables.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "adapters/table/writer.h"

namespace zonecast::table {

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "table.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::unique_ptr<Writer> mustOpen(WriterOptions options) {
  auto writer = Writer::open(std::move(options));
  if (!writer) {
    ADD_FAILURE() << writer.error();
    std::abort();
  }
  return std::move(*writer);
}

inline Position positionAt(std::uint64_t version) {
  return {"11111111-2222-3333-4444-555555555555", 7, version, version * 31, std::string(32, 'c')};
}

}  // namespace zonecast::table
