// A DID: a virtual domain's permanent identifier. Opaque, 1-253 of [A-Za-z0-9._:~-], compared octet
// by octet. An immutable value; a copy is a counted pointer.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "reconciler/derive/domain.h"
#include "reconciler/shared.h"

namespace zonecast::identity {

inline constexpr std::size_t kDidOctetsMax = 253;

class Did {
 public:
  static tl::expected<Did, std::string> fromText(std::string_view text);
  // The own name of a domain, its default: letters, digits, '-', '.' and ':' are a DID's too.
  static Did of(const derive::Domain& domain) { return Did(domain.sharedText()); }
  std::string_view text() const { return text_.text(); }
  Did detached() const { return Did(text_.detached()); }  // for another thread
  friend bool operator==(const Did&, const Did&) = default;
  friend auto operator<=>(const Did&, const Did&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Did& d) {
    return H::combine(std::move(h), d.text_);
  }

 private:
  explicit Did(SharedText text) : text_(std::move(text)) {}
  SharedText text_;
};

// The DIDs that are a domain's own, each after the one before is somebody else's for ever: its
// name, "name~2", "name~3"; or UUIDs made of just these texts (RFC 9562 section 5.5, in the name
// space of DNS). Number 1 is the first.
enum class DidKind : std::uint8_t { name, uuid };
Did ownDid(const derive::Domain& domain, DidKind kind, std::uint32_t number);
bool looksLikeUuid(const Did& did);

}  // namespace zonecast::identity
