// What one derivation asks of DNS: at most so many questions, each of an address asked once, and a
// memory of which zones and names the verdict rests on. Past the limit every answer is "not known",
// so that running into it can never look like an absence.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/dns/name.h"
#include "reconciler/view/view.h"

namespace zonecast::derive {

// Whether the owner that answered was a CNAME's or a DNAME's, and other names were asked after it.
constexpr bool isAlias(const view::Evidence& evidence) {
  return evidence.kind == view::Evidence::Kind::cname ||
         evidence.kind == view::Evidence::Kind::dname;
}

class Inquiry {
 public:
  // `domain` and `dns` must outlive it.
  Inquiry(dns::NameView domain, const view::Lookup& dns, std::uint32_t lookups_max)
      : domain_(domain), dns_(dns), lookups_max_(lookups_max) {}

  view::Answer ask(dns::NameView name, dns::RrType type);
  // The same, remembered: many transports lead to the same hosts. Valid as long as the inquiry.
  const view::Answer& askAddresses(dns::NameView host, dns::RrType type);

  const Sources& sources() const { return sources_; }
  std::vector<dns::Name> reads() const;  // in canonical order, no duplicates

 private:
  void remember(dns::NameView question, const view::Answer& answer);
  void read(dns::NameView name);

  dns::NameView domain_;
  const view::Lookup& dns_;
  const std::uint32_t lookups_max_;
  std::uint32_t lookups_ = 0;
  absl::node_hash_map<std::pair<dns::Name, dns::RrType>, view::Answer> addresses_;
  Sources sources_;
  std::vector<dns::Name> reads_;
};

}  // namespace zonecast::derive
