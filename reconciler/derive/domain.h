// A domain: a SIP host name (the host part of a SIP URI), lower case, letters, digits and hyphens
// in its labels (RFC 1123 section 2.1; A-labels), without the final dot, at most 253 octets. An
// immutable value, ordered and hashed by its text; a copy is a counted pointer.
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
  static tl::expected<Domain, std::string> fromText(std::string_view text);
  // Fails for the root, for wildcards, for underscored names and for what is not LDH.
  static tl::expected<Domain, std::string> fromName(dns::NameView name);

  std::string_view text() const { return text_.text(); }
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
