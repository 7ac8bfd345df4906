// A domain: the host part of a SIP URI (RFC 3261 section 25.1). A host name is lower case, letters,
// digits and hyphens in its labels (RFC 1123 section 2.1; A-labels), without the final dot, at most
// 253 octets. An IP address is in its one form, an IPv6 address as RFC 5952 has it and without
// brackets; only the operator makes one a domain, DNS never does. An immutable value, ordered and
// hashed by its text; a copy is a counted pointer.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/shared.h"

namespace zonecast::derive {

class Domain {
 public:
  static tl::expected<Domain, std::string> fromText(std::string_view text);  // a host name
  // A host name or an IP address, an IPv6 address with or without brackets.
  static tl::expected<Domain, std::string> fromHost(std::string_view text);
  // Fails for the root, for wildcards, for underscored names and for what is not LDH.
  static tl::expected<Domain, std::string> fromName(dns::NameView name);

  std::string_view text() const { return text_.text(); }
  bool isAddress() const;
  // Of an address a name of one label that is no domain's: nobody looks it up.
  dns::NameView name() const { return dns::NameView::fromCanonicalWire(text_.tail()); }
  const SharedText& sharedText() const { return text_; }
  Domain detached() const { return Domain(text_.detached()); }  // for another thread

  friend bool operator==(const Domain&, const Domain&) = default;
  friend auto operator<=>(const Domain&, const Domain&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Domain& d) {
    return H::combine(std::move(h), d.text_);
  }

 private:
  explicit Domain(SharedText text) : text_(std::move(text)) {}
  explicit Domain(std::string_view text, dns::NameView name) : text_(text, name.wire()) {}
  SharedText text_;
};

}  // namespace zonecast::derive
