#include "reconciler/derive/verdict.h"

#include <algorithm>

namespace zonecast::derive {

std::string_view toText(Standing standing) {
  switch (standing) {
    case Standing::hosted:
      return "hosted";
    case Standing::closed:
      return "closed";
    case Standing::foreign:
      return "foreign";
    case Standing::unknown:
      return "unknown";
  }
  return {};
}

std::string_view toText(Role role) {
  return role == Role::primary ? "primary" : "backup";
}

void addSource(Sources& sources, view::ZoneIndex zone) {
  const auto at = std::lower_bound(sources.begin(), sources.end(), zone);
  if (at == sources.end() || *at != zone) sources.insert(at, zone);
}

dns::NameView ownDomainName(dns::NameView name) {
  while (name.startsWithUnderscore()) name = name.parent();
  return name;
}

}  // namespace zonecast::derive
