// Where the control socket stands in the file system, as the socket calls want it.
#pragma once

#include <filesystem>
#include <string>

#include <sys/un.h>
#include <tl/expected.hpp>

namespace zonecast::control {

// The error is a sentence: the kernel keeps such paths in a small field.
tl::expected<sockaddr_un, std::string> toSocketAddress(const std::filesystem::path& path);

}  // namespace zonecast::control
