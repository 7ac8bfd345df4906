#include "reconciler/catalog/step.h"

namespace zonecast::catalog {

using From = Present::From;

std::string_view toText(Step step) {
  switch (step) {
    case Step::none:
      return "none";
    case Step::add:
      return "add";
    case Step::regroup:
      return "regroup";
    case Step::reset:
      return "reset";
    case Step::back:
      return "back";
    case Step::move:
      return "move";
    case Step::leave:
      return "leave";
    case Step::clash:
      return "clash";
  }
  return "?";
}

Step stepFor(const std::optional<Present>& present, const Member* listed) {
  if (listed == nullptr) {
    const bool leaves = present && present->from == From::thisCatalog && !present->leaving;
    return leaves ? Step::leave : Step::none;
  }
  if (!present) return Step::add;
  if (!present->same_customer) return Step::clash;
  if (present->leaving) return Step::back;
  if (present->from == From::anotherCatalog && present->comes_here) return Step::move;
  if (present->from != From::thisCatalog) return Step::clash;
  const MemberNode& node = listed->node(present->label);
  if (node.label != present->label) return Step::reset;
  return node.groups != present->groups ? Step::regroup : Step::none;
}

}  // namespace zonecast::catalog
