// Words of the command line about where things are, understood.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace zonecast {

// What is wrong with them; empty: nothing.
std::string validId(const std::string& id);
std::string validMode(const std::string& octal);

unsigned modeFromText(const std::string& octal);  // of one that is valid

std::string hostName();

// Makes the folder that a file is to stand in, or makes sure that nobody else may put files there.
tl::expected<void, std::string> makeFolderOf(const std::string& path);

}  // namespace zonecast
