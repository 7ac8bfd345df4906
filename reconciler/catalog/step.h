// What becomes of one zone when a catalog is read: the difference between what is there and what
// the catalog lists, zone by zone. A pure function.
//
//   the name is now of           the catalog lists it             it does not
//   ---------------------------  -------------------------------  ------------
//   nobody                       add                              none
//   a member of this catalog     none; regroup; reset             leave
//   a zone that is leaving, of   back                             none
//     the same customer
//   another catalog's member,    move                             none
//     whose coo names this one
//   any other zone               clash                            none
//
// reset: under another label. The zone is transferred anew; RFC 9432 section 5.4 would have it
// removed and added, but what it says goes on being served until the new copy is there, and its
// domains keep their DIDs. regroup: under the same label, in other groups. move: section 4.3.1;
// only within one customer, whatever coo says. clash: section 5.2, the newcomer is ignored. leave:
// section 5.3, only what this catalog brought may be taken away by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/catalog/content.h"

namespace zonecast::catalog {

// The zone that has the name.
struct Present {
  enum class From : std::uint8_t { thisCatalog, anotherCatalog, elsewhere } from{};
  bool same_customer = false;
  bool leaving = false;
  std::string label;  // thisCatalog
  std::vector<std::string> groups;
  bool comes_here = false;  // anotherCatalog: its coo names this one
};

enum class Step : std::uint8_t { none, add, regroup, reset, back, move, leave, clash };
std::string_view toText(Step step);

// `listed` is null when the catalog does not list the zone, or may not.
Step stepFor(const std::optional<Present>& present, const Member* listed);

}  // namespace zonecast::catalog
