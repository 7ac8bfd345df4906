// What an answer says, in one block of memory: its aliases, then its RRset. A watched domain rests
// on some seven answers, so this is most of what it costs.
//
// TTLs are not in it: two that are equal say the same. Immutable; views end with it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "reconciler/query/answer.h"

namespace zonecast::query {

class PackedAnswer {
 public:
  PackedAnswer() = default;  // neither alias nor record
  explicit PackedAnswer(const Answer& answer);

  struct AliasView {
    dns::RrType type{};  // CNAME or DNAME
    dns::NameView owner, leads_to;
  };
  std::vector<AliasView> aliases() const;
  std::vector<std::span<const std::uint8_t>> rrset() const;

  friend bool operator==(const PackedAnswer& a, const PackedAnswer& b) {
    return a.octets() == b.octets();
  }

 private:
  class Reader;

  std::string_view octets() const;

  std::unique_ptr<std::uint8_t[]> block_;  // how many octets follow, in the first four
};

}  // namespace zonecast::query
