// Words of the command line about where things are, understood.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "adapters/redis/options.h"

namespace zonecast {

// "unix:PATH", "192.0.2.10:6379" or "[2001:db8::10]:6379"; the error is a sentence.
tl::expected<std::variant<redis::UnixSocket, xfr::Endpoint>, std::string> serverFromText(
    std::string_view text);

// What is wrong with them; empty: nothing.
std::string validDeployment(const std::string& name);
std::string validId(const std::string& id);
std::string validMode(const std::string& octal);

unsigned modeFromText(const std::string& octal);  // of one that is valid

std::string hostName();

// Makes the folder that a file is to stand in, or makes sure that nobody else may put files there.
tl::expected<void, std::string> makeFolderOf(const std::string& path);

}  // namespace zonecast
