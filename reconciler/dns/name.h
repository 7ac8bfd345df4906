// Domain names in DNS (RFC 1035 section 3.1, RFC 4343).
//
// A name is held in uncompressed wire format with A-Z folded to a-z, root label included, so that
// equality is equality of octets. Invariants, true of every NameView and Name that exists: 1 to 255
// octets, every label 1 to 63 octets, exactly one root label, at the end, and no upper-case ASCII.
// NameView does not own its octets and is as cheap to copy as a string_view; Name owns them.
// Both are immutable values and may be read from several threads.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "absl/container/inlined_vector.h"
#include "reconciler/dns/malformed.h"

namespace zonecast::dns {

inline constexpr std::size_t kNameOctetsMax = 255;
inline constexpr std::size_t kLabelOctetsMax = 63;

class NameView {
 public:
  constexpr NameView() = default;  // the root

  // For octets that are already known to keep the invariants: an arena, a Name, a checked message.
  static constexpr NameView fromCanonicalWire(std::string_view wire) { return NameView(wire); }

  constexpr std::string_view wire() const { return wire_; }
  constexpr bool isRoot() const { return wire_.size() == 1; }
  std::size_t labelCount() const;             // the root label is not counted: "example.com" has 2
  std::string_view firstLabel() const;        // without its length octet; empty for the root
  NameView parent() const;                    // of a name that is not the root
  NameView suffix(std::size_t labels) const;  // the last `labels` labels, at most labelCount()
  bool isAtOrUnder(NameView ancestor) const;
  bool isWildcard() const { return wire_.size() > 1 && wire_[0] == 1 && wire_[1] == '*'; }
  bool startsWithUnderscore() const { return wire_.size() > 1 && wire_[1] == '_'; }

  // Presentation format (RFC 1035 section 5.1), escaped where needed, without the final dot; "."
  // for the root.
  std::string toText() const;

  friend constexpr bool operator==(NameView a, NameView b) { return a.wire_ == b.wire_; }

  template <typename H>
  friend H AbslHashValue(H h, NameView n) {
    return H::combine(std::move(h), n.wire_);
  }

 private:
  constexpr explicit NameView(std::string_view wire) : wire_(wire) {}
  std::string_view wire_{"\0", 1};
};

// RFC 4034 section 6.1: most significant label first, so that a name sorts directly before all that
// is below it. A strict weak order for ordered containers.
std::strong_ordering compareCanonically(NameView a, NameView b);
struct CanonicalLess {
  using is_transparent = void;
  bool operator()(NameView a, NameView b) const { return compareCanonically(a, b) < 0; }
};

class Name {
 public:
  Name() : wire_(1, '\0') {}  // the root
  explicit Name(NameView view) : wire_(view.wire().begin(), view.wire().end()) {}

  // Presentation format, with or without the final dot; \X and \DDD escapes are understood.
  static tl::expected<Name, Malformed> fromText(std::string_view text);
  // Uncompressed wire format of any case; the whole of `wire` is the name.
  static tl::expected<Name, Malformed> fromWire(std::span<const std::uint8_t> wire);

  // `label` (1-63 octets, any case) put before `rest`; fails when the result exceeds 255 octets.
  static tl::expected<Name, Malformed> prepend(std::string_view label, NameView rest);
  // RFC 6672 section 2.2: `owner` replaced by `target` at the end of `name` (name is below owner);
  // fails when the result exceeds 255 octets.
  static tl::expected<Name, Malformed> substitute(NameView name, NameView owner, NameView target);

  NameView view() const { return NameView::fromCanonicalWire({wire_.data(), wire_.size()}); }
  operator NameView() const { return view(); }  // NOLINT: a Name is usable wherever it is read
  std::string toText() const { return view().toText(); }

  friend bool operator==(const Name& a, const Name& b) { return a.view() == b.view(); }
  friend bool operator==(const Name& a, NameView b) { return a.view() == b; }

  template <typename H>
  friend H AbslHashValue(H h, const Name& n) {
    return H::combine(std::move(h), n.view());
  }

 private:
  void append(std::string_view octets) { wire_.insert(wire_.end(), octets.begin(), octets.end()); }

  absl::InlinedVector<char, 40> wire_;  // most names need no memory of their own
};

// Hash and equality for containers keyed by Name that are searched by NameView.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(NameView n) const;
};
struct NameEqual {
  using is_transparent = void;
  bool operator()(NameView a, NameView b) const { return a == b; }
};

}  // namespace zonecast::dns
