// The words for what is published.
#include "reconciler/plan/table.h"

namespace zonecast::plan {

std::string_view toText(State state) {
  switch (state) {
    case State::hosted:
      return "hosted";
    case State::retiring:
      return "retiring";
  }
  return "unknown";
}

}  // namespace zonecast::plan
