// `zonecast history` and `zonecast diff`: what became of domains.
#pragma once

#include <cstdint>
#include <string>

#include "app/zonecast/session.h"

namespace zonecast {

int showHistory(Session& session, const std::string& domain, bool json);
int showDiff(Session& session, std::uint64_t from, std::uint64_t to, bool json);

}  // namespace zonecast
