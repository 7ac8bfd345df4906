// `zonecast plan --config FILE`: what another configuration would change, without touching
// anything.
#pragma once

#include <string>

namespace zonecast {

// `timeout_ms`: so long Redis may take to be read. Exit codes: 0 nothing would change, 1 something
// would, 2 it cannot be told, 4 the configuration has errors.
int planConfiguration(const std::string& file, int timeout_ms, bool json);

}  // namespace zonecast
