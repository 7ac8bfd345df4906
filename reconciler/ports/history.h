// Port: what the disk has kept of what became of each domain. Disk::saveHistory() writes it; what
// was saved a moment ago may not be there yet.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/plan/history.h"

namespace zonecast::ports {

class History {
 public:
  virtual ~History() = default;

  // Errors are sentences: what is on disk is damaged, or cannot be read.
  virtual tl::expected<std::optional<plan::DomainHistory>, std::string> historyOf(
      const derive::Domain& domain) const = 0;
  // Some domains, in the order of their texts, from behind `after` on (the beginning, when it is
  // empty). Where to go on; nothing after the last. One that is damaged is passed over.
  using Visitor = std::function<void(const derive::Domain&, const plan::DomainHistory&)>;
  virtual tl::expected<std::optional<std::string>, std::string> visitHistory(
      const std::string& after, std::size_t domains_max, const Visitor& visit) const = 0;
  // What became of any domain after this version is kept; nothing: nothing is kept yet.
  virtual tl::expected<std::optional<plan::Version>, std::string> historySince() const = 0;
};

}  // namespace zonecast::ports
