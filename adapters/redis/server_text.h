// Words of a command line about Redis, understood.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "adapters/redis/options.h"

namespace zonecast::redis {

// "unix:PATH", "192.0.2.10:6379" or "[2001:db8::10]:6379"; the error is a sentence.
using Server = std::variant<UnixSocket, xfr::Endpoint>;
tl::expected<Server, std::string> serverFromText(std::string_view text);

// Letters, digits, '.', '_' and '-', of which the first is no '.'.
bool isWord(std::string_view text, std::size_t octets_max);

// What is wrong with the name of a deployment; empty: nothing.
std::string validDeployment(const std::string& name);

}  // namespace zonecast::redis
