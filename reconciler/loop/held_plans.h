// What the brake holds: of each customer the domains that would go or move, with a digest by which
// the operator decides on just that.
//
// The digest is a chain over everything that entered and left: whoever saw another plan has another
// one. It does not survive a restart. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/loop/partings.h"
#include "reconciler/plan/brake.h"
#include "reconciler/plan/table.h"

namespace zonecast::loop {

class HeldPlans {
 public:
  // To which DID the domain would move; nothing: it would go.
  using Would = std::optional<identity::Did>;

  void hold(plan::Party party, const derive::Domain& domain, Would would);
  void release(plan::Party party, const derive::Domain& domain);

  struct Plan {
    std::map<derive::Domain, Would> domains;  // not empty
    std::array<std::uint8_t, 32> chain{};

    std::string digest() const;  // 16 hexadecimal digits
  };
  const std::map<plan::Party, Plan>& plans() const { return plans_; }
  std::optional<plan::Party> find(std::string_view digest) const;
  std::size_t size() const { return size_; }  // domains

 private:
  static void extend(Plan& plan, char what, const derive::Domain& domain, const Would& would);

  std::map<plan::Party, Plan> plans_;
  std::size_t size_ = 0;
};

}  // namespace zonecast::loop
