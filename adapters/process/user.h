// Becoming another user, for good.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace zonecast::process {

// Of what root may do nothing stays but binding to ports below 1024, if it could do that. An empty
// user: nobody else; an empty group: the user's own. Whoever is that user and group already need
// not be root. Before any thread starts.
tl::expected<void, std::string> become(const std::string& user, const std::string& group);

}  // namespace zonecast::process
