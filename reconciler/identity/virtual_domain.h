// Who may have which DID, and what the virtual domains are: pure functions over what derive found
// and what the TXT records claim (DESIGN section 5).
//
// The claims model in this version: a DID belongs to one customer; a `did=` tag is honoured when the
// DID equals a name the customer speaks for, or matches its granted patterns. The rest keeps its default
// identity and is reported as contested.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/derive/domain.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/identity/attribute.h"
#include "reconciler/identity/claim.h"
#include "reconciler/identity/did.h"
#include "reconciler/view/view.h"

namespace zonecast::identity {

// What a customer may claim.
struct Grants {
  std::vector<std::string> dids;   // patterns; '*' stands for any run of characters
  Setter setter = Setter::customer;
};
bool matchesPattern(std::string_view pattern, std::string_view text);

// One hosted domain as identity sees it.
struct Candidate {
  derive::Domain domain;
  view::CustomerId customer{};
  const Claim* claim = nullptr;  // nothing: no TXT record
  // The in-zone hosted domains whose SRV sets name this one as a target (it joins them when they agree).
  std::vector<derive::Domain> named_by;
};

struct Assignment {
  Did did;
  enum class Reason : std::uint8_t { own, claimed, joined } reason{};  // default DID; did=; SRV target of a domain
  std::vector<std::string> warnings;  // "did=acme is contested: ...": why a claim was not honoured
  bool contested = false;
};

// The DID of one domain. `did_of` answers for the domains in `named_by`; it is asked for nothing else.
// `speaks_for(customer, name)` tells whether the customer speaks for a name (for "a DID that equals a
// name it speaks for").
class IdentityContext {
 public:
  virtual ~IdentityContext() = default;
  virtual std::optional<Did> didOf(const derive::Domain& domain) const = 0;
  virtual bool speaksFor(view::CustomerId customer, dns::NameView name) const = 0;
  virtual const Grants& grants(view::CustomerId customer) const = 0;
  // Who holds the DID now; nothing when nobody does.
  virtual std::optional<view::CustomerId> holder(const Did& did) const = 0;
};
Assignment assign(const Candidate& candidate, const IdentityContext& context);

// A virtual domain as it is published.
struct VirtualDomain {
  derive::Domain canonical;             // the first domain of the DID; carries the attributes
  std::string customer;
  std::vector<derive::Domain> domains;  // ascending; canonical among them
  Attributes attributes;
  friend bool operator==(const VirtualDomain&, const VirtualDomain&) = default;
};

// The canonical domain: the present one while it remains a member; else the member whose own name is the
// DID; else the eldest (by the order in which `eldest_first` has them; at a first transfer: the fewest labels, then
// canonical order).
derive::Domain canonicalOf(const Did& did, const std::optional<derive::Domain>& present,
                           const std::vector<derive::Domain>& eldest_first);

}  // namespace zonecast::identity
