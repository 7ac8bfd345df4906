// Reads fields in network order out of octets that nobody has checked. Used inside dns.
//
// The first field that does not fit or is not well-formed fails the reader, and every read after it
// gives zeros, so that a caller reads all the fields of a structure and asks once, at the end, by
// ok() or finish(). Nothing outside the octets is ever touched, and nothing is allocated.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/malformed.h"
#include "reconciler/dns/name.h"

namespace zonecast::dns {

inline constexpr std::size_t kHeaderOctets = 12;

using NameBuffer = std::span<char, kNameOctetsMax>;

class WireReader {
 public:
  // Offsets, compression pointers among them, count from the first of `octets`.
  explicit WireReader(std::span<const std::uint8_t> octets, std::size_t offset = 0)
      : octets_(octets), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  bool atEnd() const { return offset_ == octets_.size(); }
  bool ok() const { return failure_.what.empty(); }
  const Malformed& failure() const { return failure_; }
  tl::unexpected<Malformed> unexpected() const { return tl::unexpected<Malformed>(failure_); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer<2>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer<4>()); }
  std::uint64_t u48() { return integer<6>(); }
  std::span<const std::uint8_t> octets(std::size_t count);
  std::string_view characterString();  // RFC 1035 section 3.3, without its length octet
  // All that is left, which is one character-string or more: the RDATA of a TXT.
  std::span<const std::uint8_t> characterStrings();

  // Confined to the next `count` octets, but able to follow pointers to what is before them.
  WireReader window(std::size_t count);

  // A name in wire format that is canonical already: no compression, no upper case.
  NameView canonicalName();
  // A name with or without compression, of any case; expanded into `out` and folded.
  NameView expandName(NameBuffer out);
  void skipName();

  void fail(std::string_view what) { failAt(what, offset_); }

  void expectEnd() {
    if (ok() && !atEnd()) fail("octets left over behind the last field");
  }

  // `value`, if all went well and nothing is left over.
  template <typename T>
  tl::expected<T, Malformed> finish(T value) {
    expectEnd();
    if (!ok()) return unexpected();
    return value;
  }

 private:
  template <std::size_t kOctets>
  std::uint64_t integer() {
    if (!has(kOctets)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kOctets; ++i) value = value << 8 | octets_[offset_ + i];
    offset_ += kOctets;
    return value;
  }

  bool has(std::size_t count) {
    if (count <= octets_.size() - offset_) return true;
    fail("ends before a field is complete");
    return false;
  }

  // Steps over labels from `at` on, to the octet that is no label's length, or past the end.
  std::size_t endOfLabels(std::size_t at) const {
    while (at < octets_.size() && octets_[at] - 1u < kLabelOctetsMax) at += 1u + octets_[at];
    return at;
  }

  void failAt(std::string_view what, std::size_t offset);

  std::span<const std::uint8_t> octets_;
  std::size_t offset_;
  Malformed failure_;
};

// Appends the low `kOctets` octets of an integer in network order.
template <std::size_t kOctets>
void appendInteger(std::vector<std::uint8_t>& out, std::uint64_t value) {
  std::array<std::uint8_t, kOctets> octets;
  for (std::size_t i = 0; i < kOctets; ++i) {
    octets[i] = static_cast<std::uint8_t>(value >> 8 * (kOctets - 1 - i));
  }
  out.insert(out.end(), octets.begin(), octets.end());
}

inline void appendOctets(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

inline void appendName(std::vector<std::uint8_t>& out, NameView name) {
  out.insert(out.end(), name.wire().begin(), name.wire().end());
}

inline std::string_view asChars(std::span<const std::uint8_t> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace zonecast::dns
