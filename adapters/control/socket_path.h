// Where a unix socket of ours stands in the file system, as the socket calls want it.
#pragma once

#include <filesystem>
#include <string>

#include <sys/un.h>
#include <tl/expected.hpp>

namespace zonecast::control {

// The error is a sentence: the kernel keeps such paths in a small field.
tl::expected<sockaddr_un, std::string> toSocketAddress(const std::filesystem::path& path);

// Whether its process left it behind: it refuses then. Whatever else happens, somebody may be
// there. The question never waits: a backlog that is full is an answer as well.
bool isAbandoned(const sockaddr_un& address);

}  // namespace zonecast::control
