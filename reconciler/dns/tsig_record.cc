// The TSIG record on the wire: RFC 8945 section 4.

#include "reconciler/dns/tsig_record.h"

#include <algorithm>
#include <array>

#include "reconciler/dns/record.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

constexpr std::size_t kArcountOffset = 10;

std::uint16_t arcountOf(std::span<const std::uint8_t> message) {
  return WireReader(message, kArcountOffset).u16();
}

struct Algorithm {
  TsigAlgorithm algorithm;
  Name name;
};

const std::array<Algorithm, 3>& algorithms() {
  static const std::array<Algorithm, 3> kAlgorithms = {{
      {TsigAlgorithm::hmacSha256, *Name::fromText("hmac-sha256")},
      {TsigAlgorithm::hmacSha384, *Name::fromText("hmac-sha384")},
      {TsigAlgorithm::hmacSha512, *Name::fromText("hmac-sha512")},
  }};
  return kAlgorithms;
}

// Where the TSIG record begins, or nothing. Steps over names without expanding them, and over RDATA
// without a look at it: this is what a message of a transfer costs beside its HMAC.
std::optional<std::size_t> locate(WireReader& in) {
  in.octets(4);  // ID and flags
  const std::uint16_t qdcount = in.u16();
  const std::uint32_t ancount = in.u16();
  const std::uint32_t nscount = in.u16();
  const std::uint32_t arcount = in.u16();
  const std::uint32_t records = ancount + nscount + arcount;
  for (std::uint16_t i = 0; i < qdcount && in.ok(); ++i) {
    in.skipName();
    in.octets(4);
  }
  std::optional<std::size_t> tsig;
  for (std::uint32_t i = 0; i < records && in.ok(); ++i) {
    const std::size_t offset = in.offset();
    in.skipName();
    const RrType type{in.u16()};
    in.octets(6);  // class and TTL
    in.octets(in.u16());
    if (type != RrType::tsig) continue;
    if (i + 1 != records || arcount == 0) in.fail("TSIG is not the last of the additional records");
    tsig = offset;
  }
  in.expectEnd();
  return tsig;
}

// RFC 8945 section 4.2. The algorithm's name must not be compressed.
std::optional<TsigRecord> parse(std::span<const std::uint8_t> message, std::size_t offset) {
  std::array<char, kNameOctetsMax> owner;
  WireReader in(message, offset);
  TsigRecord record;
  record.offset = offset;
  record.variables.key = Name(in.expandName(owner));
  in.octets(2);  // the type
  const RrClass rrclass{in.u16()};
  const std::uint32_t ttl = in.u32();
  const std::uint16_t rdlength = in.u16();
  const auto rdata = in.octets(rdlength);
  if (!in.ok() || rrclass != RrClass::any || ttl != 0) return std::nullopt;

  std::array<char, kNameOctetsMax> algorithm;
  WireReader fields(rdata);
  record.variables.algorithm = Name(fields.expandName(algorithm));
  record.variables.time_s = fields.u48();
  record.variables.fudge_s = fields.u16();
  record.mac = fields.octets(fields.u16());
  record.original_id = fields.u16();
  record.variables.error = TsigError{fields.u16()};
  const auto other = fields.octets(fields.u16());
  record.variables.other.assign(other.begin(), other.end());
  fields.expectEnd();
  if (!fields.ok()) return std::nullopt;
  return record;
}

void appendTimers(std::vector<std::uint8_t>& out, const TsigVariables& variables) {
  appendInteger<6>(out, variables.time_s);
  appendInteger<2>(out, variables.fudge_s);
}

void appendErrorAndOther(std::vector<std::uint8_t>& out, const TsigVariables& variables) {
  appendInteger<2>(out, static_cast<std::uint16_t>(variables.error));
  appendInteger<2>(out, variables.other.size());
  appendOctets(out, variables.other);
}

}  // namespace

const Name& nameOf(TsigAlgorithm algorithm) {
  return algorithms()[static_cast<std::size_t>(algorithm)].name;
}

std::optional<TsigAlgorithm> algorithmNamed(NameView name) {
  for (const Algorithm& known : algorithms()) {
    if (known.name == name) return known.algorithm;
  }
  return std::nullopt;
}

std::uint64_t secondsOf(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
}

tl::expected<std::optional<TsigRecord>, TsigFailure> findTsig(
    std::span<const std::uint8_t> message) {
  WireReader in(message);
  const std::optional<std::size_t> offset = locate(in);
  if (!in.ok()) return tl::unexpected(TsigFailure::misplaced);
  if (!offset) return std::nullopt;
  std::optional<TsigRecord> record = parse(message, *offset);
  if (!record) return tl::unexpected(TsigFailure::misplaced);
  return record;
}

void appendTsig(std::vector<std::uint8_t>& message, const TsigVariables& variables,
                const Mac& mac) {
  std::vector<std::uint8_t> rdata;
  appendName(rdata, variables.algorithm);
  appendTimers(rdata, variables);
  appendInteger<2>(rdata, mac.size());
  appendOctets(rdata, mac);
  rdata.insert(rdata.end(), message.begin(), message.begin() + 2);  // the ID is the original one
  appendErrorAndOther(rdata, variables);

  const unsigned arcount = arcountOf(message) + 1u;
  message[kArcountOffset] = static_cast<std::uint8_t>(arcount >> 8);
  message[kArcountOffset + 1] = static_cast<std::uint8_t>(arcount);
  appendName(message, variables.key);
  appendInteger<2>(message, static_cast<std::uint16_t>(RrType::tsig));
  appendInteger<2>(message, static_cast<std::uint16_t>(RrClass::any));
  appendInteger<4>(message, 0);  // TTL
  appendInteger<2>(message, rdata.size());
  appendOctets(message, rdata);
}

void digestMac(Hmac& hmac, std::span<const std::uint8_t> mac) {
  const std::array<std::uint8_t, 2> length = {static_cast<std::uint8_t>(mac.size() >> 8),
                                              static_cast<std::uint8_t>(mac.size())};
  hmac.update(length);
  hmac.update(mac);
}

void digestMessage(Hmac& hmac, std::span<const std::uint8_t> message, const TsigRecord& tsig) {
  std::array<std::uint8_t, kHeaderOctets> header;
  std::copy_n(message.begin(), header.size(), header.begin());
  const unsigned arcount = arcountOf(message) - 1u;
  header[0] = static_cast<std::uint8_t>(tsig.original_id >> 8);
  header[1] = static_cast<std::uint8_t>(tsig.original_id);
  header[kArcountOffset] = static_cast<std::uint8_t>(arcount >> 8);
  header[kArcountOffset + 1] = static_cast<std::uint8_t>(arcount);
  hmac.update(header);
  hmac.update(message.first(tsig.offset).subspan(header.size()));
}

void digestVariables(Hmac& hmac, const TsigVariables& variables) {
  std::vector<std::uint8_t> octets;
  appendName(octets, variables.key);
  appendInteger<2>(octets, static_cast<std::uint16_t>(RrClass::any));
  appendInteger<4>(octets, 0);  // TTL
  appendName(octets, variables.algorithm);
  appendTimers(octets, variables);
  appendErrorAndOther(octets, variables);
  hmac.update(octets);
}

void digestTimers(Hmac& hmac, const TsigVariables& variables) {
  std::vector<std::uint8_t> octets;
  appendTimers(octets, variables);
  hmac.update(octets);
}

}  // namespace zonecast::dns
