// What a mirror tells of: facts, which whoever runs it puts into words.
//
// Called from the loop. `Serving` is what is shown then.
#pragma once

#include <cstddef>
#include <string>

#include "adapters/table/rows.h"

namespace zonecast::mirror {

struct Serving {
  const table::Position& position;
  std::size_t domains = 0;
  std::size_t refused = 0;  // entries that are published and must not be served
  const std::string& last_refusal;
};

class Listener {
 public:
  virtual ~Listener() = default;

  virtual void onLoading(const std::string& why) = 0;
  virtual void onLoaded(const Serving& serving) = 0;
  virtual void onVersion(const Serving& serving) = 0;
  // What is shown is the newest: told when it was not known before.
  virtual void onCurrent(const Serving& serving) = 0;
  // What is shown stays, and may not be the newest. Told once for each reason, until onCurrent().
  virtual void onTrouble(const std::string& why) = 0;
  // A question of a worker, or its answer, did not get through, or a report did not.
  virtual void onRelayTrouble(const std::string& why) = 0;
};

}  // namespace zonecast::mirror
