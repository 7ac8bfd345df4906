#include "reconciler/derive/verdict.h"

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

dns::NameView ownDomainName(dns::NameView name) {
  while (name.startsWithUnderscore()) name = name.parent();
  return name;
}

}  // namespace zonecast::derive
