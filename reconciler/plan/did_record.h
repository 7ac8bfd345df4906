// What is kept of a DID beside its virtual domain, so that nobody inherits another's accounts
// (DESIGN section 5): pure.
//
//   virtual domain | record                   | who may have the DID
//   ---------------+--------------------------+----------------------------------------------------
//   customer A's   | -                        | A
//   customer A's   | B's                      | A, and B: it is handed over to B
//   -              | B's                      | B: it was handed over, or the store has lost it
//   -              | A's, freed               | A, for as long as DIDs are kept; then nobody: it
//                  |                          | is reserved
//   -              | those discovered, freed  | nobody: who comes back cannot be shown to be the
//                  |                          | same
//   -              | -                        | whoever asks for it first
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/time.h"

namespace zonecast::plan {

struct DidRecord {
  std::string customer;
  std::string from{};                 // who had it before it was handed over; empty: it was not
  std::optional<WallSecond> freed{};  // when its last domain went
  friend bool operator==(const DidRecord&, const DidRecord&) = default;
};

// May the customer have the DID without a virtual domain that this is known of? `discovered` is
// what the customer of discovered domains is called.
bool mayHave(std::string_view customer, const DidRecord& record, std::string_view discovered,
             Duration keep, WallTime now);

}  // namespace zonecast::plan
