// Who may have which DID, and what the virtual domains are: pure functions over what derive found
// and what the TXT records claim (DESIGN section 5).
//
// A DID belongs to one customer, and nobody else's domain gets it, unless both say so. A domain
// that asks for what it may not have gets what it would have had without asking, and is contested:
// the incumbent never notices. "Another's" is also a DID that nobody has any more, and that is kept
// for somebody else or reserved.
//
//   who asks for what                        | held by      | result
//   -----------------------------------------+--------------+------------------------------------
//   did= a name that its customer speaks for | nobody, self | that DID (claimed)
//   did= what its grants match               | nobody, self | that DID (claimed)
//   did= that of a static virtual domain of  | nobody, self | that DID (claimed)
//   its                                      |              |
//   any did=, and a domain of the holder has | another      | that DID (shared)
//   that DID and an alias= for this domain   |              |
//   did= as in the first three rows          | another      | contested; as without did=
//   did= any other                           | anybody      | contested; as without did=
//   did= no DID, or several did=             | -            | warning; as without did=
//   without did=, named by domains of its    | nobody, self | that DID (joined)
//   customer, as target or by alias=, that   | another      | as if nobody named it
//   all have one DID                         |              |
//   without did=, they have several          | -            | as if nobody named it
//   without did=, nobody names it:           | nobody, self | its own (own)
//   its own, as ownDid() has it              | another      | contested; the next one that is not
//                                            |              | another's (own)
//
// In `named_by`, the domain itself, domains without a DID yet, and domains for which the customer
// does not speak have no say; in `aliased_by`, domains without a DID yet.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "reconciler/derive/domain.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/identity/attribute.h"
#include "reconciler/identity/claim.h"
#include "reconciler/identity/did.h"
#include "reconciler/view/view.h"

namespace zonecast::identity {

// What a customer may claim.
struct Grants {
  std::vector<std::string> dids;  // patterns; '*' stands for any run of characters
  Setter setter = Setter::customer;

  friend bool operator==(const Grants&, const Grants&) = default;
};
// The whole of `text`, octet by octet, without backtracking.
bool matchesPattern(std::string_view pattern, std::string_view text);

// One hosted domain as identity sees it.
struct Candidate {
  derive::Domain domain;
  view::CustomerId customer{};
  const Claim* claim = nullptr;  // nothing: no TXT record
  // The in-zone hosted domains whose SRV sets name this one as a target (it joins them when they
  // agree).
  std::vector<derive::Domain> named_by;
  // The hosted domains, of whichever customer, whose claims have an alias= for this one.
  std::vector<derive::Domain> aliased_by;
};

struct Assignment {
  Did did;
  enum class Reason : std::uint8_t {
    own,      // the default DID
    claimed,  // did=
    joined,   // SRV target or alias of a domain
    shared,   // did=, and the holder's alias=
  } reason{};
  std::vector<std::string> warnings;  // "did=acme is contested: ...": why a claim was not honoured
  bool contested = false;
  std::optional<Did>
      awaited;  // claimed and granted, but another's: to be asked for when it is free
};

// The DID of one domain. `didOf` answers for the domains in `named_by`; it is asked for nothing
// else. `speaksFor(customer, name)` tells whether the customer speaks for a name (for "a DID that
// equals a name it speaks for").
class IdentityContext {
 public:
  virtual ~IdentityContext() = default;
  virtual std::optional<Did> didOf(const derive::Domain& domain) const = 0;
  virtual bool speaksFor(view::CustomerId customer, dns::NameView name) const = 0;
  virtual const Grants& grants(view::CustomerId customer) const = 0;
  // The operator configured a virtual domain of it for the customer.
  virtual bool isConfiguredFor(view::CustomerId, const Did&) const { return false; }
  virtual DidKind didKind() const { return DidKind::name; }
  virtual std::optional<view::CustomerId> customerOf(const derive::Domain& domain) const = 0;
  // Nobody else has the DID, or is to have it again.
  virtual bool isFreeFor(view::CustomerId customer, const Did& did) const = 0;
  // What warnings call a customer, and say of a DID ("customer \"acme\" holds it").
  virtual std::string nameOf(view::CustomerId customer) const = 0;
  virtual std::string tenureOf(const Did& did) const = 0;
};
Assignment assign(const Candidate& candidate, const IdentityContext& context);

// A virtual domain as it is published.
struct VirtualDomain {
  derive::Domain canonical;  // the first domain of the DID; carries the attributes
  std::string customer;
  std::vector<derive::Domain> domains;  // ascending; canonical among them
  Attributes attributes;
  friend bool operator==(const VirtualDomain&, const VirtualDomain&) = default;
};

// The canonical domain of at least one member: the present one (may be null) while it is one; else
// the one whose own name is the DID; else the eldest: the fewest labels, and of these the first. An
// address, which says nothing in DNS, stays or is the eldest only when all are addresses.
using Members = absl::btree_set<derive::Domain>;
derive::Domain canonicalOf(const Did& did, const derive::Domain* present, const Members& members);

}  // namespace zonecast::identity
