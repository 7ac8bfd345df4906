#include "reconciler/dns/record.h"

#include <algorithm>

#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

template <typename Address>
tl::expected<Address, Malformed> parseAddress(std::span<const std::uint8_t> rdata) {
  Address address{};
  WireReader in(rdata);
  const auto octets = in.octets(address.size());
  std::copy(octets.begin(), octets.end(), address.begin());
  return in.finish(address);
}

tl::expected<void, Malformed> checkTxt(std::span<const std::uint8_t> rdata) {
  WireReader in(rdata);
  in.characterStrings();
  if (!in.ok()) return in.unexpected();
  return {};
}

template <typename T>
tl::expected<void, Malformed> verdictOf(const tl::expected<T, Malformed>& parsed) {
  if (!parsed) return tl::unexpected(parsed.error());
  return {};
}

}  // namespace

tl::expected<Soa, Malformed> parseSoa(std::span<const std::uint8_t> rdata) {
  WireReader in(rdata);
  Soa soa;
  soa.mname = in.canonicalName();
  soa.rname = in.canonicalName();
  soa.serial = Serial(in.u32());
  soa.refresh_s = in.u32();
  soa.retry_s = in.u32();
  soa.expire_s = in.u32();
  soa.minimum_s = in.u32();
  return in.finish(soa);
}

tl::expected<Srv, Malformed> parseSrv(std::span<const std::uint8_t> rdata) {
  WireReader in(rdata);
  Srv srv;
  srv.priority = in.u16();
  srv.weight = in.u16();
  srv.port = in.u16();
  srv.target = in.canonicalName();
  return in.finish(srv);
}

tl::expected<Naptr, Malformed> parseNaptr(std::span<const std::uint8_t> rdata) {
  WireReader in(rdata);
  Naptr naptr;
  naptr.order = in.u16();
  naptr.preference = in.u16();
  naptr.flags = in.characterString();
  naptr.services = in.characterString();
  naptr.regexp = in.characterString();
  naptr.replacement = in.canonicalName();
  return in.finish(naptr);
}

tl::expected<NameView, Malformed> parseSingleName(std::span<const std::uint8_t> rdata) {
  WireReader in(rdata);
  const NameView name = in.canonicalName();
  return in.finish(name);
}

tl::expected<Ipv4, Malformed> parseA(std::span<const std::uint8_t> rdata) {
  return parseAddress<Ipv4>(rdata);
}

tl::expected<Ipv6, Malformed> parseAaaa(std::span<const std::uint8_t> rdata) {
  return parseAddress<Ipv6>(rdata);
}

tl::expected<std::string, Malformed> joinTxt(std::span<const std::uint8_t> rdata) {
  if (const auto checked = checkTxt(rdata); !checked) return tl::unexpected(checked.error());
  std::string text;
  text.reserve(rdata.size());
  for (WireReader in(rdata); !in.atEnd();) text += in.characterString();
  return text;
}

tl::expected<void, Malformed> checkCanonical(RrType type, std::span<const std::uint8_t> rdata) {
  switch (type) {
    case RrType::a:
      return verdictOf(parseA(rdata));
    case RrType::aaaa:
      return verdictOf(parseAaaa(rdata));
    case RrType::ns:
    case RrType::cname:
    case RrType::dname:
      return verdictOf(parseSingleName(rdata));
    case RrType::soa:
      return verdictOf(parseSoa(rdata));
    case RrType::srv:
      return verdictOf(parseSrv(rdata));
    case RrType::naptr:
      return verdictOf(parseNaptr(rdata));
    case RrType::txt:
      return checkTxt(rdata);
    default:
      return {};
  }
}

}  // namespace zonecast::dns
