// The status page's files, which CMake puts into the program (page/).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zonecast::http {

struct PageFile {
  std::string_view name;  // what stands behind the slash; empty: the page itself
  std::string_view type;
  std::string_view content;
};

std::span<const PageFile> pageFiles();
const PageFile* pageFile(const std::vector<std::string>& path);  // null: no such file

}  // namespace zonecast::http
