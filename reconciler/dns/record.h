// Resource records as values, and the RDATA of the types that zonecast understands.
//
// Canonical RDATA: no compression, and names inside it folded to lower case, for the types that
// `isRead` names; the octets as they came for every other type (RFC 3597 section 4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/dns/malformed.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/serial.h"
#include "reconciler/dns/ttl.h"

namespace zonecast::dns {

enum class RrType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  txt = 16,
  aaaa = 28,
  srv = 33,
  naptr = 35,
  dname = 39,
  opt = 41,
  tsig = 250,
  ixfr = 251,
  axfr = 252,
  any = 255,
};

enum class RrClass : std::uint16_t { in = 1, any = 255 };

std::string toText(RrType type);  // "SRV", or "TYPE65280" (RFC 3597 section 5)

// The types whose RDATA a zone keeps: SOA, NS, CNAME, DNAME, SRV, NAPTR, A, AAAA, TXT. Of every
// other type a zone only counts that an owner has it.
constexpr bool isKept(RrType type) {
  switch (type) {
    case RrType::a:
    case RrType::ns:
    case RrType::cname:
    case RrType::soa:
    case RrType::txt:
    case RrType::aaaa:
    case RrType::srv:
    case RrType::naptr:
    case RrType::dname:
      return true;
    default:
      return false;
  }
}

// The types whose RDATA is read: those, and PTR, which only catalog zones keep (RFC 9432).
constexpr bool isRead(RrType type) {
  return isKept(type) || type == RrType::ptr;
}

// One record. Owns nothing: `owner` and `rdata` live as long as what it was read from says.
struct RecordView {
  NameView owner;
  RrType type{};
  RrClass rrclass = RrClass::in;
  Ttl ttl;
  std::span<const std::uint8_t> rdata;  // canonical
};

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

// Parsed canonical RDATA. Names and strings point into the RDATA they were parsed from.
struct Soa {
  NameView mname, rname;
  Serial serial;
  std::uint32_t refresh_s = 0, retry_s = 0, expire_s = 0, minimum_s = 0;
};
struct Srv {  // RFC 2782
  std::uint16_t priority = 0, weight = 0, port = 0;
  NameView target;
};
struct Naptr {  // RFC 3403 section 4.1
  std::uint16_t order = 0, preference = 0;
  std::string_view flags, services, regexp;
  NameView replacement;
};

// Each fails unless the RDATA is well-formed and canonical to its last octet.
tl::expected<Soa, Malformed> parseSoa(std::span<const std::uint8_t> rdata);
tl::expected<Srv, Malformed> parseSrv(std::span<const std::uint8_t> rdata);
tl::expected<Naptr, Malformed> parseNaptr(std::span<const std::uint8_t> rdata);
tl::expected<NameView, Malformed> parseSingleName(
    std::span<const std::uint8_t> rdata);  // NS, CNAME, DNAME, PTR
tl::expected<Ipv4, Malformed> parseA(std::span<const std::uint8_t> rdata);
tl::expected<Ipv6, Malformed> parseAaaa(std::span<const std::uint8_t> rdata);
// All character-strings joined without a blank (RFC 7208 section 3.3 does the same).
tl::expected<std::string, Malformed> joinTxt(std::span<const std::uint8_t> rdata);

// Fails unless the RDATA is canonical. For types that are not kept, anything is.
tl::expected<void, Malformed> checkCanonical(RrType type, std::span<const std::uint8_t> rdata);

// "10 5 5060 sip.example.com" and the like; RFC 3597 section 5 for types that are not kept.
std::string rdataToText(RrType type, std::span<const std::uint8_t> rdata);

}  // namespace zonecast::dns
