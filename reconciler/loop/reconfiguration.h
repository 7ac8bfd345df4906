// From the settings that the core works with to others that were read anew: which numbers what
// stays has, and what there is to do. Pure.
//
// Numbers. A customer, a primary, a resolver and a catalog are known by their index everywhere, so
// each keeps its own as long as it is what it was: a customer by its name, a catalog by its name
// and customer; a primary and a resolver only as a whole, since what is under way at one would be
// taken for another's otherwise. Whatever is new stands behind all that were ever there, and what
// is gone stays in its place: so much a process grows with each change of these, until it ends.
#pragma once

#include <vector>

#include "reconciler/loop/settings.h"
#include "reconciler/loop/zones.h"

namespace zonecast::loop {

struct Reconfiguration {
  Settings settings;
  std::vector<dns::Name> gone;      // zones that are named no more
  std::vector<WantedZone> wanted;   // zones that are new, or wanted otherwise
  std::vector<CatalogId> catalogs;  // that stay, with other grants or settings of members
  std::vector<dns::Name> unwatched;
  std::vector<WatchedName> watched;  // that were not, or by another customer
  bool derives_anew = false;         // verdicts and attributes may come out otherwise
};

Reconfiguration reconfigured(const Settings& before, Settings after);

}  // namespace zonecast::loop
