// The target of a request (RFC 9112 section 3.2), taken apart and decoded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace zonecast::http {

struct Target {
  std::string authority;          // of the absolute form; empty: Host says
  std::vector<std::string> path;  // what stands between slashes: "/" is one empty segment
  std::vector<std::pair<std::string, std::string>> query;
};

// All of it is printable ASCII, percent-encoded or not: so are the names that are asked about. The
// error is a sentence.
tl::expected<Target, std::string> targetFromText(std::string_view text);

}  // namespace zonecast::http
