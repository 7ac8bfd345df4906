#include "adapters/process/user.h"

#include <cap-ng.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace zonecast::process {
namespace {

tl::expected<gid_t, std::string> groupId(const std::string& name, gid_t own) {
  if (name.empty()) return own;
  const group* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) return tl::unexpected(fmt::format("there is no group {}", name));
  return entry->gr_gid;
}

}  // namespace

tl::expected<void, std::string> become(const std::string& user, const std::string& group) {
  if (user.empty()) {
    if (group.empty()) return {};
    return tl::unexpected<std::string>("a group is given, but no user");
  }
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) return tl::unexpected(fmt::format("there is no user {}", user));
  const uid_t uid = entry->pw_uid;
  const auto gid = groupId(group, entry->pw_gid);
  if (!gid) return tl::unexpected(gid.error());
  if (uid == ::geteuid() && *gid == ::getegid()) return {};
  if (::geteuid() != 0) {
    return tl::unexpected(fmt::format("only root can become user {} with group {}", user,
                                      group.empty() ? "of its own" : group));
  }
  const bool binds = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_BIND_SERVICE) == 1;
  capng_clear(CAPNG_SELECT_BOTH);
  if (binds) {
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                 CAP_NET_BIND_SERVICE);
  }
  const int result =
      capng_change_id(static_cast<int>(uid), static_cast<int>(*gid), CAPNG_INIT_SUPP_GRP);
  if (result == 0) return {};
  return tl::unexpected(fmt::format("cannot become user {} (capng_change_id: {})", user, result));
}

}  // namespace zonecast::process
